"""The training images of a run: where they are found again, and what is said where they are not."""

import numpy as np
import pytest

from minigan.datasets import mnist, mnist_5k
from minigan.metrics import originals
from minigan.metrics.floors import held_out_distances
from minigan.metrics.originals import find_originals

DIGITS = mnist_5k()
GREY = (28, 28, 1)


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def test_built_in():
    found = find_originals("mnist-5k", GREY)
    np.testing.assert_array_equal(found.training, DIGITS.images)
    np.testing.assert_array_equal(found.held_out, held_out_distances("mnist-5k"))
    assert found.missing == ""


def test_mnist_is_not_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    found = find_originals("mnist", GREY)
    assert found.training is found.held_out is None
    assert found.missing == "the training digits are not on this machine; `minigan data fetch mnist` fetches them"


def test_mnist(monkeypatch):
    monkeypatch.setattr(mnist, "status", lambda name: [])
    monkeypatch.setattr(originals, "load_dataset", lambda data: DIGITS)
    found = find_originals("mnist", GREY)
    np.testing.assert_array_equal(found.held_out, held_out_distances("mnist"))
    assert found.missing == ""


def test_an_array():
    assert find_originals("array", GREY) == (None, None, "the run was trained on an array, which it does not keep")


def test_a_file_has_no_test_half(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, images=DIGITS.images[:30])
    training, held_out, missing = find_originals(str(path), GREY)
    np.testing.assert_array_equal(training, DIGITS.images[:30])
    assert held_out is None
    assert missing == "'some.npz' has no test half to compare with"


def test_a_folder_with_a_test_half(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(DIGITS.images[:30]))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(DIGITS.images[10:15]))
    training, held_out, missing = find_originals(str(tmp_path), GREY)
    assert len(training) == 30
    np.testing.assert_array_equal(held_out, np.zeros(5))
    assert missing == ""


@pytest.mark.parametrize("test_half", [None, b"broken", idx(DIGITS.images[:5, :8, :8].copy())])
def test_a_folder_with_another_test_half(test_half, tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(DIGITS.images[:30]))
    if test_half:
        (tmp_path / "t10k-images-idx3-ubyte").write_bytes(test_half)
    training, held_out, missing = find_originals(str(tmp_path), GREY)
    assert len(training) == 30
    assert held_out is None
    assert "has no test half" in missing


def test_what_is_gone_or_changed(tmp_path):
    path = tmp_path / "gone.npz"
    found = find_originals(str(path), GREY)
    assert found.training is None
    assert found.missing.startswith("the training images cannot be read (data: expected a file or a folder")
    np.savez(path, images=np.zeros((5, 8, 8), np.uint8))
    found = find_originals(str(path), GREY)
    assert found.training is None
    assert found.missing == f"{str(path)!r} now holds other samples, of 8 x 8 x 1, than the run was trained on"
    assert "other samples, of 2, than" in find_originals("ring", GREY).missing
