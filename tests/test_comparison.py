"""Comparisons: what each column measures, what is left out, and a picture in which every image has its place."""

import numpy as np
import pytest
from PIL import Image

from minigan.datasets import mnist_5k
from minigan.datasets.batches import to_floats
from minigan.editing.comparison import SHOWN, Score, save_comparison, score, table
from minigan.editing.fidelity import psnr, ssim

DIGITS = mnist_5k()


def images(rng, n, *shape):
    return rng.uniform(-1, 1, (n, *shape)).astype(np.float32)


def test_medians_of_what_fidelity_measures(rng):
    found, originals = images(rng, 5, 12, 12, 1), images(rng, 5, 12, 12)
    expected = (np.median(psnr(found, originals)), np.median(ssim(found, originals)))
    assert score(found, originals, None)[:2] == expected
    assert np.isnan(score(found, originals, None).accuracy)
    assert np.isnan(score(found, None, None)).all()


def test_accuracy():
    digits, labels = to_floats(DIGITS.images[:40]), DIGITS.labels[:40]
    assert score(digits, None, labels).accuracy == 1
    wrong = labels.copy()
    wrong[:10] = (wrong[:10] + 1) % 10
    assert score(digits[..., None], None, wrong).accuracy == 0.75


@pytest.mark.parametrize(
    ("shape", "labels"), [((28, 28), [3, 10]), ((14, 56), [3, 4]), ((28, 28, 3), [3, 4]), ((28, 28), None)]
)
def test_only_digits_can_be_read(rng, shape, labels):
    found = images(rng, 2, *shape)
    assert np.isnan(score(found, found, None if labels is None else np.array(labels)).accuracy)


def test_table():
    nan = float("nan")
    assert table({"a": Score(20, 0.5, 0.955), "longer": Score(float("inf"), 1, 1)}).splitlines() == [
        "          PSNR, dB        SSIM  read right",
        "a            20.00       0.500      95.5 %",
        "longer         inf       1.000     100.0 %",
    ]
    assert table({"a": Score(nan, nan, 0.5)}).splitlines() == ["   read right", "a      50.0 %"]
    assert table({"a": Score(nan, nan, nan)}) == ""


@pytest.mark.parametrize(("n", "channels"), [(1, ()), (5, (1,)), (3, (3,)), (40, ())])
def test_picture(rng, tmp_path, n, channels, drawn):
    rows = {"original": images(rng, n, 8, 10, *channels), "a method": images(rng, n, 8, 10, 1)}
    if channels == (3,):
        rows["a method"] = images(rng, n, 8, 10, 3)
    save_comparison(rows, tmp_path / "picture.png", title="Title")
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.format == "PNG"
    (figure,) = drawn
    assert [text.get_text() for text in figure.texts] == ["original", "a method", "Title"]
    pixels = np.asarray(figure.axes[0].get_images()[0].get_array())
    columns = min(n, SHOWN)
    assert pixels.shape[:2] == (2 * 10 - 2, 12 * columns - 2)
    for row, found in enumerate(rows.values()):
        for column in range(columns):
            part = pixels[10 * row : 10 * row + 8, 12 * column : 12 * column + 10]
            np.testing.assert_allclose(part, ((found[column] + 1) / 2).reshape(part.shape), atol=1e-6)
    # each name stands beside its row, inside the picture
    renderer = figure.canvas.get_renderer()
    area = figure.axes[0].get_window_extent(renderer)
    for row, text in enumerate(figure.texts[:2]):
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 < box.x1 < area.x0
        assert (box.y0 + box.y1) / 2 == pytest.approx(area.y1 - area.height * (row + 0.5) / 2, abs=2)
    title = figure.texts[2].get_window_extent(renderer)
    assert area.y1 < title.y0 < title.y1 < figure.bbox.y1
