"""Dropout: random zeros in training, and the identity otherwise."""

from math import prod
from types import ModuleType

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..errors import InputError
from .base import SymmetricLayer


def bernoulli(rng: np.random.Generator, p: float, shape: tuple[int, ...], *, like: Array) -> Array:
    """Draw booleans, True with probability ``p``, on the device of ``like``.

    ``rng`` draws only one seed of 63 bits, so the whole random state stays in ``rng``. With this seed, `host_words`
    draws on a CPU, and `device_words` on a GPU. Each boolean takes 16 random bits, so ``p`` is rounded to a multiple of
    2^-16.
    """
    xp, seed = get_array_module(like), int(rng.integers(2**63))
    if xp is not np:
        return (device_words(xp, seed, prod(shape)) < round(p * 2**16)).reshape(shape)
    return (host_words(seed, 0, prod(shape)) < round(p * 2**16)).reshape(shape)


def host_words(seed: int, start: int, count: int) -> np.ndarray:
    """Return ``count`` random 16-bit integers from the stream of ``seed``, beginning at ``start``, a multiple of 4."""
    stream = np.random.PCG64(seed).advance(start // 4)  # one draw of 64 bits holds four of them
    return np.random.Generator(stream).integers(2**64, size=-(-count // 4), dtype=np.uint64).view(np.uint16)[:count]


def device_words(xp: ModuleType, seed: int, count: int) -> Array:
    """Return ``count`` random 16-bit integers on a GPU: number i is a function of the seed and of i alone.

    The function is the counter-based generator "squares" of 32 bits (Widynski 2020, arXiv 2004.06278), without its
    last 16 bits. A counter times an odd key is squared four times, and the halves of the square change places.
    """
    key = xp.full(1, 2 * seed + 1, dtype=np.uint64)
    y = x = xp.arange(count, dtype=np.uint64) * key
    for step in (y, y + key, y):
        x = x * x + step
        x = (x >> 32) | (x << 32)
    return ((x * x + (y + key)) >> 48).astype(np.uint16)


class Dropout(SymmetricLayer):
    """Set each element to 0 with probability ``rate`` and divide the others by 1 - rate (Srivastava et al. 2014).

    Forward, train   y = x * m / (1 - rate)     m is 0 with probability rate, else 1: E[y] = x
    Forward, eval    y = x
    Backward         dx = dy * m / (1 - rate)   with the m of that pass: J is diagonal, `jvp` is `input_grad`

    Parameters
    ----------
    rate : float in [0, 1)
        Share of the elements that are set to 0.
    """

    piecewise_linear = True

    def __init__(self, *, rate: float) -> None:
        self.rate = validation.fraction("rate", rate)

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
        mask = bernoulli(rng, 1 - self.rate, x.shape, like=x) * x.dtype.type(1 / (1 - self.rate))
        return x * mask, mask

    def input_grad(self, dy: Array, cache: Array | None) -> Array:
        return dy if cache is None else dy * cache

    def __repr__(self) -> str:
        return f"Dropout(rate={self.rate:g})"
