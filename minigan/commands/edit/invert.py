"""``minigan edit invert``: find the latent vectors from which a model draws given images."""

import argparse

from ...editing.baselines import nearest_image
from ...editing.invert import CANDIDATES, PRIOR, RESTARTS, STEPS, invert
from ...editing.operators import Identity
from ...runs.load import load
from ..arguments import add_path
from .pictures import add_images, add_out, out_path, read_images
from .report import NEAREST, ORIGINAL, add_search, known_training_images, report, search_options

ABOUT = "Find images again: the latent vectors from which the model draws them."
DETAILS = (
    "Adam moves latent vectors until the generator draws the images. The table compares the result with the nearest "
    "training image and with the nearest of 2,000 samples, and the picture shows them."
)
OUT = "invert.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_images(parser, n=16)
    add_search(parser, steps=STEPS, restarts=RESTARTS, result="the best one counts")
    parser.add_argument(
        "--prior",
        type=float,
        default=PRIOR,
        metavar="NUMBER",
        help="Weight of |z|^2 / Z, from 0 to 1000. A large one keeps the noise probable; a small one follows the "
        f"image. Default: {PRIOR}.",
    )
    parser.add_argument(
        "--believe",
        type=float,
        default=0.0,
        metavar="NUMBER",
        help="Weight of what the generator pays for its images in the game, from 0 to 1000. Default: 0.",
    )
    add_out(parser, OUT)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out, run = out_path(arguments, OUT), load(arguments.path)
    images, labels = read_images(arguments.images, arguments.n, run)
    weights = {"prior": arguments.prior, "believe": arguments.believe}
    found = invert(run, images, **search_options(arguments), **weights)
    samples = run.sample(CANDIDATES, seed=arguments.seed).reshape(CANDIDATES, *images.shape[1:])
    rows = {ORIGINAL: images, "nearest sample": nearest_image(images, Identity(), samples)}
    training = known_training_images(run, images)
    if training is not None:
        rows[NEAREST] = nearest_image(images, Identity(), training)
    report("Inversion", rows | {"inversion": found.images}, labels, out)
    return 0
