"""The data sets: images by name, path or array, and toy sets of points by name.

``minigan.datasets.mnist`` is the module that fetches and verifies the digits. The digits themselves are
``load_dataset("mnist")``.
"""

from .dataset import Dataset, read_npz
from .idx import read_idx
from .load import load_dataset
from .mnist import mnist_5k
from .points import Modes, Points
from .registry import DATASETS, MODES
from .toy import grid, grid_centres, ring, ring_centres

__all__ = [
    "DATASETS",
    "MODES",
    "Dataset",
    "Modes",
    "Points",
    "grid",
    "grid_centres",
    "load_dataset",
    "mnist_5k",
    "read_idx",
    "read_npz",
    "ring",
    "ring_centres",
]
