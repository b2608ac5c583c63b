"""The data rooms: images by name, path or array, and toy sets of points by name.

``minigan.datasets.mnist`` stays the module (fetch, verify, status); the digits themselves are
``load_dataset("mnist")``.
"""

from .dataset import Dataset, read_npz
from .idx import read_idx
from .mnist import mnist_5k
from .points import MODES, Modes, Points
from .sources import load_dataset
from .toy import grid, grid_centres, ring, ring_centres

__all__ = [
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
