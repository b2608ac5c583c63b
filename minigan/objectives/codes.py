"""Codes: what a conditional generator receives besides its noise, a class and perhaps a few continuous numbers.

G takes the noise z with a code c appended, (N, Z + K). The class y of a sample is one-hot in c. The first layer of G is
dense, so it computes

    (z, c) W = z W_z + c W_c = z W_z + E_y          E = W_c (K, F)

which is z W_z plus row y of a learned matrix: an embedding of the label, added to the first product.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import validation
from ..backend import Array, Device, feed
from ..errors import InputError
from .cross_entropy import one_hot


def count_classes(labels: np.ndarray | None, *, conditional: str, data: str) -> int:
    """Return the number of classes K of a data set, its largest label + 1.

    Parameters
    ----------
    labels : ndarray of shape (N,), or None if the data set has none
    conditional, data : str
        Names of the conditional game and of the data set, for the error messages.

    Raises
    ------
    InputError
        If there are no labels, fewer than two classes, or more classes than samples.
    """
    if labels is None:
        raise InputError(
            f"conditional: expected data with labels for {conditional!r}, got {data!r}, which has none; "
            "'clusters' and 'infogan' need none"
        )
    classes = int(labels.max()) + 1
    if not 2 <= classes <= len(labels):
        raise InputError(
            f"conditional: expected labels 0 to K - 1 with K from 2 to {len(labels)}, the number of samples, "
            f"got {classes - 1} as the largest label of {data!r}"
        )
    return classes


def draw_codes(
    rng: np.random.Generator,
    n: int,
    shares: np.ndarray,
    *,
    continuous: int = 0,
    label: int | Sequence[int] | np.ndarray | None = None,
    codes: Sequence[float] | np.ndarray | None = None,
) -> np.ndarray:
    """Draw n codes on the host: a class, one-hot, followed by uniform numbers in [-1, 1).

    Row i depends only on i, on the state of ``rng`` and on what is asked for in row i, not on n.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    shares : ndarray of shape (K,) or (K, M)
        How probable each class is, or each of the M clusters in each class; the sum is 1.
    continuous : int
        How many continuous numbers follow.
    label : int or sequence of int, optional
        One class for all rows, or several that are repeated up to n; a class with clusters then draws one of its own.
        None draws classes by their shares.
    codes : sequence of float, optional
        Continuous numbers for all rows, (continuous,), or for each of them, (n, continuous). None draws them.

    Returns
    -------
    codes : float32 ndarray of shape (n, K + continuous) or (n, K M + continuous)

    Raises
    ------
    InputError
        If a label or the shape of the numbers does not fit.
    """
    u = rng.random((n, 1 + continuous))
    ends = np.cumsum(shares)  # cluster k is drawn when u lies between ends[k - 1] and ends[k]
    if label is None:
        chosen = np.searchsorted(ends[:-1], u[:, 0], side="right")
    else:
        labels, clusters = _repeat_labels(label, n, len(shares)), shares.size // len(shares)
        edges = np.append(0, ends)[::clusters]  # u of label y lies between edges[y] and edges[y + 1]
        inside = edges[labels] + u[:, 0] * (edges[labels + 1] - edges[labels])
        first = clusters * labels
        chosen = np.clip(np.searchsorted(ends, inside, side="right"), first, first + clusters - 1)
    numbers = 2 * u[:, 1:] - 1
    if codes is not None:
        numbers[:] = _check_numbers(codes, n, continuous)
    return np.hstack((one_hot(chosen, shares.size), numbers.astype(np.float32)))


def _check_numbers(codes: Sequence[float] | np.ndarray, n: int, continuous: int) -> np.ndarray:
    if not continuous:
        raise InputError(f"codes: expected None, because G takes only classes, got {validation.shown(codes)}")
    wanted = _to_array(codes)
    numbers = wanted.dtype.kind in "iuf" and np.isfinite(wanted).all()
    if not numbers or wanted.shape not in ((continuous,), (n, continuous)):
        raise InputError(
            f"codes: expected finite numbers of shape ({continuous},) or ({n}, {continuous}), "
            f"got {validation.shown(codes)}"
        )
    return wanted


def _repeat_labels(label: int | Sequence[int] | np.ndarray, n: int, classes: int) -> np.ndarray:
    labels = np.atleast_1d(_to_array(label))
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1 or not labels.size:
        raise InputError(f"label: expected an integer or a sequence of integers, got {validation.shown(label)}")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(f"label: expected 0 to {classes - 1}, got {validation.shown(label)}")
    if n % len(labels):
        raise InputError(f"label: expected one, or a number of labels that divides n = {n}, got {len(labels)} of them")
    return np.tile(labels.astype(np.int64), n // len(labels))  # a sum of small integers would overflow


def _to_array(value: Any) -> np.ndarray:
    """Return a value as an array, which holds an object if the value is not made of numbers alone."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError):  # lists of different lengths, an object that is no number
        return np.asarray(None)


def draw_noise(rng: np.random.Generator, n: int, latent_dim: int, device: Device) -> Array:
    """Draw z (n, latent_dim), standard normal, float32, on the host, so that one seed gives one run on every device."""
    return feed(lambda: rng.standard_normal((n, latent_dim), dtype=np.float32), device)
