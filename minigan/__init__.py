"""minigan: a GAN from scratch, every gradient written by hand, on NumPy or CuPy with the same code.

The public names come from `minigan.public`, which is imported when one of them is first used. So the command line is
there before NumPy is imported, and ends in one line if Ctrl-C comes meanwhile.
"""

TYPE_CHECKING = False  # as in the module `typing`, which takes longer to import than the rest of the start

if TYPE_CHECKING:
    from .public import *

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


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import public

    return getattr(public, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
