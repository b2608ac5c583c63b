"""The public names of the package, which ``import minigan`` hands on."""
# ruff: noqa: F401

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
