"""``minigan edit complete``: fill a hole in images with what a model can draw."""

import argparse
from pathlib import Path

import numpy as np

from ...editing.baselines import fill_with_mean, nearest_image
from ...editing.inputs import image_shape
from ...editing.operators import Mask, agree, measure
from ...editing.restore import complete
from ...errors import InputError
from ...runs.load import load
from ...runs.run import Run
from ..arguments import add_path, file
from .pictures import add_images, add_out, out_path, read_images, read_png
from .report import NEAREST, ORIGINAL, add_search, known_training_images, report, search_options

ABOUT = "Fill a hole in images; the known pixels stay as they are."
DETAILS = (
    "The hole is cut into the images, and filled with what the generator draws there if it agrees with the rest. The "
    "table compares this with the mean of the training images, and with the nearest one outside the hole."
)
OUT = "complete.png"
SIDE = 10  # of the usual hole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_images(parser, n=16)
    hole = parser.add_mutually_exclusive_group()
    hole.add_argument(
        "--hole",
        type=int,
        nargs=4,
        metavar=("ROW", "COLUMN", "HEIGHT", "WIDTH"),
        help="The hole: its first row and column, counted from 0, and its size in pixels. "
        f"Default: {SIDE} x {SIDE} in the middle.",
    )
    hole.add_argument(
        "--mask", type=file, metavar="FILE", help="A .png file of the size of an image, black where the hole is."
    )
    add_search(parser)
    add_out(parser, OUT)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out, run = out_path(arguments, OUT), load(arguments.path)
    known = _read_mask(arguments.mask, run) if arguments.mask else _cut_hole(arguments.hole, run)
    operator = Mask(known)
    images, labels = read_images(arguments.images, arguments.n, run)
    completed = complete(run, images, known, **search_options(arguments))
    y = measure(operator, images)
    rows = {ORIGINAL: images, "known": y}
    training = known_training_images(run, images)
    if training is not None:
        rows["mean of training images"] = fill_with_mean(images, known, training)
        rows[NEAREST] = agree(operator, nearest_image(y, operator, training), y)
    title = f"Completion of {int((~known).sum())} pixels"
    report(title, rows | {"completed": completed}, labels, out, only_shown="known")
    return 0


def _cut_hole(hole: list[int] | None, run: Run) -> np.ndarray:
    """Return a mask with the hole ROW COLUMN HEIGHT WIDTH, or with the usual one."""
    height, width, _ = image_shape(run)
    if hole is None:
        h, w = min(SIDE, height // 2), min(SIDE, width // 2)
        hole = [(height - h) // 2, (width - w) // 2, h, w]
    row, column, h, w = hole
    inside = min(row, column) >= 0 < min(h, w) and row + h <= height and column + w <= width
    if not inside or (h, w) == (height, width):
        got = " ".join(map(str, hole))
        raise InputError(f"hole: expected ROW COLUMN HEIGHT WIDTH of a part of {height} x {width} pixels, got {got}")
    known = np.ones((height, width), dtype=bool)
    known[row : row + h, column : column + w] = False
    return known


def _read_mask(path: Path, run: Run) -> np.ndarray:
    """Return the mask in a picture: True where it is not darker than mid grey."""
    pixels = read_png(path, 1, name="mask")[..., 0]
    height, width, _ = image_shape(run)
    if pixels.shape != (height, width):
        got = " x ".join(map(str, pixels.shape))
        raise InputError(f"mask: expected a picture of {height} x {width}, as the model draws, got {got}")
    known = pixels > 127
    if known.all() or not known.any():
        raise InputError(
            f"mask: expected some pixels that are black and some that are white in {str(path)!r}, got none"
        )
    return known
