"""A Dataset is checked once, and what is wrong with it is said by argument."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from minigan.datasets import Dataset, mnist_5k, read_npz
from minigan.errors import InputError
from minigan.metrics import evaluate

BLANK = np.zeros((5, 4, 3), np.uint8)
FLOATS = np.zeros((5, 4, 3), np.float32)


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [((5, 4, 3), (4, 3, 1)), ((5, 4, 3, 1), (4, 3, 1)), ((5, 4, 3, 4), (4, 3, 4)), ((1, 1, 1), (1, 1, 1))],
)
def test_image_shape_is_always_three_numbers(shape, image_shape):
    dataset = Dataset("blank", np.zeros(shape, np.uint8))
    assert dataset.image_shape == image_shape
    assert dataset.sample_shape == image_shape
    assert dataset.samples is dataset.images
    assert len(dataset) == shape[0]
    assert dataset.labels is None


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arrays_are_taken_as_they_are(dtype):
    images, labels = np.ones((5, 4, 3), dtype), np.arange(5)
    dataset = Dataset("ones", images, labels)
    assert dataset.images is images
    assert dataset.labels is labels


def test_float64_becomes_float32_and_the_input_is_not_changed():
    images = np.linspace(-1, 1, 60).reshape(5, 4, 3)
    before = images.copy()
    dataset = Dataset("ramp", images)
    assert dataset.images.dtype == np.float32
    assert dataset.images.min() == -1
    assert dataset.images.max() == 1
    np.testing.assert_array_equal(images, before)
    assert images.dtype == np.float64


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Dataset("blank", BLANK).name = "other"


def test_repr_is_one_short_line():
    text = repr(Dataset("blank", BLANK, np.arange(5, dtype=np.int32)))
    assert text == "Dataset('blank', images (5, 4, 3) uint8, labels (5,) int32)"


def with_pixel(value, dtype):
    images = np.zeros((5, 4, 3), dtype)
    images[2, 1, 0] = value
    return images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[0]], "images: expected a NumPy array, got list"),
        (np.zeros((5, 12), np.uint8), r"images: expected shape \(N, H, W\) or \(N, H, W, C\), got \(5, 12\)"),
        (np.zeros((5, 1, 4, 3, 1), np.uint8), r"images: expected shape .*, got \(5, 1, 4, 3, 1\)"),
        (np.array(3, np.uint8), r"images: expected shape .*, got \(\)$"),
        (np.zeros((0, 4, 3), np.uint8), r"images: expected at least one image, got the empty shape \(0, 4, 3\)"),
        (np.zeros((5, 0, 3), np.uint8), "got the empty shape"),
        (np.zeros((5, 4, 3, 0), np.uint8), "got the empty shape"),
        (np.zeros((5, 3, 32, 32), np.uint8), r"channels last, C in 1\.\.4, got \(5, 3, 32, 32\)"),
        (np.zeros((5, 4, 3, 5), np.float32), r"C in 1\.\.4"),
        (BLANK.astype(np.int64), "images: expected uint8 pixels .*, got int64"),
        (BLANK.astype(bool), "images: .*, got bool"),
        (BLANK.astype(np.float16), "images: .*, got float16"),
        (BLANK.astype(object), "images: .*, got object"),
        (BLANK.astype(complex), "images: .*, got complex128"),
        (with_pixel(255, np.float32), r"images: expected uint8 .*, got float32 pixels in \[0, 255\]"),
        (with_pixel(-1.01, np.float32), r"images: .*, got float32 pixels in \[-1.01, 0\]"),
        (with_pixel(1.0001, np.float64), r"images: .*, got float64 pixels in \[0, 1.0001\]"),
        (with_pixel(1e300, np.float64), "images: .*, got float64 pixels in"),
        (
            with_pixel(1, np.float64),
            r"got float64 pixels in \[0, 1\]; if 0 is black and 1 is white, images \* 2 - 1 fits$",
        ),
        (with_pixel(255, np.float32), r"in \[0, 255\]; if 0 is black and 255 is white, images / 127.5 - 1 fits$"),
        (with_pixel(16, np.float64), r"in \[0, 16\]; if 0 is black and 16 is white, images / 8 - 1 fits$"),
        (with_pixel(1 / 255, np.float32), r"got float32 pixels in \[0, 0.00392157\]; if 0 is black and 1 is white"),
        (with_pixel(0.6, np.float32) / 2 + 0.5, r"got float32 pixels in \[0.5, 0.8\]; if 0 is black and 1 is white"),
        (with_pixel(-2, np.float32), r"got float32 pixels in \[-2, 0\]$"),
        (with_pixel(np.nan, np.float32), "images: .*, got NaN or infinite"),
        (with_pixel(np.inf, np.float64), "images: .*, got NaN or infinite"),
        (with_pixel(-np.inf, np.float32), "images: .*, got NaN or infinite"),
    ],
)
def test_refuses_images(images, message):
    with pytest.raises(InputError, match=message):
        Dataset("bad", images)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0.4, 0.6), (0, 1 / 255), (0.25, 16)])
def test_the_advice_for_other_ranges_is_right(low, high):
    """The message ends in an expression; evaluated, it gives images that are accepted and not darker than black."""
    images = np.linspace(low, high, 60).reshape(5, 4, 3)
    with pytest.raises(InputError) as caught:
        Dataset("bad", images)
    advice = str(caught.value).rpartition(", ")[2].removesuffix(" fits")
    assert Dataset("good", eval(advice, {"images": images})).images.min() == pytest.approx(2 * low / max(high, 1) - 1)


def test_digits_in_0_to_1_are_not_evaluated():
    with pytest.raises(InputError, match=r"got float64 pixels in \[0, 1\]; .* images \* 2 - 1 fits"):
        evaluate(mnist_5k().images[:100] / 255)


@pytest.mark.parametrize("value", [-1, -0.5, 0, 0.5, 1])
def test_one_value_in_all_pixels_says_nothing_of_a_range(value):
    assert (Dataset("plain", np.full((5, 4, 3), float(value))).images == value).all()


def test_a_single_dark_pixel_shows_the_range():
    bright = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)
    bright[0, 0, 0] = -0.01
    assert Dataset("bright", bright).images is bright


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint32])
def test_takes_every_integer_label(dtype):
    assert Dataset("a", FLOATS, np.arange(5, dtype=dtype)).labels.dtype == dtype


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2, 3, 4], "labels: expected a NumPy array or None, got list"),
        (np.arange(4), r"labels: expected shape \(5,\) for 5 images, got \(4,\)"),
        (np.zeros((5, 1), int), r"labels: expected shape .*, got \(5, 1\)"),
        (np.eye(5, dtype=int), r"labels: expected shape .*, got \(5, 5\)"),
        (np.zeros(5), "labels: expected integers, got float64"),
        (np.zeros(5, bool), "labels: expected integers, got bool"),
        (np.array([0, 1, -1, 2, 3]), "labels: expected integers of at least 0, got -1"),
    ],
)
def test_refuses_labels(labels, message):
    with pytest.raises(InputError, match=message):
        Dataset("bad", BLANK, labels)


def test_refuses_a_name_that_is_no_string():
    with pytest.raises(InputError, match="name: expected a string, got ndarray"):
        Dataset(BLANK, BLANK)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_with_labels_and_without(tmp_path, save):
    path = tmp_path / "mine.npz"
    save(path, images=FLOATS, labels=np.arange(5), other=np.zeros(3))
    dataset = read_npz(path)
    assert dataset.name == "mine"
    np.testing.assert_array_equal(dataset.images, FLOATS)
    np.testing.assert_array_equal(dataset.labels, np.arange(5))
    save(path, images=BLANK)
    assert read_npz(path, name="other").name == "other"
    assert read_npz(path).labels is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": np.arange(5)}, r"expected an array 'images' and, optionally, 'labels', got \['labels'\]"),
        ({"x": BLANK}, r"expected an array 'images' .*, got \['x'\]"),
        ({"images": BLANK, "labels": np.arange(4)}, r"labels: expected shape \(5,\) .*, got \(4,\)"),
        ({"images": BLANK.astype(object)}, "images: expected uint8 or float32 or float64, got object"),
        ({"images": BLANK.astype(bool)}, "images: expected uint8 .*, got bool"),
        ({"images": BLANK.astype(np.int8)}, "images: expected uint8 .*, got int8"),
        ({"images": BLANK.astype("M8[s]")}, r"images: expected uint8 .*, got datetime64\[s\]"),
        ({"images": BLANK.astype("U3")}, "images: expected uint8 .*, got <U3"),
        ({"images": FLOATS * np.float32(np.nan)}, "images: expected finite numbers, got NaN or infinity"),
        ({"images": FLOATS + np.float32(np.inf)}, "images: expected finite numbers, got NaN or infinity"),
        ({"images": BLANK, "labels": np.ones(5, bool)}, "labels: expected uint8 or int8 .*, got bool"),
        ({"images": BLANK, "labels": np.array(["a"] * 5)}, "labels: expected uint8 or int8 .*, got <U1"),
        ({"images": BLANK[0]}, "images: expected shape"),
    ],
)
def test_npz_with_other_contents(tmp_path, arrays, message):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=message) as caught:
        read_npz(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_npz_that_is_damaged(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, images=np.random.default_rng(0).integers(0, 256, (5, 9, 9), np.uint8))
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "truncated": whole[:-10],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
        "page": b"<html></html>",
        "empty": b"",
    }
    for kind, raw in damaged.items():
        path.write_bytes(raw)
        with pytest.raises(InputError, match=r"got damaged data|expected an \.npz file") as caught:
            read_npz(path)
        assert "\n" not in str(caught.value), kind


def test_npz_that_is_missing(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.npz: expected an \.npz file, got no such file"):
        read_npz(tmp_path / "nowhere.npz")


def test_importing_the_data_rooms_is_light():
    heavy = "[name for name in ('pooch', 'matplotlib', 'requests', 'cupy') if name in sys.modules]"
    code = f"import sys, minigan.datasets; print({heavy})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
