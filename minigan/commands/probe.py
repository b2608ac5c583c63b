"""``minigan probe``: what the discriminator has learned of digits, shown by a linear classifier on its features."""

import argparse
from pathlib import Path

import numpy as np

from ..datasets import Dataset, load_dataset, mnist
from ..errors import InputError
from ..metrics.probe import CHOICES, probe
from ..objectives.conditional import get_conditional
from ..runs.load import load
from ..runs.probe_figure import save_probe
from ..terminal import say
from .arguments import add_path, add_seed, file, folder_of

ABOUT = "Read digits from the features of a discriminator with a few labels."
DETAILS = (
    "A linear classifier learns from raw pixels, from the features of a discriminator with random weights, and from "
    "those of the trained one. A table shows how many test images it then reads correctly, probe.png shows the same."
)
MOST = 10_000  # labels by default
FEW = (100, 1000)
TESTED = 5  # of data without a test half, one image of so many is a test image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "--data",
        metavar="NAME",
        help="Images with labels: a name, a folder of IDX files or an .npz file. Of mnist-5k and .npz files, a fifth "
        "is kept for the test. Default: mnist if its files are on this computer, else mnist-5k.",
    )
    parser.add_argument(
        "--labels",
        type=int,
        nargs="+",
        metavar="INT",
        help=f"Numbers of labelled images. Default: {FEW[0]}, {FEW[1]}, and all, but at most {MOST}.",
    )
    parser.add_argument(
        "--choices",
        type=int,
        default=CHOICES,
        metavar="INT",
        help=f"How often the labelled images are chosen at random, up to {FEW[1]} of them. Default: {CHOICES}.",
    )
    add_seed(parser)
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="The picture, a .png file. Default: probe.png beside the model, or in the current folder if the model is "
        "part of minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    run = load(arguments.path)
    out: Path = arguments.out or folder_of(arguments.path) / "probe.png"
    if out.suffix != ".png":
        raise InputError(f"out: expected a name that ends in .png, got {str(out)!r}")
    train, test = read_data(arguments.data, arguments.seed)
    labels = arguments.labels or [n for n in (*FEW, min(MOST, len(train))) if n <= len(train)]
    found = probe(run.discriminator, train, test, labels=labels, choices=arguments.choices, seed=arguments.seed)
    say(found)
    if run.config.spec.autoencodes:
        say("In the place of D, this model has the encoder of an autoencoder.")
    game = get_conditional(run.config.conditional)
    if game is not None and game.classes_of == "labels":
        say(f"In its game, {run.config.conditional}, D was told the labels of all its training images.")
    save_probe(found, out, title=arguments.path)
    say(f"\n  {out}  the same as a picture")
    return 0


def read_data(name: str | None, seed: int) -> tuple[Dataset, Dataset]:
    """Return labelled images to learn from, and to test with.

    Raises
    ------
    InputError : there are no such data, or they are points
    """
    if name is None:
        name = "mnist-5k" if any(row.state == "missing" for row in mnist.status("mnist")) else "mnist"
    train = load_dataset(name)
    if not isinstance(train, Dataset):
        raise InputError(f"data: expected images, got the points of {name!r}")
    try:
        test = load_dataset(name, "test")
        assert isinstance(test, Dataset)
        return train, test
    except InputError as error:
        if not str(error).startswith("split: "):
            raise
    order = np.random.default_rng(seed).permutation(len(train))
    kept = len(train) - len(train) // TESTED
    return part(train, order[:kept]), part(train, order[kept:])


def part(data: Dataset, chosen: np.ndarray) -> Dataset:
    """Return some images of a data set, with their labels."""
    return Dataset(data.name, data.images[chosen], None if data.labels is None else data.labels[chosen])
