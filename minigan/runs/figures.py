"""Pictures of a run: sample grids, scatter plots, an animation, the losses. matplotlib is imported on first use."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ..files import atomic_path
from .drawing import one_at_a_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BACKGROUND = 0.0  # mid grey in [-1, 1]: tells the frame from the black of a digit


class Plot(NamedTuple):
    """How an evaluated column is drawn.

    title, unit : what stands above it and beside it
    compared_with : the column that is drawn as a line
    called : the name of this line
    distance : whether it is a distance: its axis is logarithmic, and the smallest one is marked
    """

    title: str
    unit: str
    compared_with: str
    called: str
    distance: bool


EVALUATED = {
    "fid": Plot("How far the digits are from real ones", "Frechet distance", "fid_floor", "real digits", True),
    "modes_found": Plot("Modes that the generator found", "modes", "modes", "all modes", False),
}


class Columns(Protocol):
    """A table whose columns are arrays of one length: a dict, a `History`, ..."""

    def __getitem__(self, name: str, /) -> np.ndarray:
        """Return a column by its name."""
        ...


def tile(images: np.ndarray, *, columns: int | None = None, gap: int = 2) -> np.ndarray:
    """Lay out images in a grid.

    Parameters
    ----------
    images : (n, H, W) or (n, H, W, C), in [-1, 1]
    columns : images in each row; by default the grid is as square as possible
    gap : pixels between two images

    Returns
    -------
    One image that holds them all; the values stay as they are.
    """
    n, h, w = images.shape[:3]
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    grid = np.full(
        (rows * (h + gap) - gap, columns * (w + gap) - gap, *images.shape[3:]), BACKGROUND, dtype=images.dtype
    )
    for i, image in enumerate(images):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        grid[top : top + h, left : left + w] = image
    return grid


def save_grid(images: np.ndarray, path: str | os.PathLike[str], *, columns: int | None = None, scale: int = 3) -> None:
    """Write images as one PNG.

    Parameters
    ----------
    images : (n, H, W) or (n, H, W, C), in [-1, 1]
    path : the file
    columns : images in each row
    scale : width of each pixel in the file
    """
    from PIL import Image

    grid = _to_rgb(tile(images, columns=columns)).repeat(scale, axis=0).repeat(scale, axis=1)
    with atomic_path(path) as temporary:
        Image.fromarray(grid).save(temporary)


@one_at_a_time
def draw_points(points: np.ndarray, *, centres: np.ndarray | None = None, size: int = 400) -> np.ndarray:
    """Plot points over the centres of their modes.

    The axes depend on the centres alone, so that pictures of one data set can be compared; without centres they
    depend on the points. Points of dimension 1 lie on the horizontal axis.

    Parameters
    ----------
    points : (n, C), C 1 or 2
    centres : (M, C), or None
    size : height and width of the picture in pixels

    Returns
    -------
    An image (size, size, 3) in [-1, 1].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size / 100, size / 100), dpi=100)
    figure.set_layout_engine("none")  # whatever the caller's rcParams say
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.09, 0.07, 0.88, 0.9))
    for xy, area, colour in ((centres, 90, "moccasin"), (points, 1.5, "tab:blue")):
        if xy is not None:
            axes.scatter(xy[:, 0], xy[:, 1] if xy.shape[1] == 2 else np.zeros(len(xy)), s=area, color=colour)
    reach = 1.25 * max(1.0, float(np.abs(points if centres is None else centres).max()))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axes.tick_params(labelsize=7)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / np.float32(127.5) - 1


def save_points(points: np.ndarray, path: str | os.PathLike[str], *, centres: np.ndarray | None = None) -> None:
    """Write the picture of `draw_points` as a PNG."""
    save_grid(draw_points(points, centres=centres)[None], path, scale=1)


@one_at_a_time
def save_animation(
    snapshots: Sequence[tuple[int, np.ndarray]], path: str | os.PathLike[str], *, seconds: float = 8.0, scale: int = 2
) -> None:
    """Write snapshots of one fixed z as a GIF; the last frame stays for two seconds.

    Parameters
    ----------
    snapshots : (step, images) in the order of the steps
    path : the file
    seconds : how long the animation takes, about
    scale : width of each pixel in the file
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    pictures = [_to_rgb(tile(images)) for _, images in snapshots]
    height, width = pictures[0].shape[:2]
    dpi = 100
    figure = Figure(figsize=(scale * width / dpi, (scale * height + 30) / dpi), dpi=dpi)
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, scale * height / (scale * height + 30)))
    axes.set_axis_off()
    shown = axes.imshow(pictures[0], interpolation="nearest", aspect="auto")
    title = figure.text(0.5, 1 - 15 / (scale * height + 30), "", ha="center", va="center", fontsize=11)
    frames = []
    for (step, _), picture in zip(snapshots, pictures, strict=True):
        shown.set_data(picture)
        title.set_text(f"step {step:,}")
        canvas.draw()
        frames.append(Image.fromarray(np.array(canvas.buffer_rgba())[..., :3]))
    fps = max(1, round(len(frames) / seconds))
    frames += [frames[-1]] * (2 * fps)
    with atomic_path(path) as temporary:
        frames[0].save(temporary, save_all=True, append_images=frames[1:], duration=int(1000 / fps), loop=0)


@one_at_a_time
def save_losses(
    history: Columns,
    path: str | os.PathLike[str],
    *,
    equilibrium: bool = True,
    probability: bool = True,
    evaluated: str | None = None,
) -> None:
    """Plot both losses over the steps, below them mean D(x) and mean D(G(z)), and below these what was evaluated.

    Parameters
    ----------
    history : a table with the columns step, d_loss, g_loss, d_real, d_fake
    path : the file
    equilibrium : also draw the values of a discriminator that knows nothing, L_D = 2 log 2 and D = 1/2
    probability : D is a probability in (0, 1) and losses are in nats; False when D is a score of any size
    evaluated : a name in EVALUATED; the table then also has this column, NaN where nothing was evaluated, and the
        column that it is compared with. None leaves the third plot out
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = 3 if evaluated else 2
    figure = Figure(figsize=(8, 3 * rows), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    losses, outputs, *rest = figure.subplots(rows, 1, sharex=True)
    step = history["step"]
    losses.plot(step, history["d_loss"], color="tab:blue", label="discriminator")
    losses.plot(step, history["g_loss"], color="tab:orange", label="generator")
    outputs.plot(step, history["d_real"], color="tab:green", label="D(x), real")
    outputs.plot(step, history["d_fake"], color="tab:red", label="D(G(z)), fake")
    if equilibrium:
        losses.axhline(2 * np.log(2), color="tab:blue", lw=0.8, ls=":", label="2 log 2: D knows nothing")
        outputs.axhline(0.5, color="grey", lw=0.8, ls=":")
    unit = "loss per image, nats" if probability else "loss per image"
    losses.set(title="Losses (a low loss does not mean good pictures)", ylabel=unit)
    if evaluated:
        plot_evaluated(rest[0], history, evaluated)
    (rest or [outputs])[0].set_xlabel("training step")
    if probability:
        outputs.set(title="What D thinks: probability of being real", ylabel="mean D", ylim=(0, 1))
    else:
        outputs.set(title="What D thinks: its score, higher when a sample looks real", ylabel="mean score")
    for axes in (losses, outputs, *rest):
        axes.legend(loc="best", frameon=False)
        axes.grid(alpha=0.2)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def plot_evaluated(axes: "Axes", history: Columns, column: str) -> None:
    """Plot a column over the steps at which it was evaluated, and what it is compared with."""
    from matplotlib.ticker import LogLocator, NullFormatter

    how = EVALUATED[column]
    there = ~np.isnan(history[column])
    step, value, compared = (history[name][there] for name in ("step", column, how.compared_with))
    axes.plot(step, value, ".-", color="tab:purple", label="generator")
    if how.distance:
        best = value.argmin()
        label = f"best: {value[best]:.2f} at step {step[best]:,}"
        axes.plot(step[best], value[best], "*", ms=12, color="tab:purple", label=label)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axhline(
        compared[-1],
        color="grey",
        lw=0.8,
        ls=":",
        label=f"{how.called}: {compared[-1]:.2f}" if how.distance else f"{how.called}: {compared[-1]:.0f}",
    )
    axes.set(title=how.title, ylabel=how.unit)


def _to_rgb(grid: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, C) in [-1, 1] -> (H, W, 3) uint8; one channel becomes grey, a second or fourth is left out."""
    pixels = np.clip(np.rint((np.nan_to_num(grid) + 1) * 127.5), 0, 255).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1].repeat(3, axis=-1)
