"""The digits are the published ones or there is an error: no byte is believed before its hash is right."""

import gzip
import hashlib
import os
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from minigan.datasets import load_dataset, mnist, mnist_5k
from minigan.errors import InputError

REAL = Path(os.environ.get("MINIGAN_DATA") or "no folder is named")
needs_real_mnist = pytest.mark.skipif(
    not any((folder / f"{mnist.FILES[0]}.gz").is_file() for folder in (REAL, REAL / "mnist")),
    reason="the full MNIST is not here; MINIGAN_DATA names its folder",
)


def idx_bytes(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def published(monkeypatch):
    """Four small IDX payloads by name, which are "the published ones" while the test runs."""
    rng = np.random.default_rng(0)
    shapes = [(6, 4, 4), (6,), (3, 4, 4), (3,)]
    payloads = {
        stem: idx_bytes(rng.integers(0, 10, size=shape, dtype=np.uint8))
        for stem, shape in zip(mnist.FILES, shapes, strict=True)
    }
    hashes = {stem: hashlib.sha256(payload).hexdigest() for stem, payload in payloads.items()}
    monkeypatch.setattr(mnist, "SHA256", mnist.SHA256 | hashes)
    return payloads


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, no MINIGAN_DATA, and no mirrors."""
    folder = tmp_path / "cache" / "mnist"
    monkeypatch.setattr(mnist, "cache_folder", lambda: folder)
    monkeypatch.delenv("MINIGAN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/first/", "http://127.0.0.1:9/second/"))
    return folder


@pytest.fixture
def server(tmp_path, monkeypatch, cache):
    """A web server with two mirrors, the folders ``first`` and ``second`` below ``server.root``."""
    root = tmp_path / "www"
    for name in ("first", "second"):
        (root / name).mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    server.root, server.asked = root, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/first/", f"{address}/second/"))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def put(folder, payloads, pack=gzip.compress):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, payload in payloads.items():
        (folder / f"{stem}.gz").write_bytes(pack(payload))


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# the bundled set


def test_the_bundled_digits():
    dataset = mnist_5k()
    assert dataset.name == "mnist-5k"
    assert dataset.images.shape == (5000, 28, 28)
    assert dataset.images.dtype == dataset.labels.dtype == np.uint8
    assert np.bincount(dataset.labels).tolist() == [500] * 10
    assert dataset.labels[:20].tolist() == [*range(10), *range(10)]
    assert (dataset.images.min(), dataset.images.max()) == (0, 255)
    assert len({image.tobytes() for image in dataset.images}) == 5000


@pytest.mark.parametrize("change", ["pixel", "labels", "junk", "absent"])
def test_a_changed_bundle_is_refused(tmp_path, monkeypatch, change):
    arrays = {"images": mnist_5k().images, "labels": mnist_5k().labels}
    path = tmp_path / "mnist-5k.npz"
    if change == "pixel":
        arrays["images"][0, 0, 0] ^= 1
    if change == "labels":
        del arrays["labels"]
    if change != "absent":
        np.savez(path, **arrays)
    if change == "junk":
        path.write_bytes(b"junk")
    monkeypatch.setattr(mnist, "_places", lambda name: [tmp_path])
    with pytest.raises(InputError, match=r"mnist-5k\.npz"):
        mnist_5k()
    assert [row.state for row in mnist.verify("mnist-5k")] == ["missing" if change == "absent" else "damaged"]


# a folder of one's own


@pytest.mark.parametrize("subfolder", ["", "mnist"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_minigan_data_names_the_folder_or_its_parent(tmp_path, monkeypatch, published, subfolder, split):
    put(tmp_path / "data" / subfolder, published)
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "data"))
    dataset = load_dataset("mnist", split)
    assert dataset.name == "mnist"
    assert dataset.images.shape == ((6, 4, 4) if split == "train" else (3, 4, 4))
    assert len(dataset.labels) == len(dataset)


def test_minigan_data_may_hold_plain_files_and_one_split(tmp_path, monkeypatch, published):
    for stem in mnist.SPLITS["test"]:
        (tmp_path / stem.replace("-idx", ".idx")).write_bytes(published[stem])
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    assert len(mnist.mnist("test")) == 3
    with pytest.raises(InputError, match="expected train-images"):
        mnist.mnist("train")


def test_minigan_data_without_the_files_says_where_it_looked(tmp_path, monkeypatch, cache, published):
    put(cache, published)  # must not be used: the variable decides
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "data"))
    with pytest.raises(
        InputError, match=r"MINIGAN_DATA: expected train-images-idx3-ubyte\[.gz\] in .*, got no such file"
    ) as caught:
        mnist.mnist()
    assert f"{tmp_path / 'data'} or {tmp_path / 'data' / 'mnist'}" in str(caught.value)


def test_minigan_data_with_other_contents_is_an_error_not_a_download(tmp_path, monkeypatch, server, published):
    put(server.root / "first", published)
    put(tmp_path / "data", {stem: idx_bytes(np.zeros((2, 2), np.uint8)) for stem in published})
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "data"))
    with pytest.raises(InputError, match=r"expected the published train-images-idx3-ubyte .*, got another file"):
        mnist.mnist()
    assert server.asked == []


def test_an_empty_minigan_data_counts_as_unset(monkeypatch, cache, published):
    put(cache, published)
    monkeypatch.setenv("MINIGAN_DATA", "")
    assert len(mnist.mnist()) == 6


# the cache and the mirrors


def test_downloads_once(server, cache, published):
    put(server.root / "first", published)
    first = mnist.mnist("train")
    assert names(cache) == sorted(f"{stem}.gz" for stem in mnist.SPLITS["train"])
    assert len(server.asked) == 2
    second = mnist.mnist("train")
    assert len(server.asked) == 2
    np.testing.assert_array_equal(first.images, second.images)


@pytest.mark.parametrize(
    "wrong",
    [None, b"<html>captive portal</html>", b"", gzip.compress(b"other"), gzip.compress(b"cut" * 99)[:-9]],
    ids=["absent", "page", "empty", "other", "truncated"],
)
def test_the_second_mirror_stands_in(server, cache, published, wrong):
    if wrong is not None:
        put(server.root / "first", dict.fromkeys(published, wrong), pack=bytes)
    put(server.root / "second", published)
    assert len(mnist.mnist("test")) == 3
    assert [path.split("/")[1] for path in server.asked] == ["first", "second"] * 2
    assert names(cache) == sorted(f"{stem}.gz" for stem in mnist.SPLITS["test"])


@pytest.mark.parametrize("pack", [partial(gzip.compress, compresslevel=1), bytes], ids=["recompressed", "plain"])
def test_the_decompressed_bytes_decide(server, cache, published, pack):
    put(server.root / "first", published, pack=pack)
    assert len(mnist.mnist("test")) == 3
    assert {path.split("/")[1] for path in server.asked} == {"first"}


def test_a_wrong_download_leaves_nothing_in_the_cache(server, cache, published):
    for mirror in ("first", "second"):
        put(server.root / mirror, dict.fromkeys(published, b"wrong"))
    with pytest.raises(InputError, match=r"sent other contents and .* sent other contents"):
        mnist.mnist()
    assert names(cache) == []


def test_a_download_that_breaks_off_leaves_nothing(cache, published, monkeypatch):
    import pooch

    def broken(self, url, output_file, pooch, check_only=False):
        Path(output_file).write_bytes(gzip.compress(published["train-images-idx3-ubyte"])[:10])
        assert names(cache) != []  # the part is there, under another name
        assert "train-images-idx3-ubyte.gz" not in names(cache)
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", broken)
    with pytest.raises(KeyboardInterrupt):
        mnist.mnist()
    assert names(cache) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(server, cache, published):
    put(server.root / "first", published)
    put(cache, dict.fromkeys(published, b"damaged"))
    assert [row.state for row in mnist.verify("mnist")] == ["damaged"] * 4
    assert len(mnist.mnist()) == 6
    assert len(server.asked) == 2
    assert [row.state for row in mnist.verify("mnist")] == ["ok", "ok", "damaged", "damaged"]


def test_a_damaged_file_stays_when_nothing_better_comes(cache, published):
    put(cache, dict.fromkeys(published, b"damaged"))
    before = names(cache)
    with pytest.raises(InputError):
        mnist.mnist()
    assert names(cache) == before


def test_offline_tells_three_ways_out(cache, published):
    with pytest.raises(InputError) as caught:
        mnist.mnist()
    text = str(caught.value)
    ways = ('data="mnist-5k"', "MINIGAN_DATA", "`minigan data fetch mnist`", str(cache), "ConnectionError")
    for way in ways:
        assert way in text
    assert "\n" not in text


def test_an_answer_with_an_error_is_named(server, published):
    with pytest.raises(InputError, match=r"answered 404 and .* answered 404"):
        mnist.mnist()


def test_a_cache_that_cannot_be_made(cache, published):
    cache.parent.write_bytes(b"a file in the way")
    with pytest.raises(InputError, match="expected a cache folder that can be written"):
        mnist.mnist()


def test_progress_is_shown_on_a_terminal_alone(server, cache, published, monkeypatch):
    import pooch

    shown = []
    real = pooch.HTTPDownloader
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda **kw: shown.append(kw.pop("progressbar")) or real(**kw))
    put(server.root / "first", published)
    mnist.mnist("test")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    mnist.mnist("train")
    assert shown == [False, False, True, True]


@pytest.mark.parametrize("split", ["valid", None, ""])
def test_an_unknown_split(split):
    with pytest.raises(InputError, match="split: expected one of train, test, got"):
        mnist.mnist(split)


# rows for the command line


def test_fetch_status_and_verify(server, cache, published):
    put(server.root / "first", published)
    before = mnist.status()
    assert [row.name for row in before] == ["mnist-5k", *mnist.FILES]
    assert [row.state for row in before] == ["present"] + ["missing"] * 4
    assert before[1].where == str(cache)
    assert [row.state for row in mnist.verify()] == ["ok"] + ["missing"] * 4
    fetched = mnist.fetch()
    assert fetched == mnist.verify("mnist")
    assert [row.state for row in fetched] == ["ok"] * 4
    assert fetched[0].where == str(cache / "train-images-idx3-ubyte.gz")
    assert mnist.fetch() == fetched
    assert len(server.asked) == 4
    assert [row.state for row in mnist.status()] == ["present"] * 5


def test_rows_say_what_is_in_each_file():
    rows = {row.name: (row.images, row.shape) for row in mnist.status()}
    assert rows == {
        "mnist-5k": (5_000, (28, 28)),
        "train-images-idx3-ubyte": (60_000, (28, 28)),
        "train-labels-idx1-ubyte": (60_000, ()),
        "t10k-images-idx3-ubyte": (10_000, (28, 28)),
        "t10k-labels-idx1-ubyte": (10_000, ()),
    }


def test_fetch_offline(cache, published):
    with pytest.raises(InputError, match="MINIGAN_DATA"):
        mnist.fetch()


def test_verify_refuses_an_unknown_name():
    with pytest.raises(InputError, match="name: expected one of mnist-5k, mnist, got 'cifar'"):
        mnist.verify("cifar")


def test_the_cache_folder_is_the_users_own():
    assert mnist.cache_folder().parts[-1] == "mnist"
    assert "minigan" in str(mnist.cache_folder())


# the real thing, where it is


@needs_real_mnist
def test_the_real_files(monkeypatch):
    monkeypatch.setenv("MINIGAN_DATA", str(REAL))
    train, test = load_dataset("mnist"), load_dataset("mnist", split="test")
    assert train.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    small = mnist_5k()
    for digit in range(10):
        first = train.images[train.labels == digit][:500]
        np.testing.assert_array_equal(small.images[small.labels == digit], first)
