"""Two-dimensional mixtures of Gaussians, in which lost modes can be seen in a plot and counted.

Both are the synthetic sets of PacGAN (Lin, Khetan, Fanti, Oh: "PacGAN: The power of two samples in generative
adversarial networks", arXiv 1712.04086, section 4.1), and the defaults are its protocol, which comes from VEEGAN
(Srivastava et al. 2017, arXiv 1705.07761). A sample is of high quality there when it lies within three standard
deviations of a centre, and a mode with such a sample counts as found.
"""

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import InputError


def ring_centres(*, modes: int = 8, radius: float = 1.0) -> NDArray[np.float32]:
    """Return the centres radius (cos(2 pi k / modes), sin(2 pi k / modes)) of a ring, (modes, 2)."""
    validation.integer("modes", modes)
    validation.positive("radius", radius)
    angle = 2 * np.pi * np.arange(modes) / modes
    return (radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)


def grid_centres(*, side: int = 5, spacing: float = 2.0) -> NDArray[np.float32]:
    """Return the centres of a square grid around the origin, (side * side, 2); x changes most slowly.

    >>> grid_centres(side=2).tolist()
    [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    validation.integer("side", side)
    validation.positive("spacing", spacing)
    ticks = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)


def ring(
    n: int, *, rng: np.random.Generator, modes: int = 8, radius: float = 1.0, std: float = 0.01
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw from Gaussians on a circle, each with the same probability.

    Parameters
    ----------
    n : number of points, at least 1
    rng : draws the points; the same state gives the same points
    modes : number of Gaussians, at least 1
    radius : distance of the centres from the origin, above 0
    std : standard deviation of each coordinate around its centre, above 0

    Returns
    -------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64: the row of `ring_centres` that each point belongs to

    Raises
    ------
    InputError : an argument is out of its range

    >>> points, labels = ring(100, rng=np.random.default_rng(0))
    >>> points.shape, points.dtype, labels.max()
    ((100, 2), dtype('float32'), np.int64(7))
    """
    return _mixture(n, ring_centres(modes=modes, radius=radius), std, rng)


def grid(
    n: int, *, rng: np.random.Generator, side: int = 5, spacing: float = 2.0, std: float = 0.05
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw from Gaussians on a square grid, each with the same probability.

    Parameters
    ----------
    n : number of points, at least 1
    rng : draws the points; the same state gives the same points
    side : Gaussians along one side, at least 1; the default 5 puts the centres at -4, -2, 0, 2, 4
    spacing : distance between neighbouring centres, above 0
    std : standard deviation of each coordinate around its centre, above 0

    Returns
    -------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64: the row of `grid_centres` that each point belongs to

    Raises
    ------
    InputError : an argument is out of its range
    """
    return _mixture(n, grid_centres(side=side, spacing=spacing), std, rng)


def _mixture(
    n: int, centres: NDArray[np.float32], std: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    validation.integer("n", n)
    validation.positive("std", std)
    if not isinstance(rng, np.random.Generator):
        raise InputError(f"rng: expected a numpy.random.Generator, got {type(rng).__name__}")
    labels = rng.integers(len(centres), size=n)
    noise = rng.standard_normal((n, 2), dtype=np.float32)
    return centres[labels] + np.float32(std) * noise, labels
