"""Optimisers: they move the flat parameter vector of a network along its gradient."""

from .adam import Adam
from .averaging import RunningAverage
from .clipping import Clipped
from .data_parallel import DataParallel
from .optimizer import Optimizer, innermost
from .sgd import SGD

__all__ = ["SGD", "Adam", "Clipped", "DataParallel", "Optimizer", "RunningAverage", "innermost"]
