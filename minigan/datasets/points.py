"""Points: the toy data sets by name, and where their modes lie."""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .toy import grid, grid_centres, ring, ring_centres

COUNT = 100_000  # points of "ring" and "grid"
SEED = 0  # that drew them: the set is the same for every run, as MNIST is


@dataclass(frozen=True, eq=False, repr=False)
class Points:
    """A named set of points.

    name : what the set is called in a log
    points : ndarray of shape (N, C), floating and finite, C 1 or 2, in any units; kept as float32

    Raises ``InputError`` when the array has another type, shape or range.

    >>> Points("origin", np.zeros((3, 2), np.float32))
    Points('origin', points (3, 2) float32)
    """

    name: str
    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError(f"name: got {type(self.name).__name__}, expected a string")
        object.__setattr__(self, "points", _checked_points(self.points))

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"Points({self.name!r}, points {self.points.shape} {self.points.dtype})"

    @property
    def samples(self) -> NDArray[np.float32]:
        """What a batch is made of: the points."""
        return self.points

    @property
    def sample_shape(self) -> tuple[int]:
        """(C,) of one point."""
        return (self.points.shape[1],)


class Modes(NamedTuple):
    """Where the modes of a mixture of Gaussians lie.

    centres : (M, C) float32
    std : standard deviation of each coordinate around its centre; 0 for a point mass
    """

    centres: NDArray[np.float32]
    std: float


MODES = {
    "ring": Modes(ring_centres(), 0.01),
    "grid": Modes(grid_centres(), 0.05),
    "dirac": Modes(np.zeros((1, 1), np.float32), 0.0),
}
NAMES = tuple(MODES)


@cache
def named_points(name: str) -> Points:
    """Return "ring" or "grid", 100,000 points of PacGAN's mixtures, or "dirac", the point 0 as often as that.

    The same on every call.
    """
    if name == "dirac":
        return Points(name, np.broadcast_to(np.float32(0), (COUNT, 1)))
    rng, std = np.random.default_rng(SEED), MODES[name].std
    points, _ = ring(COUNT, rng=rng, std=std) if name == "ring" else grid(COUNT, rng=rng, std=std)
    points.flags.writeable = False  # one array serves all callers
    return Points(name, points)


def _checked_points(points: Any) -> NDArray[np.float32]:
    if not isinstance(points, np.ndarray):
        raise InputError(f"points: got {type(points).__name__}, expected a NumPy array")
    if points.ndim != 2 or points.shape[1] not in (1, 2) or not len(points):
        raise InputError(f"points: got shape {points.shape}, expected (N, 1) or (N, 2) with at least one point")
    if points.dtype not in (np.float32, np.float64):
        raise InputError(f"points: got {points.dtype}, expected float32 or float64")
    if not np.isfinite(points).all():
        raise InputError("points: hold NaN or infinite numbers, expected finite ones")
    return points.astype(np.float32, copy=False)
