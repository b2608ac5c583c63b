"""Pictures of edited digits: a grid whose rows and columns have names, and a film."""

import os
from collections.abc import Sequence
from textwrap import fill

import numpy as np

from ..files import atomic_path
from ..runs.drawing import one_at_a_time
from ..runs.figures import tile

GAP = 2  # pixels between two images
DPI = 100
WIDEST, NARROWEST, HIGHEST = 10.0, 5.0, 60.0  # inches of the grid


@one_at_a_time
def save_labelled_grid(
    images: np.ndarray,
    path: str | os.PathLike[str],
    *,
    title: str,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    below: str = "",
) -> None:
    """Write images as a PNG, in rows and columns with names.

    Parameters
    ----------
    images : (R, M, H, W) or (R, M, H, W, C), in [-1, 1]
    path : the file
    title : stands above the grid; a long one takes several lines
    rows, columns : R and M names, or none
    below : what stands below the grid
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = images.shape[2:4]
    grid = tile(images.reshape(-1, *images.shape[2:]), columns=images.shape[1], gap=GAP)
    ratio = grid.shape[0] / grid.shape[1]
    inches = min(float(np.clip(3 * grid.shape[1] / DPI, NARROWEST, WIDEST)), HIGHEST / ratio)
    figure = Figure(figsize=(max(inches, NARROWEST) + 1.6, inches * ratio + 1.2), dpi=DPI)
    figure.set_layout_engine("constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow((np.clip(grid, -1, 1) + 1) / 2, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=9)
    axes.xaxis.tick_top()
    for axis, names, side, room in (
        (axes.xaxis, columns, width, inches / 0.5),
        (axes.yaxis, rows, height, inches * ratio / 0.2),
    ):
        every = max(1, int(np.ceil(len(names) / room)))  # names that would overlap are left out
        places = range(0, len(names), every)
        axis.set_ticks([(side + GAP) * i + side / 2 - 0.5 for i in places], [names[i] for i in places])
    characters = int(12 * (max(inches, NARROWEST) + 1.6))
    figure.suptitle(fill(title, characters), fontsize=12)
    if below:
        figure.supxlabel(fill(below, characters), fontsize=9, color="0.3")
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def save_film(frames: np.ndarray, path: str | os.PathLike[str], *, milliseconds: int = 60, side: int = 240) -> None:
    """Write frames as a GIF that runs in a circle.

    Parameters
    ----------
    frames : (F, N, H, W) or (F, N, H, W, C), in [-1, 1]; the N images of a frame stand in a grid
    path : the file
    milliseconds : how long each frame is shown
    side : the least width of the film in pixels; an image is enlarged by a whole number
    """
    from PIL import Image

    grids = np.stack([tile(frame, gap=GAP) for frame in frames])
    pixels = np.clip(np.rint((grids + 1) * 127.5), 0, 255).astype(np.uint8)
    scale = max(1, -(-side // pixels.shape[2]))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    pictures = [Image.fromarray(each[..., 0] if each.shape[2:] == (1,) else each) for each in pixels]
    with atomic_path(path) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
