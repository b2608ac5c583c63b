"""Pictures of edited digits: names stand beside their rows and columns, and a film holds every frame."""

import numpy as np
import pytest
from PIL import Image

from minigan.editing.labelled_grid import save_film, save_labelled_grid


def texts(figure):
    (axes,) = figure.axes
    return [[label.get_text() for label in axis.get_ticklabels()] for axis in (axes.yaxis, axes.xaxis)]


def test_names_stand_in_the_middle_of_their_rows_and_columns(tmp_path, drawn, rng):
    images = rng.uniform(-1, 1, (3, 4, 8, 8)).astype(np.float32)
    save_labelled_grid(
        images, tmp_path / "grid.png", title="A title", rows="abc", columns=["p", "q", "r", "s"], below="A note"
    )
    (figure,) = drawn
    assert texts(figure) == [["a", "b", "c"], ["p", "q", "r", "s"]]
    axes = figure.axes[0]
    shown = np.asarray(axes.images[0].get_array())
    assert shown.shape == (3 * 10 - 2, 4 * 10 - 2)
    for i, y in enumerate(axes.get_yticks()):
        for j, x in enumerate(axes.get_xticks()):
            part = shown[round(y - 3.5) : round(y + 4.5), round(x - 3.5) : round(x + 4.5)]
            np.testing.assert_allclose(part, (images[i, j] + 1) / 2, atol=1e-6)
    assert {"A title", "A note"} <= {text.get_text() for text in figure.texts}


def test_names_that_would_overlap_are_left_out(tmp_path, drawn):
    names = [str(i) for i in range(200)]
    save_labelled_grid(np.zeros((1, 200, 8, 8), dtype=np.float32), tmp_path / "grid.png", title="A", columns=names)
    shown = texts(drawn[0])[1]
    assert shown == names[::10]


@pytest.mark.parametrize("shape", [(1, 1, 8, 8), (2, 30, 8, 8, 3), (300, 2, 28, 28), (1, 1001, 8, 8)])
def test_any_size_gives_a_picture(shape, tmp_path):
    path = tmp_path / "grid.png"
    save_labelled_grid(np.zeros(shape, dtype=np.float32), path, title="A long title " * 12)
    with Image.open(path) as picture:
        width, height = picture.size
    assert 300 < width < 1500
    assert 100 < height < 6500


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_a_film_holds_every_frame(channels, tmp_path, rng):
    frames = rng.uniform(-1, 1, (5, 4, 8, 8, *channels)).astype(np.float32)
    path = tmp_path / "film.gif"
    save_film(frames, path, milliseconds=50)
    with Image.open(path) as film:
        assert film.n_frames == 5
        assert film.info["loop"] == 0
        assert film.info["duration"] == 50
        assert film.size == (252, 252)  # 18 pixels, 14 times as large, at least 240
        for i in range(5):
            film.seek(i)
            pixel = np.asarray(film.convert("RGB"))[0, 0].astype(float) / 127.5 - 1
            expected = frames[i, 0, 0, 0]
            assert np.abs(pixel - expected).max() < (0.02 if len(channels) == 0 or channels == (1,) else 0.3)
