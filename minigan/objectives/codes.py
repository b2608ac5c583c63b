"""Codes: what a conditional generator is told besides its noise, a class and perhaps a few continuous numbers.

G takes z with a code c appended, (N, Z + K). The class y of a sample is one-hot in c, so that G's first layer, a dense
one, computes

    (z, c) W = z W_z + c W_c = z W_z + E_y          E = W_c (K, F)

z W_z plus row y of a learned matrix: the label's embedding, added after the first product.
"""

from collections.abc import Sequence

import numpy as np

from ..backend import Array, Device, to_device
from ..errors import InputError
from .cross_entropy import one_hot


def count_classes(labels: np.ndarray | None, *, conditional: str, data: str) -> int:
    """Return the number of classes of a data set, its largest label + 1.

    Raises ``InputError`` for labels that are missing or number no classes: fewer than two, or more than samples.
    """
    if labels is None:
        raise InputError(
            f"conditional: {conditional!r} needs data with labels, but {data!r} has none; 'infogan' needs none"
        )
    classes = int(labels.max()) + 1
    if not 2 <= classes <= len(labels):
        raise InputError(
            f"conditional: expected labels 0 to K - 1 with K from 2 to {len(labels)}, the number of samples, but the "
            f"largest label of {data!r} is {classes - 1}"
        )
    return classes


def draw_codes(rng: np.random.Generator, n: int, classes: int, *, continuous: int = 0) -> np.ndarray:
    """Draw codes (n, K + continuous) float32 on the host: a uniform class, one-hot, then uniform numbers in [-1, 1).

    Row i depends on the state of ``rng`` and on i alone.
    """
    u = rng.random((n, 1 + continuous))
    return np.hstack((one_hot((u[:, 0] * classes).astype(np.int64), classes), (2 * u[:, 1:] - 1).astype(np.float32)))


def choose_codes(
    drawn: np.ndarray,
    classes: int,
    *,
    label: int | Sequence[int] | np.ndarray | None,
    codes: Sequence[float] | np.ndarray | None,
) -> np.ndarray:
    """Return drawn codes (n, K + continuous) with the class or the continuous numbers, or both, as they are wanted.

    label : a class for all, or several, repeated to n; None keeps those drawn
    codes : continuous numbers for all, or (n, continuous), a row for each; None keeps those drawn
    """
    chosen = drawn.copy()
    if label is not None:
        chosen[:, :classes] = one_hot(_repeated(label, len(drawn), classes), classes)
    if codes is not None:
        chosen[:, classes:] = _checked_codes(codes, len(drawn), drawn.shape[1] - classes)
    return chosen


def _checked_codes(codes: Sequence[float] | np.ndarray, n: int, continuous: int) -> np.ndarray:
    if not continuous:
        raise InputError(f"codes: expected None, as G takes classes only, got {codes!r}")
    wanted = np.asarray(codes)
    numbers = wanted.dtype.kind in "iuf" and np.isfinite(wanted).all()
    if not numbers or wanted.shape not in ((continuous,), (n, continuous)):
        raise InputError(f"codes: expected finite numbers, ({continuous},) or ({n}, {continuous}), got {codes!r}")
    return wanted


def _repeated(label: int | Sequence[int] | np.ndarray, n: int, classes: int) -> np.ndarray:
    labels = np.atleast_1d(np.asarray(label))
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1 or not labels.size:
        raise InputError(f"label: expected an integer or a sequence of them, got {label!r}")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(f"label: expected 0 to {classes - 1}, got {label!r}")
    if n % len(labels):
        raise InputError(f"label: expected one, or a number of labels that divides n = {n}, got {len(labels)} of them")
    return np.tile(labels, n // len(labels))


def draw_noise(rng: np.random.Generator, n: int, latent_dim: int, device: Device) -> Array:
    """Draw z (N, Z), standard normal float32, on the host, so that one seed gives one run on every device."""
    return to_device(rng.standard_normal((n, latent_dim), dtype=np.float32), device)
