"""A trained run: images that depend on the seed alone, and a file that brings everything back, bit by bit."""

import dataclasses
import gc
import json
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest

import minigan
from minigan import InputError, Run
from minigan.backend import to_host
from minigan.runs import sampling
from minigan.runs.sampling import generate
from minigan.training import ResolvedConfig

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {"model": "mlp", "data": IMAGES, "steps": 3, "batch_size": 4, "latent_dim": 8, "log_every": 1, "quiet": True}


@pytest.fixture(scope="module")
def run():
    return minigan.train(**SHORT, device="cpu")


@pytest.fixture
def saved(run, tmp_path):
    return run.save(tmp_path / "model.npz")


def vectors(run):
    return [to_host(a) for net in (run.generator, run.discriminator) for a in (net.theta, net.stats)]


def test_sample(device):
    run = minigan.train(**SHORT, device=device)
    images = run.sample(5, seed=1)
    assert type(images) is np.ndarray
    assert images.shape == (5, 8, 8)
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1
    assert images.std(axis=0).max() > 0
    np.testing.assert_array_equal(images, run.sample(5, seed=1))
    assert np.abs(images - run.sample(5, seed=2)).max() > 0
    np.testing.assert_array_equal(run.sample(5), run.sample(5, seed=0))


def test_sample_in_colour():
    data = np.repeat(IMAGES[..., None], 3, axis=-1)
    run = minigan.train(**{**SHORT, "data": data, "model": "hybrid"}, device="cpu")
    assert run.sample(2).shape == (2, 8, 8, 3)


def test_an_image_does_not_depend_on_its_batch_mates(run, monkeypatch):
    whole = run.sample(50, seed=3)
    z = np.random.default_rng(3).standard_normal((50, 8), dtype=np.float32)
    one_by_one = np.concatenate([generate(run.generator, z[i : i + 1]) for i in range(50)])
    np.testing.assert_allclose(one_by_one, whole, atol=1e-5)
    for k in (1, 7, 49):  # the first k of n are the same for every n
        np.testing.assert_allclose(run.sample(k, seed=3), whole[:k], atol=1e-5)
    for chunk in (1, 7, 49, 50, 51):
        monkeypatch.setattr(sampling, "CHUNK", chunk)
        np.testing.assert_allclose(run.sample(50, seed=3), whole, atol=1e-5)


def test_memory_is_bounded_by_chunks(run, monkeypatch):
    sizes = []
    forward = type(run.generator).forward

    def watched(self, x, **options):
        sizes.append(len(x))
        return forward(self, x, **options)

    monkeypatch.setattr(type(run.generator), "forward", watched)
    monkeypatch.setattr(sampling, "CHUNK", 7)
    run.sample(20)
    assert sizes == [7, 7, 6]


def test_sampling_changes_nothing(run):
    before = [v.copy() for v in vectors(run)]
    run.sample(3)
    for a, b in zip(before, vectors(run), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, None, "3"])
def test_sample_refuses_n(n, run):
    with pytest.raises(InputError, match="n: expected an integer of at least 1, got"):
        run.sample(n)


def test_sample_refuses_seed(run):
    with pytest.raises(InputError, match="seed: expected"):
        run.sample(2, seed=-1)


def test_save_and_load(run, saved, tmp_path):
    assert saved == tmp_path / "model.npz"
    loaded = minigan.load(saved)
    assert isinstance(loaded, Run)
    for a, b in zip(vectors(run), vectors(loaded), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(loaded.sample(5, seed=1), run.sample(5, seed=1))
    without = {"out": None, "quiet": False}
    assert type(loaded.config) is type(run.config) is ResolvedConfig
    assert dataclasses.asdict(loaded.config) == {**dataclasses.asdict(run.config), **without}
    assert len(loaded.history) == 0
    assert loaded.folder is None
    assert not loaded.interrupted
    assert list(tmp_path.iterdir()) == [saved]
    np.testing.assert_array_equal(minigan.load(str(saved)).generator.theta, run.generator.theta)


@pytest.mark.parametrize("model", ["hybrid", "dcgan"])
def test_save_and_load_from_any_device(model, device, tmp_path):
    run = minigan.train(**{**SHORT, "model": model, "steps": 1, "augment_shift": 2}, device=device)
    loaded = minigan.load(run.save(tmp_path / "m.npz"))
    assert loaded.generator.device == "cpu"
    for a, b in zip(vectors(run), vectors(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(loaded.sample(4), run.sample(4), atol=1e-5)
    assert [repr(layer) for layer in loaded.discriminator.layers] == [repr(layer) for layer in run.discriminator.layers]


def test_load_the_folder_of_a_run(tmp_path):
    run = minigan.train(**SHORT, device="cpu", out=tmp_path / "first")
    for path in (tmp_path / "first", str(tmp_path / "first")):
        loaded = minigan.load(path)
        for a, b in zip(vectors(run), vectors(loaded), strict=True):
            np.testing.assert_array_equal(a, b)
        assert list(loaded.history) == list(run.history)
        assert loaded.folder == tmp_path / "first"
    assert len(minigan.load(tmp_path / "first" / "model.npz").history) == 0


def test_saving_twice_gives_the_same_bytes(run, saved, tmp_path):
    again = run.save(tmp_path / "again.npz")
    assert saved.read_bytes() == again.read_bytes()
    assert minigan.load(saved).save(tmp_path / "loaded.npz").read_bytes() == saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:  # no clock in the file
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", ["model", "model.pt", "model.npz.bak"])
def test_save_refuses_another_suffix(name, run, tmp_path):
    with pytest.raises(InputError, match=r"path: expected a name that ends in \.npz, got"):
        run.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_save_where_nothing_can_be_written(run, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(InputError, match=f"path: expected a file that can be written, got '{folder / 'm.npz'}'"):
            run.save(folder / "m.npz")


def test_load_what_is_not_there(tmp_path):
    for path in (tmp_path / "none", tmp_path / "none.npz"):
        with pytest.raises(
            InputError, match=f"path: expected a run folder, a model .npz file, or one .*, got no file at '{path}"
        ):
            minigan.load(path)
    with pytest.raises(InputError, match=f"path: .*, got no file at '{tmp_path / 'model.npz'}'"):
        minigan.load(tmp_path)  # a folder without one


def spoil(content):
    """content -> (name, bytes) of files that are not whole, and not this."""
    middle = len(content) // 2
    flipped = bytearray(content)
    flipped[middle] ^= 255
    return {
        "empty": b"",
        "a text": b"hello",
        "cut to 10 bytes": content[:10],
        "cut in half": content[:middle],
        "the end cut off": content[:-10],
        "one bit flipped": bytes(flipped),
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_load_closes_a_damaged_file
@pytest.mark.parametrize("how", spoil(b"0" * 10))
def test_load_a_damaged_file(how, saved):
    saved.write_bytes(spoil(saved.read_bytes())[how])
    with pytest.raises(InputError, match=f"path: expected a minigan model, got '{saved}', which is damaged"):
        minigan.load(saved)


def test_load_closes_a_damaged_file(saved):
    saved.write_bytes(saved.read_bytes()[:-10])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(InputError):
            minigan.load(saved)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def rewrite(path, **changes):
    """Change arrays of a model file; None takes one out. ``config`` and ``description`` are merged."""
    with np.load(path) as archive:
        arrays = dict(archive)
    description = json.loads(str(arrays["description"]))
    description["config"] |= changes.pop("config", {})
    arrays["description"] = np.array(json.dumps(description | changes.pop("description", {})))
    arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    "changes",
    [
        {"generator_theta": None},
        {"discriminator_stats": None},
        {"description": None},
        {"generator_theta": np.array([object()])},
    ],
    ids=["no theta", "no stats", "no description", "a pickle"],
)
def test_load_another_npz(changes, saved):
    if "description" in changes:
        np.savez(saved, images=IMAGES)
    else:
        rewrite(saved, **changes)
    with pytest.raises(InputError, match=f"path: expected a minigan model, got '{saved}', which is damaged"):
        minigan.load(saved)


def test_load_another_format(saved):
    rewrite(saved, description={"format": 99})
    with pytest.raises(
        InputError, match=f"path: expected a minigan model, got '{saved}', .* .format: expected 1, got 99.$"
    ):
        minigan.load(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"generator_theta": np.zeros(3, dtype=np.float32)},
        {"config": {"model": "biggan"}},
        {"config": {"a_field_of_tomorrow": 1}},
        {"description": {"image_shape": None}},
    ],
    ids=["short theta", "unknown model", "unknown field", "no image shape"],
)
def test_load_a_model_of_another_make(changes, saved):
    rewrite(saved, **changes)
    with pytest.raises(InputError):
        minigan.load(saved)


def test_load_names_the_file_when_the_sizes_are_wrong(saved):
    rewrite(saved, generator_theta=np.zeros(3, dtype=np.float32))
    with pytest.raises(InputError, match=str(saved)):
        minigan.load(saved)


@pytest.mark.parametrize(
    ("model", "as_published", "old_objective"),
    [
        ("mlp", False, "non-saturating"),
        ("writeup-1", True, "swapped players"),
        ("writeup-4", False, "squared fool"),
        ("writeup-4", True, "swapped squared fool"),
    ],
)
def test_load_a_file_of_an_older_version(model, as_published, old_objective, tmp_path):
    """It said ``corrected`` where it is ``as_published`` now, had other names for some losses, and no newer options."""
    run = minigan.train(**{**SHORT, "model": model, "as_published": as_published}, device="cpu")
    saved = run.save(tmp_path / "old.npz")
    with np.load(saved) as archive:
        arrays = dict(archive)
    description = json.loads(str(arrays["description"]))
    assert description["config"].pop("as_published") is as_published
    assert description["config"].pop("plain") is False
    description["config"] |= {"corrected": not as_published, "objective": old_objective}
    np.savez(saved, **{**arrays, "description": np.array(json.dumps(description))})
    loaded = minigan.load(saved)
    assert loaded.config == dataclasses.replace(run.config, quiet=False)
    np.testing.assert_array_equal(loaded.sample(3, seed=1), run.sample(3, seed=1))
    np.testing.assert_array_equal(loaded.discriminator.theta, run.discriminator.theta)


def test_a_run_on_the_plain_layers(tmp_path):
    """It has the same losses up to rounding, and a loaded one computes with the plain layers, too."""
    plain, fast = (minigan.train(**{**SHORT, "model": "hybrid"}, plain=plain, device="cpu") for plain in (True, False))
    assert (plain.generator.fast, plain.discriminator.fast, fast.generator.fast) == (False, False, True)
    np.testing.assert_allclose(plain.history["d_loss"], fast.history["d_loss"], rtol=1e-4)
    loaded = minigan.load(plain.save(tmp_path / "plain.npz"))
    assert loaded.config.plain
    assert (loaded.generator.fast, loaded.discriminator.fast) == (False, False)


def test_sampling_from_a_saved_run_imports_no_trainer(run, tmp_path):
    saved = run.save(tmp_path / "model.npz")
    code = (
        "import sys, minigan\n"
        f"print(minigan.load({str(saved)!r}).sample(4).shape)\n"
        "print([name for name in sys.modules if name.startswith('minigan') and 'trainer' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(4, 8, 8)", "[]"]


def test_load_an_npy(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    with pytest.raises(InputError, match=r"path: expected a minigan model, got .* \(it is not an \.npz file"):
        minigan.load(tmp_path / "images.npy")
