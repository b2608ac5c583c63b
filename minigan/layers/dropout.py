"""Dropout: random zeros in training, and the identity otherwise."""

from math import prod
from types import ModuleType

import numpy as np

from .. import validation
from ..backend import Array, feed_numbers, get_array_module
from ..errors import InputError
from .base import SymmetricLayer


def keep_probability(rate: float) -> float:
    """Return the probability with which dropout keeps an element: 1 - rate, rounded to a multiple of 2^-16.

    A mask takes 16 random bits for each element, so it has no other probabilities. Dropout divides by the rounded
    number, because only then E[y] = x.

    Raises
    ------
    InputError
        If 1 - rate is below 2^-16.
    """
    if 1 - rate < 2**-16:
        raise InputError(f"rate: expected at most 1 - 2^-16 = 0.9999847, so that an element can be kept, got {rate!r}")
    return round((1 - rate) * 2**16) / 2**16


def bernoulli(rng: np.random.Generator, p: float, shape: tuple[int, ...], *, like: Array) -> Array:
    """Draw booleans, True with probability ``p``, a multiple of 2^-16, on the device of ``like``.

    ``rng`` draws only one seed of 63 bits, so the whole random state stays in ``rng``. With this seed, `host_words`
    draws on a CPU, and `device_words` on a GPU: 16 random bits for each boolean.
    """
    xp = get_array_module(like)
    if xp is not np:
        return (device_words(xp, draw_key(rng), prod(shape)) < round(p * 2**16)).reshape(shape)
    return (host_words(int(rng.integers(2**63)), 0, prod(shape)) < round(p * 2**16)).reshape(shape)


def host_words(seed: int, start: int, count: int) -> np.ndarray:
    """Return ``count`` random 16-bit integers from the stream of ``seed``, beginning at ``start``, a multiple of 4."""
    stream = np.random.PCG64(seed).advance(start // 4)  # one draw of 64 bits holds four of them
    return np.random.Generator(stream).integers(2**64, size=-(-count // 4), dtype=np.uint64).view(np.uint16)[:count]


def draw_key(rng: np.random.Generator) -> int | Array:
    """Return the key of `device_words`, an odd number of 64 bits, from a seed that ``rng`` draws."""
    (key,) = feed_numbers(lambda: (2 * int(rng.integers(2**63)) + 1,), np.uint64)
    return key


def device_words(xp: ModuleType, key: int | Array, count: int) -> Array:
    """Return ``count`` random 16-bit integers on a GPU: number i is a function of the key and of i alone.

    The function is the counter-based generator "squares" of 32 bits (Widynski 2020, arXiv 2004.06278), without its
    last 16 bits. A counter times an odd key is squared four times, and the halves of the square change places.
    """
    key = xp.full(1, key, dtype=np.uint64)
    y = x = xp.arange(count, dtype=np.uint64) * key
    for step in (y, y + key, y):
        x = x * x + step
        x = (x >> 32) | (x << 32)
    return ((x * x + (y + key)) >> 48).astype(np.uint16)


class Dropout(SymmetricLayer):
    """Set each element to 0 with probability ``rate`` and divide the others by p = 1 - rate (Srivastava et al. 2014).

    Forward, train   y = x * m / p     m is 1 with probability p, else 0: E[y] = x
    Forward, eval    y = x
    Backward         dx = dy * m / p   with the m of that pass: J is diagonal, `jvp` is `input_grad`

    `keep_probability` rounds p to a multiple of 2^-16.

    Parameters
    ----------
    rate : float in [0, 1 - 2^-16]
        Share of the elements that are set to 0.
    """

    piecewise_linear = True

    def __init__(self, *, rate: float) -> None:
        self.rate = validation.fraction("rate", rate)
        keep_probability(self.rate)  # refuses a rate that is too high

    @property
    def p(self) -> float:
        """The probability with which an element is kept."""
        return keep_probability(self.rate)

    def generator_of(self, rng: np.random.Generator | None, *, train: bool) -> np.random.Generator | None:
        """Return the generator that draws the mask of a pass, or None if the pass needs no mask.

        Raises
        ------
        InputError
            If the pass needs a mask and ``rng`` is None.
        """
        if not train or self.rate == 0:
            return None
        if rng is None:
            raise InputError("rng: expected a Generator, since Dropout draws a mask in training, got None")
        return rng

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array | None]:
        rng = self.generator_of(rng, train=train)
        if rng is None:
            return x, None
        mask = bernoulli(rng, self.p, x.shape, like=x) * x.dtype.type(1 / self.p)
        return x * mask, mask

    def input_grad(self, dy: Array, cache: Array | None) -> Array:
        return dy if cache is None else dy * cache

    def __repr__(self) -> str:
        return f"Dropout(rate={self.rate:g})"
