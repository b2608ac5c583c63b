"""The transform of images for the Fourier form, one axis after the other, and its transpose.

`fourier` derives it. A frequency is called "own" if it is its own conjugate; the others form pairs. On the first axis,
an own frequency f gives real numbers X(f)[j]. For them, the second axis keeps its own frequencies and one of each pair.
One f of each pair gives complex numbers X(f)[j]. For them, the second axis keeps all frequencies, because none is the
conjugate of another.

The rows have this order: first the own frequencies f of the first axis, then one f of each pair. For each f come the
rows of the own frequencies of the second axis, then the first rows, then the second rows. All third rows come last.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from .threads import parallel_for, slices

COLUMNS = 1 << 12  # columns of a matrix that one part transforms
PADDING = 48  # unused numbers between one row and the next


def frequencies(length: int) -> tuple[list[int], list[int]]:
    """List the frequencies that are their own conjugates, and one of each pair of the others."""
    return [f for f in range(length) if 2 * f % length == 0], list(range(1, (length + 1) // 2))


def _waves(length: int, frequencies: list[int], positions: np.ndarray) -> np.ndarray:
    """Return E = e^(-j u f i) as a matrix (frequencies, positions)."""
    return np.exp(-2j * np.pi / length * np.outer(frequencies, positions))


class Transform(NamedTuple):
    """A, or a matrix like it, as two transforms of images (H, W), one axis after the other."""

    rows: Array  # (L, H), of the first axis: own frequencies, then Re and Im of each pair
    own: Array  # (L', W), of the second axis, for real numbers: own, first and second rows
    pairs: Array  # (2 L', 2 W), for complex numbers, Re over Im: first and second rows


def axes(
    length: tuple[int, int], positions: list[np.ndarray], *, own: float = 1, mix: np.ndarray | None = None
) -> Transform:
    """Build a transform in float64: own rows times ``own``; first and second rows ``mix`` (2, 2) times (Re E, Im E)."""
    mix = np.eye(2) if mix is None else mix
    (own_1, pairs_1), (own_2, pairs_2) = (frequencies(n) for n in length)

    e = _waves(length[0], pairs_1, positions[0])  # the first axis
    real = _waves(length[0], own_1, positions[0]).real
    rows = np.concatenate((real, np.stack((e.real, e.imag), axis=1).reshape(-1, real.shape[1])))

    e = _waves(length[1], pairs_2, positions[1])  # the second, of real numbers
    real = _waves(length[1], own_2, positions[1]).real
    second = np.concatenate((own * real, np.kron(mix, np.eye(len(e))) @ np.concatenate((e.real, e.imag))))

    e = _waves(length[1], list(range(length[1])), positions[1])  # the second, of complex numbers
    pairs = np.kron(mix, np.eye(len(e))) @ np.block([[e.real, -e.imag], [e.imag, e.real]])
    return Transform(rows, second, pairs)


def rank(length: tuple[int, int]) -> int:
    """Count the products R: one for each frequency that is its own conjugate, three for each pair of the others."""
    own = (2 - length[0] % 2) * (2 - length[1] % 2)
    return own + 3 * (prod(length) - own) // 2


def whole(t: Transform) -> np.ndarray:
    """Return the matrix (R, H W) of a transform; its columns are the transforms of all images with a single pixel."""
    size = t.rows.shape[1], t.own.shape[1]
    return transform_images(t, np.eye(prod(size)).reshape(*size, -1))


def transform_images(t: Transform, x: Array) -> Array:
    """Transform images: (H, W, M) -> (R, M)."""
    xp, (_, w, m) = get_array_module(x), x.shape
    z = padded(rank((len(t.rows), len(t.own))), m, like=x)

    def transform(columns: slice) -> None:
        part = x[:, :, columns]
        real, pairs, threes = _rows(z[:, columns], t)
        y = xp.empty((len(t.rows), w, part.shape[2]), dtype=x.dtype)
        xp.matmul(t.rows, part.transpose(1, 0, 2), out=y.transpose(1, 0, 2))
        xp.matmul(t.own, y[: len(real)], out=real)
        xp.matmul(t.pairs, y[len(real) :].reshape(len(pairs), 2 * w, part.shape[2]), out=pairs)
        for first, second, third in threes:
            xp.add(first, second, out=third)

    parallel_for(transform, slices(m, COLUMNS, like=x))
    return z


def transform_back(t: Transform, z: Array, size: tuple[int, int]) -> Array:
    """Apply the transpose of `transform_images`, (R, M) -> (H, W, M), and overwrite z."""
    xp, (h, w), m = get_array_module(z), size, z.shape[1]
    x = xp.empty((h, w, m), dtype=z.dtype)

    def transform(columns: slice) -> None:
        part = x[:, :, columns]
        real, pairs, threes = _rows(z[:, columns], t)
        for first, second, third in threes:
            first += third
            second += third
        y = xp.empty((len(t.rows), w, part.shape[2]), dtype=x.dtype)
        xp.matmul(t.own.T, real, out=y[: len(real)])
        xp.matmul(t.pairs.T, pairs, out=y[len(real) :].reshape(len(pairs), 2 * w, part.shape[2]))
        xp.matmul(t.rows.T, y.transpose(1, 0, 2), out=part.transpose(1, 0, 2))

    parallel_for(transform, slices(m, COLUMNS, like=z))
    return x


def _rows(z: Array, t: Transform) -> tuple[Array, Array, list[tuple[Array, Array, Array]]]:
    """View z (R, M) as results of the second axis, (own f, L', M), (pairs of f, 2 L', M), and as groups of 3 rows."""
    length = len(t.own)
    own, pairs = (len(kind) for kind in frequencies(len(t.rows)))
    own_2, pairs_2 = (len(kind) for kind in frequencies(length))
    views, start = [], 0
    for count, each in ((own, length), (pairs, 2 * length), (own, pairs_2), (pairs, length)):
        views.append(z[start : start + count * each].reshape(count, each, z.shape[1]))
        start += count * each
    real, others, real_thirds, thirds = views
    threes = [
        (real[:, own_2 : own_2 + pairs_2], real[:, own_2 + pairs_2 :], real_thirds),
        (others[:, :length], others[:, length:], thirds),
    ]
    return real, others, threes


def padded(r: int, m: int, *, like: Array) -> Array:
    """Return an empty matrix (r, m), whose rows begin a little more than m numbers apart on a CPU.

    Rows at a distance of a power of two share a few places in the cache of a core and displace each other.
    """
    xp = get_array_module(like)
    return xp.empty((r, m + PADDING if xp is np else m), dtype=like.dtype)[:, :m]
