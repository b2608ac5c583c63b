"""Euclidean distances within and between two sets, in blocks: 10,000 x 10,000 of them never exist at once."""

from collections.abc import Iterator

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..errors import InputError

BLOCK = 4_000_000  # distances that exist at once, 32 MB in float64


class Distances:
    """The nearest distances within and between real and fake samples, which several measures share.

    All distances are squared, in the type of the samples, and on their device.

    Parameters
    ----------
    real : (N, C) floating, finite, N above ``neighbours``
    fake : (M, C) of the same type and device, M above ``neighbours``
    neighbours : K, how many nearest samples of the same set are found for each sample

    Attributes
    ----------
    within_real : (N, K), to the K nearest other real samples, ascending
    within_fake : (M, K), to the K nearest other fake samples, ascending

    Raises
    ------
    InputError : the shapes do not fit, a value is not finite, or there are too few samples
    """

    def __init__(self, real: Array, fake: Array, *, neighbours: int = 5) -> None:
        check_pair("real", real, "fake", fake)
        self.real, self.fake, self.neighbours = real, fake, neighbours
        self.within_real = nearest_others(real, neighbours)
        self.within_fake = nearest_others(fake, neighbours)

    def between(self) -> Iterator[tuple[slice, Array]]:
        """Yield blocks (rows, M) of squared distances from real samples to all fake ones, and which rows they are."""
        return blocks(self.real, self.fake)


def blocks(x: Array, y: Array) -> Iterator[tuple[slice, Array]]:
    """Yield squared distances |x_i - y_j|^2 = |x_i|^2 + |y_j|^2 - 2 x_i . y_j, a block of rows of x at a time.

    Both sets are moved by the mean of y first, which changes no distance and keeps the three terms small. What
    rounding leaves below 0 counts as 0.

    Parameters
    ----------
    x : (n, C)
    y : (m, C), of the same type and device

    Yields
    ------
    The slice of rows of x, and their distances (rows, m); the array may be changed.
    """
    xp = get_array_module(x)
    centre = y.mean(axis=0)
    y = y - centre
    y_squares = (y * y).sum(axis=1)
    rows = max(1, BLOCK // len(y))
    for start in range(0, len(x), rows):
        part = x[start : start + rows] - centre
        block = part @ y.T
        block *= -2
        block += (part * part).sum(axis=1)[:, None]
        block += y_squares
        yield slice(start, start + len(part)), xp.maximum(block, 0, out=block)


def nearest_others(x: Array, count: int) -> Array:
    """Return the squared distances from each sample to its nearest others in the same set, ascending.

    A sample is never its own neighbour, but its exact copy is, at distance 0.

    Parameters
    ----------
    x : (n, C) floating, n above ``count``
    count : number K of neighbours, at least 1

    Returns
    -------
    (n, K)

    Raises
    ------
    InputError : there are too few samples
    """
    validation.integer("count", count)
    if len(x) <= count:
        raise InputError(f"samples: expected more than {count}, the number of neighbours, got {len(x)}")
    xp = get_array_module(x)
    found = xp.empty((len(x), count), dtype=x.dtype)
    for rows, block in blocks(x, x):
        inside = xp.arange(len(block))
        block[inside, inside + rows.start] = xp.inf
        found[rows] = xp.sort(xp.partition(block, count - 1, axis=1)[:, :count], axis=1)
    return found


def nearest(x: Array, y: Array) -> tuple[Array, Array]:
    """Find the nearest sample of y for each sample of x.

    The search takes the squares of `blocks`; the distance to what it found is then computed from the difference, so
    that it is 0 for an exact copy.

    Parameters
    ----------
    x : (n, C) floating, finite
    y : (m, C) of the same type and device

    Returns
    -------
    Distances (n,), not squared, and indices (n,) into y.

    Raises
    ------
    InputError : the shapes do not fit, or a value is not finite
    """
    check_pair("x", x, "y", y)
    xp = get_array_module(x)
    index = xp.concatenate([block.argmin(axis=1) for _, block in blocks(x, y)])
    distance = xp.empty(len(x), dtype=x.dtype)
    rows = max(1, BLOCK // x.shape[1])
    for start in range(0, len(x), rows):
        difference = x[start : start + rows] - y[index[start : start + rows]]
        distance[start : start + rows] = xp.sqrt((difference * difference).sum(axis=1))
    return distance, index


def check_pair(a_name: str, a: Array, b_name: str, b: Array) -> None:
    """Raise InputError unless two sets are samples (n, C) and (m, C), floating, of one type, and finite."""
    names = f"{a_name}, {b_name}"
    if not (a.ndim == b.ndim == 2 and a.shape[1] == b.shape[1] and a.size and b.size):
        raise InputError(f"{names}: expected samples (n, C) and (m, C), got {a.shape} and {b.shape}")
    if a.dtype != b.dtype or a.dtype not in (np.float32, np.float64):
        raise InputError(f"{names}: expected float32 or float64, both the same, got {a.dtype} and {b.dtype}")
    for name, x in ((a_name, a), (b_name, b)):
        if not bool(get_array_module(x).isfinite(x).all()):
            raise InputError(f"{name}: expected finite numbers, got NaN or infinity")
