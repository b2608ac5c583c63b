"""The page of an evaluation: every picture is where it belongs, with or without the training digits."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from minigan.datasets import mnist_5k
from minigan.metrics import EVALUATORS, evaluate
from minigan.runs.evaluation_page import closest_of_each_class, save_page

DIGITS = mnist_5k()


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(DIGITS.images[:100] // 2, data="mnist-5k")


def axes_of(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def test_what_is_on_it(evaluation, tmp_path, drawn):
    save_page(evaluation, tmp_path / "page.png", title="runs/first")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.size == (1440, 1152)
    axes = axes_of(drawn[0])
    grid = axes["The first 100 digits"].get_images()[0].get_array()
    assert grid.shape == (298, 298)
    np.testing.assert_allclose(grid[:28, 30:58], DIGITS.images[1] // 2 / 127.5 - 1, atol=1e-6)
    pairs = axes["The first ten, and the nearest training digit of each"].get_images()[0].get_array()
    np.testing.assert_allclose(pairs[:28, :28], DIGITS.images[0] // 2 / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(pairs[30:, :28], evaluation.neighbours[0] / 127.5 - 1, atol=1e-6)
    heights = [bar.get_height() for bar in axes["Share of each digit, %"].patches]
    np.testing.assert_allclose(heights[10:20], 100 * np.array(evaluation.counts) / 100)
    for name in EVALUATORS:
        real, fake = axes[f"Features, {name}"].collections
        assert len(real.get_offsets()) == 1500
        assert len(fake.get_offsets()) == 100
        np.testing.assert_allclose(real.get_offsets().mean(axis=0), 0, atol=0.3)
    texts = [text.get_text() for text in drawn[0].texts]
    assert f"{evaluation.fid:.3f}" in texts
    assert "runs/first" in texts


def test_the_closest_of_each_class(evaluation):
    closest = closest_of_each_class(evaluation)
    assert DIGITS.labels[closest].tolist() == list(range(10))
    for index in closest:
        same = DIGITS.labels[:100] == DIGITS.labels[index]
        assert evaluation.distances[index] == evaluation.distances[same].min()


def test_without_training_digits_and_with_few_classes(tmp_path, drawn):
    unknown = evaluate(DIGITS.images[:100] / 127.5 - 1)
    save_page(unknown, tmp_path / "a.png", title="x")
    assert "The training digits are not known here." in axes_of(drawn[0])
    assert any("Copies: unknown" in text.get_text() for text in drawn[0].texts)
    sevens = evaluate(DIGITS.images[DIGITS.labels == 7][:100], data="mnist-5k")
    save_page(sevens, tmp_path / "b.png", title="x")
    pairs = axes_of(drawn[1])["The closest of each class to a training digit (below it)"].get_images()[0].get_array()
    assert (pairs[:28, 270:] == -1).all(), "a class that was not drawn has no place"


def test_matplotlib_is_left_as_it_was_and_the_bytes_are_the_same(evaluation, tmp_path):
    before = dict(matplotlib.rcParams)
    save_page(evaluation, tmp_path / "a.png", title="x")
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"figure.constrained_layout.use": True}):
        save_page(evaluation, tmp_path / "b.png", title="x")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_failing_page_leaves_nothing(evaluation, tmp_path, monkeypatch):
    def half(self, path, **options):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", half)
    with pytest.raises(OSError, match="disk full"):
        save_page(evaluation, tmp_path / "page.png", title="x")
    assert list(tmp_path.iterdir()) == []
