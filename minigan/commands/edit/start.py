"""Where an edit starts: at digits that the model draws, or at real ones, which are inverted first."""

import argparse

import numpy as np

from ... import validation
from ...backend import to_host
from ...editing.invert import invert
from ...errors import InputError
from ...runs.run import Run
from ..arguments import add_seed
from .pictures import read_images


def add_start(parser: argparse.ArgumentParser, *, n: int, what: str) -> None:
    """Add ``--images``, ``-n`` and ``--seed``; ``what`` says what n counts."""
    parser.add_argument(
        "--images",
        nargs="+",
        metavar="NAME",
        help="Start from real digits, which are inverted first: one or more .png files, white on black; or an .npz "
        "file with the array 'images', a folder of IDX files, or the name of a data set. Default: digits that the "
        "model draws.",
    )
    parser.add_argument("-n", type=int, default=n, metavar="INT", help=f"{what} Default: {n}.")
    add_seed(parser)


def add_label(parser: argparse.ArgumentParser) -> None:
    """Add ``--label``."""
    parser.add_argument(
        "--label",
        type=int,
        nargs="+",
        metavar="INT",
        help="For a conditional model: the class to draw, or several classes, which are drawn in turn.",
    )


def starting_latents(
    run: Run, images: list[str] | None, n: int, *, seed: int, label: list[int] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return latents (n, Z + K) on the host, and the real digits (n, H, W, C) that were inverted, or None.

    Raises
    ------
    InputError
        If an argument is out of its range, the images do not fit, or both images and labels are given.
    """
    validation.integer("n", n)
    if images is None:
        return to_host(run.latent(n, seed=seed, label=label)), None
    if label is not None:
        raise InputError("label: expected None with images, whose classes the inversion finds, got both")
    originals, _ = read_images(images, n, run)
    return invert(run, originals, seed=seed).latents, originals
