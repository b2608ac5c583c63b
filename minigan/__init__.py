"""minigan: a GAN from scratch, every gradient written by hand, on NumPy or CuPy with the same code."""

from . import datasets, gradient_check, layers, metrics, models, objectives, optimizers
from .backend import get_array_module
from .errors import DeviceError, DivergedError, InputError, StaleCacheError
from .fast.threads import threads
from .network import Network
from .runs.history import History
from .runs.load import load
from .runs.run import Run
from .runs.train import train
from .training import TrainConfig

__version__ = "0.1.0"

__all__ = [
    "DeviceError",
    "DivergedError",
    "History",
    "InputError",
    "Network",
    "Run",
    "StaleCacheError",
    "TrainConfig",
    "datasets",
    "get_array_module",
    "gradient_check",
    "layers",
    "load",
    "metrics",
    "models",
    "objectives",
    "optimizers",
    "threads",
    "train",
]
