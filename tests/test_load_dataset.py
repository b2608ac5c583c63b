"""Whatever may stand for data= becomes the same Dataset; whatever may not is refused with a way on."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from minigan.datasets import Dataset, load_dataset
from minigan.errors import InputError

IMAGES = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
LABELS = np.arange(5, dtype=np.uint8)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    pack = gzip.compress if path.suffix == ".gz" else bytes
    path.write_bytes(pack(header + array.tobytes()))


def test_a_dataset_is_returned():
    dataset = Dataset("mine", IMAGES)
    assert load_dataset(dataset) is dataset
    assert load_dataset(dataset, split="test") is dataset


def test_an_array():
    dataset = load_dataset(IMAGES)
    assert dataset.name == "array"
    assert dataset.images is IMAGES
    with pytest.raises(InputError, match="images: expected shape"):
        load_dataset(IMAGES[0])


def test_the_bundled_name():
    dataset = load_dataset("mnist-5k")
    assert dataset.name == "mnist-5k"
    assert dataset.image_shape == (28, 28, 1)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize(("split", "stem"), [("train", "train"), ("test", "t10k")])
def test_a_folder_of_idx_files(tmp_path, suffix, separator, split, stem):
    folder = tmp_path / "fashion"
    folder.mkdir()
    write_idx(folder / f"{stem}-images{separator}idx3-ubyte{suffix}", IMAGES)
    assert load_dataset(folder, split).labels is None
    write_idx(folder / f"{stem}-labels{separator}idx1-ubyte{suffix}", LABELS)
    dataset = load_dataset(str(folder), split)
    assert dataset.name == "fashion"
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)


def test_a_folder_without_the_images(tmp_path):
    with pytest.raises(InputError, match=r"expected train-images-idx3-ubyte\[.gz\], got no such file"):
        load_dataset(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte", LABELS)
    with pytest.raises(InputError, match=r"expected train-images-idx3-ubyte\[.gz\], got only train-labels-idx1-ubyte"):
        load_dataset(tmp_path)
    with pytest.raises(InputError, match="expected t10k-images-idx3-ubyte"):
        load_dataset(tmp_path, split="test")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, LABELS[:4], r"labels: expected shape \(5,\) .*, got \(4,\)"),
        (LABELS, IMAGES, "images: expected shape"),
        (IMAGES[:0], LABELS[:0], "empty"),
    ],
)
def test_a_folder_whose_files_do_not_fit(tmp_path, images, labels, message):
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", images)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", labels)
    with pytest.raises(InputError, match=message) as caught:
        load_dataset(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")


def test_a_folder_with_a_page_in_the_place_of_data(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(InputError, match="got what looks like an HTML page"):
        load_dataset(tmp_path)


def test_an_npz_file(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=IMAGES, labels=LABELS)
    for data in (path, str(path)):
        dataset = load_dataset(data)
        assert dataset.name == "mine"
        np.testing.assert_array_equal(dataset.labels, LABELS)


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.savez(tmp_path / "mine.npz", images=IMAGES)
    assert len(load_dataset("~/mine.npz")) == 5


def test_a_folder_named_by_one_word(tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    write_idx(tmp_path / "digits" / "train-images-idx3-ubyte", IMAGES)
    monkeypatch.chdir(tmp_path)
    assert load_dataset("digits").name == "digits"


@pytest.mark.parametrize(
    ("name", "guess"),
    [("minst", "'mnist'"), ("MNIST", "'mnist'"), ("mnist5k", "'mnist-5k'"), ("mnist_5k", "'mnist-5k'")],
)
def test_a_misspelt_name(name, guess):
    with pytest.raises(InputError, match=f"got '{name}'; did you mean {guess}") as caught:
        load_dataset(name)
    assert "data: expected a path, an array, or one of the names mnist-5k, mnist, ring, grid, dirac, got" in str(
        caught.value
    )


@pytest.mark.parametrize("name", ["cifar", "?"])
def test_an_unknown_name(name):
    with pytest.raises(InputError, match=r"^data: expected a path, an array, or one of the names .*, got") as caught:
        load_dataset(name)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("data", ["no/such/place", "~nobody/x", "./mnist", "digits.npz", Path("mnist-5k")])
def test_a_path_that_is_not_there(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"data: expected a file or a folder, got .*, which does not exist"):
        load_dataset(data)


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    write_idx(path, IMAGES)
    with pytest.raises(InputError, match=r"expected an \.npz file, or the folder that holds the IDX files"):
        load_dataset(path)


@pytest.mark.parametrize("data", [None, 5, [IMAGES], b"mnist"])
def test_data_of_another_type(data):
    with pytest.raises(
        InputError, match=f"data: expected a name, a path, an array or a Dataset, got {type(data).__name__}"
    ):
        load_dataset(data)


@pytest.mark.parametrize("split", ["valid", "", None, "Train"])
def test_an_unknown_split(split):
    with pytest.raises(InputError, match="split: expected one of train, test, got"):
        load_dataset("mnist-5k", split=split)


def test_training_images_are_never_handed_out_as_test_images(tmp_path):
    np.savez(tmp_path / "mine.npz", images=IMAGES)
    for data in ("mnist-5k", IMAGES, tmp_path / "mine.npz"):
        with pytest.raises(InputError, match="has no test half"):
            load_dataset(data, split="test")
