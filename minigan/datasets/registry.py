"""The data sets that have a name: one entry for each, and `load_dataset` and ``minigan data`` read them here."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from .dataset import Dataset
from .mnist import mnist, mnist_5k
from .points import DIRAC, GRID, RING, Modes, Points, dirac_points, grid_points, ring_points


class Entry(NamedTuple):
    """A data set that has a name.

    about : what it is, in a few words
    kind : whether its samples are images or points
    load : returns the training half
    load_test : returns the test half, or None where there is none
    modes : where the modes of a toy set lie, or None
    """

    about: str
    kind: Literal["images", "points"]
    load: Callable[[], Dataset | Points]
    load_test: Callable[[], Dataset | Points] | None = None
    modes: Modes | None = None


DATASETS = {
    "mnist-5k": Entry("5,000 handwritten digits, part of the package", "images", mnist_5k),
    "mnist": Entry(
        "60,000 handwritten digits, downloaded once",
        "images",
        load=partial(mnist, "train"),
        load_test=partial(mnist, "test"),
    ),
    "ring": Entry("8 Gaussians on a circle", "points", ring_points, modes=RING),
    "grid": Entry("25 Gaussians on a square grid", "points", grid_points, modes=GRID),
    "dirac": Entry("the point 0, for the Dirac GAN", "points", dirac_points, modes=DIRAC),
}

MODES = {name: entry.modes for name, entry in DATASETS.items() if entry.modes is not None}
