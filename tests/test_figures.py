"""Pictures: every pixel of a grid where it belongs, files that open, and matplotlib left as it was."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from minigan.runs import figures
from minigan.runs.figures import save_animation, save_grid, save_losses, tile

HISTORY = {
    "step": np.array([50, 100, 150]),
    "d_loss": np.array([1.4, 1.2, 1.3]),
    "g_loss": np.array([0.7, 0.8, 0.9]),
    "d_real": np.array([0.5, 0.6, 0.6]),
    "d_fake": np.array([0.5, 0.4, 0.3]),
}


def numbered(n, h=2, w=3, channels=()):
    """Images of one value each: (i + 1) / 16."""
    values = (np.arange(n, dtype=np.float32) + 1) / 16
    return np.broadcast_to(values.reshape(n, 1, 1, *[1] * len(channels)), (n, h, w, *channels)).copy()


@pytest.mark.parametrize("channels", [(), (3,)])
def test_tile_by_hand(channels):
    grid = tile(numbered(3, channels=channels), columns=2, gap=1)
    expected = np.zeros((5, 7))
    expected[0:2, 0:3] = 1 / 16
    expected[0:2, 4:7] = 2 / 16
    expected[3:5, 0:3] = 3 / 16
    assert grid.shape == (5, 7, *channels)
    assert grid.dtype == np.float32
    np.testing.assert_array_equal(grid, np.broadcast_to(expected.reshape(5, 7, *[1] * len(channels)), grid.shape))


@pytest.mark.parametrize(
    ("n", "columns", "rows_and_columns"),
    [(1, None, (1, 1)), (2, None, (1, 2)), (5, None, (2, 3)), (9, None, (3, 3)), (10, None, (3, 4)), (64, None, (8, 8)),
     (6, 6, (1, 6)), (6, 1, (6, 1)), (7, 3, (3, 3))],
)  # fmt: skip
def test_rows_and_columns(n, columns, rows_and_columns):
    rows, expected = rows_and_columns
    assert tile(numbered(n), columns=columns).shape == (rows * 4 - 2, expected * 5 - 2)  # a gap of 2 by default


def test_tile_keeps_values_and_order(rng):
    images = rng.uniform(-1, 1, (6, 4, 5)).astype(np.float32)
    before = images.copy()
    grid = tile(images, columns=3, gap=0)
    np.testing.assert_array_equal(grid, images.reshape(2, 3, 4, 5).transpose(0, 2, 1, 3).reshape(8, 15))
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("scale", [1, 3])
def test_save_grid_pixel_by_pixel(scale, tmp_path):
    images = np.zeros((2, 2, 2), dtype=np.float32)
    images[0] = [[-1, 1], [-2, 2]]  # what lies outside is clipped
    images[1] = [[0, 0.5], [-0.5, 0.2]]
    save_grid(images, tmp_path / "grid.png", scale=scale)
    pixels = np.rint(255 * imread(tmp_path / "grid.png")[..., :3]).astype(int)
    expected = np.array([[0, 255, 128, 128, 128, 191], [0, 255, 128, 128, 64, 153]])
    assert pixels.shape == (2 * scale, 6 * scale, 3)
    np.testing.assert_array_equal(pixels, expected.repeat(scale, 0).repeat(scale, 1)[..., None].repeat(3, 2))


def test_save_grid_default_size(tmp_path, rng):
    save_grid(rng.uniform(-1, 1, (5, 8, 7)), tmp_path / "grid.png")
    assert imread(tmp_path / "grid.png").shape[:2] == (3 * 18, 3 * 25)
    save_grid(rng.uniform(-1, 1, (5, 8, 7)), str(tmp_path / "wide.png"), columns=5, scale=1)
    assert imread(tmp_path / "wide.png").shape[:2] == (8, 43)


def test_save_grid_in_colour(tmp_path):
    images = np.full((1, 2, 2, 3), -1.0, dtype=np.float32)
    images[0, 0, 0] = [1, -1, -1]
    images[0, 0, 1] = [-1, 1, -1]
    images[0, 1, 0] = [-1, -1, 1]
    save_grid(images, tmp_path / "grid.png", scale=1)
    pixels = imread(tmp_path / "grid.png")[..., :3]
    np.testing.assert_array_equal(pixels, [[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 0]]])


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (4, [0, 1, 2])])
def test_other_numbers_of_channels(channels, shown, tmp_path):
    images = np.broadcast_to(np.array([-1, 0.2, 1, 0.6])[:channels], (1, 2, 2, channels))
    save_grid(images, tmp_path / "grid.png", scale=1)
    expected = np.rint((images[0][..., shown] + 1) * 127.5) / 255
    np.testing.assert_allclose(imread(tmp_path / "grid.png")[..., :3], expected, atol=1e-6)


def snapshots(n, size=8):
    rng = np.random.default_rng(0)
    return [(10 * i, rng.uniform(-1, 1, (4, size, size)).astype(np.float32)) for i in range(n)]


@pytest.mark.parametrize("n", [1, 5, 20])
def test_save_animation(n, tmp_path):
    save_animation(snapshots(n), tmp_path / "training.gif", seconds=8)
    fps = max(1, round(n / 8))
    with Image.open(tmp_path / "training.gif") as animation:
        assert animation.format == "GIF"
        assert animation.size == (2 * 18, 2 * 18 + 30)
        durations = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            durations.append(animation.info["duration"])
    assert len(durations) in (n, n + 2 * fps)  # equal frames at the end may be stored as one
    each = 10 * (100 // fps)
    assert durations[:-1] == [each] * (len(durations) - 1)
    assert abs(sum(durations) - (n / fps + 2) * 1000) <= 10 * len(durations) + 20 * fps


def test_animation_shows_the_snapshots_in_order(tmp_path):
    black, white = np.full((4, 8, 8), -1.0), np.full((4, 8, 8), 1.0)
    save_animation([(0, black), (10, white), (20, black)], tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as animation:
        seen = []
        for frame in range(3):
            animation.seek(frame)
            picture = np.asarray(animation.convert("L"))[30:]  # below the title
            seen.append(picture[4:12, 4:12].mean())
    assert seen[0] < 20
    assert seen[1] > 235
    assert seen[2] < 20


def test_animation_in_colour(tmp_path):
    red = np.broadcast_to(np.array([1.0, -1, -1]), (4, 8, 8, 3))
    save_animation([(0, red)], tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as animation:
        r, g, b = np.asarray(animation.convert("RGB"))[36, 8]
    assert r > 200
    assert max(g, b) < 50


@pytest.mark.parametrize("equilibrium", [True, False])
def test_save_losses(equilibrium, tmp_path):
    save_losses(HISTORY, tmp_path / "losses.png", equilibrium=equilibrium)
    with Image.open(tmp_path / "losses.png") as picture:
        assert picture.size == (960, 720)
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10


def test_save_losses_of_one_record_and_of_a_nan(tmp_path):
    save_losses({name: column[:1] for name, column in HISTORY.items()}, tmp_path / "one.png")
    nan = HISTORY | {"d_loss": np.array([1.0, np.nan, np.inf])}
    save_losses(nan, tmp_path / "nan.png")
    assert imread(tmp_path / "nan.png").shape[:2] == (720, 960)


@pytest.mark.parametrize("probability", [True, False])
def test_scores_are_not_called_probabilities(probability, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: drawn.append(self) or savefig(self, *args, **kw))
    history = HISTORY | {"d_real": np.array([0.5, 3.0, 7.0]), "d_fake": np.array([-0.5, -4.0, -9.0])}
    save_losses(history, tmp_path / "losses.png", equilibrium=False, probability=probability)
    losses, outputs = drawn[0].axes
    if probability:
        assert outputs.get_title() == "What D thinks: probability of being real"
        assert (outputs.get_ylabel(), outputs.get_ylim()) == ("mean D", (0, 1))
        assert losses.get_ylabel() == "loss per image, nats"
    else:
        assert outputs.get_title() == "What D thinks: its score, higher when a sample looks real"
        assert outputs.get_ylabel() == "mean score"
        assert losses.get_ylabel() == "loss per image"
        low, high = outputs.get_ylim()
        assert low < -9 < 7 < high


def test_losses_are_drawn_where_they_belong(tmp_path, monkeypatch):
    """The lines and their labels, read from the figure that was written."""
    from matplotlib.figure import Figure

    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: drawn.append(self) or savefig(self, *args, **kw))
    save_losses(HISTORY, tmp_path / "losses.png")
    lines = {line.get_label(): line for axes in drawn[0].axes for line in axes.get_lines()}
    for label, column in (
        ("discriminator", "d_loss"),
        ("generator", "g_loss"),
        ("D(x), real", "d_real"),
        ("D(G(z)), fake", "d_fake"),
    ):
        np.testing.assert_array_equal(lines[label].get_ydata(), HISTORY[column])
        np.testing.assert_array_equal(lines[label].get_xdata(), HISTORY["step"])
    assert lines["2 log 2: D knows nothing"].get_ydata()[0] == pytest.approx(2 * np.log(2))


EVALUATED = HISTORY | {
    "fid": np.array([np.nan, 0.5, 2.0]),
    "fid_floor": np.array([np.nan, 0.25, 0.25]),
    "modes_found": np.array([np.nan, 3, 5]),
    "modes": np.array([np.nan, 8, 8]),
}


def test_what_was_evaluated_is_a_third_plot(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: drawn.append(self) or savefig(self, *args, **kw))
    for name in figures.EVALUATED:
        save_losses(EVALUATED, tmp_path / "losses.png", evaluated=name)
        with Image.open(tmp_path / "losses.png") as picture:
            assert picture.size == (960, 1080)
    (*upper, distance), (_, _, modes) = (figure.axes for figure in drawn)
    assert [axes.get_xlabel() for axes in (*upper, distance)] == ["", "", "training step"]
    assert (distance.get_yscale(), modes.get_yscale()) == ("log", "linear")
    lines = {line.get_label(): line for axes in (distance, modes) for line in axes.get_lines()}
    assert list(lines) == ["generator", "best: 0.50 at step 100", "real digits: 0.25", "all modes: 8"]
    for axes, values in ((distance, [0.5, 2.0]), (modes, [3, 5])):
        line = axes.get_lines()[0]
        assert line.get_xdata().tolist() == [100, 150]  # where nothing was evaluated there is no point
        assert line.get_ydata().tolist() == values
    assert lines["best: 0.50 at step 100"].get_xydata().tolist() == [[100, 0.5]]
    assert lines["real digits: 0.25"].get_ydata()[0] == 0.25


WRITERS = {
    "grid.png": lambda path: save_grid(np.zeros((4, 8, 8)), path),
    "training.gif": lambda path: save_animation(snapshots(2), path),
    "losses.png": lambda path: save_losses(HISTORY, path),
    "points.png": lambda path: figures.save_points(np.eye(2), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_picture_has_the_same_bytes(name, tmp_path):
    WRITERS[name](tmp_path / name)
    first = (tmp_path / name).read_bytes()
    WRITERS[name](tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("old", [b"old", None])
@pytest.mark.parametrize("name", WRITERS)
def test_a_failing_writer_leaves_nothing(name, old, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def half(path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    if old:
        (tmp_path / name).write_bytes(old)
    monkeypatch.setattr(Image.Image, "save", lambda self, path, **options: half(path))
    if name == "losses.png":
        monkeypatch.setattr(Figure, "savefig", lambda self, path, **options: half(path))
    with pytest.raises(OSError, match="disk full"):
        WRITERS[name](tmp_path / name)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([old] if old else [])


@pytest.mark.parametrize("name", WRITERS)
def test_matplotlib_is_left_as_it_was(name, tmp_path):
    before, backend = dict(matplotlib.rcParams), matplotlib.get_backend(auto_select=False)
    WRITERS[name](tmp_path / name)
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.get_backend(auto_select=False) == backend


@pytest.mark.parametrize("name", ["training.gif", "points.png"])
def test_the_readers_layout_changes_no_picture(name, tmp_path):
    """The style of the chapters lays figures out by itself; these have their axes where they put them."""
    WRITERS[name](tmp_path / f"plain-{name}")
    with matplotlib.rc_context({"figure.constrained_layout.use": True}):
        WRITERS[name](tmp_path / f"styled-{name}")
    plain, styled = ((tmp_path / f"{kind}-{name}").read_bytes() for kind in ("plain", "styled"))
    assert plain == styled


PROGRAM = """
import sys
import minigan.runs.figures
assert "matplotlib" not in sys.modules, "imported with minigan"
import numpy as np
from pathlib import Path
folder = Path(sys.argv[1])
history = {name: np.ones(2) for name in ("step", "d_loss", "g_loss", "d_real", "d_fake")}
minigan.runs.figures.save_grid(np.zeros((4, 8, 8)), folder / "a.png")
minigan.runs.figures.save_losses(history, folder / "b.png")
minigan.runs.figures.save_animation([(0, np.zeros((4, 8, 8)))], folder / "c.gif")
assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums(), "figures left open"
import matplotlib
assert matplotlib.get_backend(auto_select=False) is None, "a backend was chosen"
"""


def test_matplotlib_is_imported_on_first_use_and_chooses_no_backend(tmp_path):
    root = figures.__file__.rpartition("minigan")[0]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=root,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"a.png", "b.png", "c.gif"}


@pytest.mark.parametrize("dimension", [1, 2])
def test_points_are_drawn_on_axes_of_the_centres(dimension, tmp_path):
    centres = np.full((1, dimension), 2.0)
    far, near = (figures.draw_points(np.full((50, dimension), x), centres=centres) for x in (100.0, -2.0))
    assert far.shape == near.shape == (400, 400, 3)
    assert far.dtype == np.float32
    assert (far.min(), far.max()) == (-1, 1)
    blue = [(image[..., 2] - image[..., 0] > 0.5).sum() for image in (far, near)]
    assert blue[0] == 0  # outside the fixed axes
    assert blue[1] > 0
    assert (figures.draw_points(np.full((50, dimension), 100.0))[..., 2] > -1).any()
    figures.save_points(np.zeros((3, dimension)), tmp_path / "points.png", centres=centres)
    assert imread(tmp_path / "points.png").shape[:2] == (400, 400)
