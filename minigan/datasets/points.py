"""Points: a named set of points, and the toy sets that ship with the package."""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .toy import grid, grid_centres, ring, ring_centres

COUNT = 100_000  # points of each toy set
SEED = 0  # of their draw: like MNIST, a toy set is the same for every run


@dataclass(frozen=True, eq=False, repr=False)
class Points:
    """A named set of points.

    Parameters
    ----------
    name : the name of the set in messages
    points : (N, C), C 1 or 2, floating and finite, in any units; kept as float32

    Raises
    ------
    InputError : the array has another type, shape or range

    >>> Points("origin", np.zeros((3, 2), np.float32))
    Points('origin', points (3, 2) float32)
    """

    name: str
    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError(f"name: expected a string, got {type(self.name).__name__}")
        object.__setattr__(self, "points", _checked_points(self.points))

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"Points({self.name!r}, points {self.points.shape} {self.points.dtype})"

    @property
    def samples(self) -> NDArray[np.float32]:
        """The points, under the name that images and points share."""
        return self.points

    @property
    def sample_shape(self) -> tuple[int]:
        """The shape (C,) of one point."""
        return (self.points.shape[1],)


class Modes(NamedTuple):
    """Where the modes of a mixture of Gaussians lie.

    centres : (M, C) float32
    std : standard deviation of each coordinate around its centre; 0 when all points lie on the centre
    """

    centres: NDArray[np.float32]
    std: float


RING = Modes(ring_centres(), 0.01)
GRID = Modes(grid_centres(), 0.05)
DIRAC = Modes(np.zeros((1, 1), np.float32), 0.0)


@cache
def ring_points() -> Points:
    """Return 100,000 points of PacGAN's ring; every call returns the same object."""
    return _read_only("ring", ring(COUNT, rng=np.random.default_rng(SEED), std=RING.std)[0])


@cache
def grid_points() -> Points:
    """Return 100,000 points of PacGAN's grid; every call returns the same object."""
    return _read_only("grid", grid(COUNT, rng=np.random.default_rng(SEED), std=GRID.std)[0])


@cache
def dirac_points() -> Points:
    """Return the point 0, 100,000 times; every call returns the same object."""
    return Points("dirac", np.broadcast_to(np.float32(0), (COUNT, 1)))


def _read_only(name: str, points: NDArray[np.float32]) -> Points:
    points.flags.writeable = False  # one array serves all callers
    return Points(name, points)


def _checked_points(points: Any) -> NDArray[np.float32]:
    if not isinstance(points, np.ndarray):
        raise InputError(f"points: expected a NumPy array, got {type(points).__name__}")
    if points.ndim != 2 or points.shape[1] not in (1, 2) or not len(points):
        raise InputError(f"points: expected shape (N, 1) or (N, 2) with at least one point, got {points.shape}")
    if points.dtype not in (np.float32, np.float64):
        raise InputError(f"points: expected float32 or float64, got {points.dtype}")
    if not np.isfinite(points).all():
        raise InputError("points: expected finite numbers, got NaN or infinity")
    return points.astype(np.float32, copy=False)
