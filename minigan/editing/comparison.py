"""Comparison: restored images beside their originals and beside what simpler methods make, as a table and a picture."""

import os
from typing import NamedTuple

import numpy as np

from ..files import atomic_path
from ..metrics.evaluator import CLASSES, IMAGE, load_evaluator
from ..runs.drawing import one_at_a_time
from ..runs.figures import tile
from .fidelity import psnr, ssim

SHOWN = 16  # images in a picture at most
INCH = 0.62  # width of an image in the picture
LABEL = 2.1  # inches for the names of the rows


class Score(NamedTuple):
    """How good the images of one method are.

    psnr, ssim : medians over the images, NaN without originals
    accuracy : share of the images that the evaluator reads as their label, NaN without labels
    """

    psnr: float
    ssim: float
    accuracy: float


def score(images: np.ndarray, originals: np.ndarray | None, labels: np.ndarray | None) -> Score:
    """Measure images (N, H, W) or (N, H, W, C) in [-1, 1].

    The accuracy needs labels from 0 to 9 and images of 28 x 28 in one channel, because the evaluator reads MNIST's
    digits.
    """
    medians = (np.nan, np.nan)
    if originals is not None:
        medians = (float(np.median(psnr(images, originals))), float(np.median(ssim(images, originals))))
    accuracy = np.nan
    if labels is not None and labels.max() < CLASSES and images.shape[1:] in (IMAGE, IMAGE[:2]):
        accuracy = float((load_evaluator().probabilities(images).argmax(axis=1) == labels).mean())
    return Score(*medians, accuracy)


def table(scores: dict[str, Score]) -> str:
    """Return a table with a line for each method, without what could not be measured; "" if nothing could."""
    columns = [
        ("PSNR, dB", [f"{each.psnr:.2f}" for each in scores.values()]),
        ("SSIM", [f"{each.ssim:.3f}" for each in scores.values()]),
        ("read right", [f"{100 * each.accuracy:.1f} %" for each in scores.values()]),
    ]
    kept = [(title, cells) for title, cells in columns if not all(cell.startswith("nan") for cell in cells)]
    if not kept:
        return ""
    width = max(map(len, scores))
    lines = [f"{'':<{width}}" + "".join(f"  {title:>10}" for title, _ in kept)]
    for i, name in enumerate(scores):
        lines.append(f"{name:<{width}}" + "".join(f"  {cells[i]:>10}" for _, cells in kept))
    return "\n".join(lines)


@one_at_a_time
def save_comparison(rows: dict[str, np.ndarray], path: str | os.PathLike[str], *, title: str) -> None:
    """Write a picture with a row for each method and a column for each of the first 16 images.

    Parameters
    ----------
    rows : dict
        Names, and the images of each, (N, H, W) or (N, H, W, C) in [-1, 1], all of the same N, H and W.
    path : str or path
        The PNG file.
    title : str
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    images = [each[:SHOWN].reshape(*each[:SHOWN].shape[:3], -1) for each in rows.values()]
    columns = len(images[0])
    grid = tile(np.concatenate(images), columns=columns)
    scale = INCH * max(1, 8 / columns) / images[0].shape[2]  # inches of a pixel
    height, width = (scale * side for side in grid.shape[:2])
    figure = Figure(figsize=(LABEL + width + 0.1, height + 0.5), dpi=120, facecolor="white")
    figure.set_layout_engine("none")  # whatever the caller's rcParams say
    FigureCanvasAgg(figure)
    full_width, full_height = figure.get_size_inches()
    axes = figure.add_axes((LABEL / full_width, 0.1 / full_height, width / full_width, height / full_height))
    pixels = np.clip((grid + 1) / 2, 0, 1)
    axes.imshow(pixels if pixels.shape[2] == 3 else pixels[..., 0], cmap="gray", vmin=0, vmax=1, aspect="auto")
    axes.set_axis_off()
    for i, name in enumerate(rows):
        middle = 0.1 + height * (1 - (i + 0.5) / len(rows))
        figure.text((LABEL - 0.12) / full_width, middle / full_height, name, ha="right", va="center", fontsize=10)
    figure.text(0.12 / full_width, 1 - 0.25 / full_height, title, va="center", fontsize=12, weight="bold")
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
