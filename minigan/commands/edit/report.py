"""What the actions that restore images print and draw: a table and a picture, with the baselines beside the result."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ...editing.baselines import training_images
from ...editing.comparison import save_comparison, score, table
from ...editing.restore import RESTARTS, STEPS
from ...runs.run import Run
from ...terminal import say
from ..arguments import add_seed

ORIGINAL, NEAREST = "original", "nearest training image"


def add_search(
    parser: argparse.ArgumentParser,
    *,
    steps: int = STEPS,
    restarts: int = RESTARTS,
    result: str = "a weighted mean is taken",
) -> None:
    """Add the options of the search for latent vectors; ``result`` says what becomes of the searches for an image."""
    parser.add_argument("--steps", type=int, default=steps, metavar="INT", help=f"Steps of Adam. Default: {steps}.")
    parser.add_argument(
        "--restarts",
        type=int,
        default=restarts,
        metavar="INT",
        help=f"Searches for each image, of which {result}. Default: {restarts}.",
    )
    add_seed(parser)


def search_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_search` read, as the searches take it."""
    return {name: getattr(arguments, name) for name in ("steps", "restarts", "seed")}


def known_training_images(run: Run, images: np.ndarray | None) -> np.ndarray | None:
    """Return the training images to compare with, without ``images`` themselves, and print how many there are."""
    training = training_images(run, apart_from=images)
    if training is None:
        say("The training images cannot be found, so nothing is compared with them.")
    else:
        say(f"Compared with {len(training):,} training images.")
    return training


def report(
    title: str, rows: dict[str, np.ndarray], labels: np.ndarray | None, out: Path, *, only_shown: str = ""
) -> None:
    """Print a table of methods, and write a picture with a row for each.

    Parameters
    ----------
    title : str
        What stands above both.
    rows : dict
        Images (N, H, W) or (N, H, W, C) in [-1, 1] by the name of their method. If there is an `ORIGINAL`, the others
        are compared with it.
    labels : ndarray or None
        (N,), the digits.
    out : Path
        The picture.
    only_shown : str
        The row that is not in the table.
    """
    originals = rows.get(ORIGINAL)
    scores = {name: score(images, originals, labels) for name, images in rows.items() if name != only_shown}
    n = len(next(iter(rows.values())))
    say(f"{title}; {n} {'image' if n == 1 else 'images, medians of PSNR and SSIM'}\n\n{table(scores)}".rstrip())
    save_comparison(rows, out, title=title)
    say(f"\n  {out}")
