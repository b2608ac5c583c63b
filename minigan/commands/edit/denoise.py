"""``minigan edit denoise``: add noise to images, and take it away again with what a model can draw."""

import argparse

import numpy as np

from ... import validation
from ...editing.baselines import blur, nearest_image
from ...editing.operators import Identity
from ...editing.restore import denoise
from ...runs.load import load
from ..arguments import add_path
from .pictures import add_images, add_out, out_path, read_images
from .report import NEAREST, ORIGINAL, add_search, known_training_images, report, search_options

ABOUT = "Add noise to images, and take it away again."
DETAILS = (
    "The table compares the result with the noisy image, with a Gaussian blur, and with the training image that is "
    "nearest to the noisy one."
)
OUT = "denoise.png"
NOISE = 0.8
RADIUS = 0.6  # of the blur, in pixels; of 0.6, 1 and 1.4 it gave the best PSNR for noise of 0.4 and of 0.6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_images(parser, n=16)
    parser.add_argument(
        "--noise",
        type=float,
        default=NOISE,
        metavar="SIGMA",
        help="Standard deviation of the normal noise; black is -1 and white is 1, and what lies outside is cut off. "
        f"Default: {NOISE}.",
    )
    add_search(parser)
    add_out(parser, OUT)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    sigma = validation.positive("noise", arguments.noise)
    out, run = out_path(arguments, OUT), load(arguments.path)
    images, labels = read_images(arguments.images, arguments.n, run)
    with np.errstate(over="ignore"):  # what is infinite is cut off as well
        noise = sigma * np.random.default_rng(arguments.seed).standard_normal(images.shape)
    noisy = np.clip(images + noise, -1, 1).astype(np.float32)
    rows = {ORIGINAL: images, "noisy": noisy, f"blur of {RADIUS:g} pixels": blur(noisy, RADIUS)}
    training = known_training_images(run, images)
    if training is not None:
        rows[NEAREST] = nearest_image(noisy, Identity(), training)
    rows["denoised"] = denoise(run, noisy, **search_options(arguments))
    report(f"Noise of {sigma:g} taken away", rows, labels, out)
    return 0
