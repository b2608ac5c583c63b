"""The fast floor: twins of plain layers, which compute the same numbers in less time.

A twin wraps one plain layer or two neighbours, uses their arrays and has the same methods, so a `Network` can compute
with either. The plain layers show the mathematics, and the tests compare every twin with what it wraps. `accelerate`
is the only entrance.
"""

from .accelerate import accelerate, describe
from .stack import Stack

__all__ = ["Stack", "accelerate", "describe"]
