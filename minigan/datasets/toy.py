"""Two-dimensional mixtures of Gaussians, where a lost mode can be seen with the naked eye and counted.

Both are the synthetic sets of PacGAN (Lin, Khetan, Fanti, Oh: "PacGAN: The power of two samples in
generative adversarial networks", arXiv 1712.04086, section 4.1; the defaults are its protocol). There a mode
counts as found, and a sample as high quality, when the sample lies within three standard deviations of a
centre.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


def ring_centres(*, modes: int = 8, radius: float = 1.0) -> NDArray[np.float32]:
    """Return the centres of the ring, ``radius * (cos(2 pi k / modes), sin(2 pi k / modes))``: (modes, 2)."""
    _check_count("modes", modes)
    _check_positive("radius", radius)
    angle = 2 * np.pi * np.arange(modes) / modes
    return (radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)


def grid_centres(*, side: int = 5, spacing: float = 2.0) -> NDArray[np.float32]:
    """Return the centres of a square grid around the origin, x varying slowest: (side * side, 2).

    >>> grid_centres(side=2).tolist()
    [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    _check_count("side", side)
    _check_positive("spacing", spacing)
    ticks = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)


def ring(
    n: int, *, rng: np.random.Generator, modes: int = 8, radius: float = 1.0, std: float = 0.01
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw from Gaussians on a circle, each with the same probability.

    Parameters
    ----------
    n : number of points, 1 or more
    rng : the generator that draws; the same state gives the same points
    modes : number of Gaussians, 1 or more
    radius : distance of the centres from the origin, above 0
    std : standard deviation of each coordinate around its centre, above 0

    Returns
    -------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64: row of ``ring_centres`` that the point belongs to

    Raises
    ------
    InputError : an argument is outside its range

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
    n : number of points, 1 or more
    rng : the generator that draws; the same state gives the same points
    side : Gaussians along one side, 1 or more; the default 5 has its centres at -4, -2, 0, 2, 4
    spacing : distance between neighbouring centres, above 0
    std : standard deviation of each coordinate around its centre, above 0

    Returns
    -------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64: row of ``grid_centres`` that the point belongs to

    Raises
    ------
    InputError : an argument is outside its range
    """
    return _mixture(n, grid_centres(side=side, spacing=spacing), std, rng)


def _mixture(
    n: int, centres: NDArray[np.float32], std: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    _check_count("n", n)
    _check_positive("std", std)
    if not isinstance(rng, np.random.Generator):
        raise InputError(f"rng: got {type(rng).__name__}, expected a numpy.random.Generator")
    labels = rng.integers(len(centres), size=n)
    noise = rng.standard_normal((n, 2), dtype=np.float32)
    return centres[labels] + np.float32(std) * noise, labels


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name}: got {value!r}, expected an integer of 1 or more")


def _check_positive(name: str, value: float) -> None:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):
        raise InputError(f"{name}: got {value!r}, expected a finite number above 0")
