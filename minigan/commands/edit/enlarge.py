"""``minigan edit enlarge``: enlarge small images with what a model can draw."""

import argparse

import numpy as np

from ...editing.baselines import bicubic, nearest_image
from ...editing.inputs import image_shape
from ...editing.invert import known_shape
from ...editing.operators import BlockMeans, agree, measure, spread
from ...editing.restore import enlarge
from ...runs.load import load
from ..arguments import add_path
from .pictures import add_images, add_out, out_path, read_images
from .report import NEAREST, ORIGINAL, add_search, known_training_images, report, search_options

ABOUT = "Enlarge small images to the size that the model draws."
DETAILS = (
    "Images of full size are reduced first, to the means of blocks of pixels; small ones are taken as they are. The "
    "table compares the result with bicubic interpolation, and with the training image whose means of blocks are "
    "nearest. Both the result and this image are moved to the given means."
)
OUT = "enlarge.png"
FACTOR = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_images(parser, n=16)
    parser.add_argument(
        "--factor",
        type=int,
        default=FACTOR,
        metavar="INT",
        help=f"How many times higher and wider the images become. Default: {FACTOR}, from 7 x 7 to 28 x 28 pixels.",
    )
    add_search(parser)
    add_out(parser, OUT)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out, run = out_path(arguments, OUT), load(arguments.path)
    operator = BlockMeans(arguments.factor)
    small = known_shape(run, operator)
    images, labels = read_images(arguments.images, arguments.n, run, small=small)
    full = images.shape[1:] == image_shape(run)
    y = measure(operator, images) if full else images
    rows = {ORIGINAL: images} if full else {}
    rows |= {"given": spread(operator, y), "bicubic": bicubic(y, arguments.factor)}
    training = known_training_images(run, images if full else None)
    if training is not None:
        rows[NEAREST] = np.clip(agree(operator, nearest_image(y, operator, training), y), -1, 1)
    rows["enlarged"] = enlarge(run, y, arguments.factor, **search_options(arguments))
    sizes = " to ".join(f"{h} x {w}" for h, w, _ in (small, image_shape(run)))
    report(f"From {sizes} pixels", rows, labels, out)
    return 0
