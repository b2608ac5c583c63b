"""Dropout: noise during training, the identity otherwise."""

from math import prod

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..errors import InputError
from ..fast.threads import parallel_for, slices
from .base import SymmetricLayer

DRAWS = 1 << 18  # by one generator


def bernoulli(rng: np.random.Generator, p: float, shape: tuple[int, ...], *, like: Array) -> Array:
    """Draw booleans, True with probability ``p``, where ``like`` lies.

    ``rng`` draws one seed of 63 bits, so that the whole random state stays in it. From that seed a GPU draws them on
    the device (Philox), a CPU in blocks, each with a generator of its own (SFC64, keyed by the seed and the block's
    place). There each takes 16 random bits, so ``p`` counts as the nearest multiple of 2^-16.
    """
    xp, seed = get_array_module(like), int(rng.integers(2**63))
    if xp is not np:
        return xp.random.Generator(xp.random.Philox4x3210(seed)).random(shape, dtype=np.float32) < p
    drawn, least = np.empty(prod(shape), dtype=bool), round(p * (1 << 16))

    def draw(block: slice) -> None:
        size = block.stop - block.start
        source = np.random.Generator(np.random.SFC64([seed, block.start]))
        words = source.integers(1 << 64, size=-(-size // 4), dtype=np.uint64)  # four draws each
        np.less(words.view(np.uint16)[:size], least, out=drawn[block])

    parallel_for(draw, slices(drawn.size, DRAWS, like=like))
    return drawn.reshape(shape)


class Dropout(SymmetricLayer):
    """Set each element to 0 with probability ``rate`` and divide the others by 1 - rate (Srivastava et al. 2014).

    Forward, train   y = x * m / (1 - rate)     m is 0 with probability rate, else 1: E[y] = x
    Forward, eval    y = x
    Backward         dx = dy * m / (1 - rate)   with the m of that pass: J is diagonal, `jvp` is `input_grad`

    Parameters
    ----------
    rate : in [0, 1), the share that is dropped
    """

    piecewise_linear = True

    def __init__(self, *, rate: float) -> None:
        self.rate = validation.fraction("rate", rate)

    def draw(self, x: Array, *, train: bool, rng: np.random.Generator | None) -> Array | None:
        """Draw the mask for x, booleans that are True where x is kept; None where nothing is to be dropped."""
        if not train or self.rate == 0:
            return None
        if rng is None:
            raise InputError("rng: Dropout in training draws a mask; pass forward(..., rng=Generator), got None")
        return bernoulli(rng, 1 - self.rate, x.shape, like=x)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array | None]:
        keep = self.draw(x, train=train, rng=rng)
        if keep is None:
            return x, None
        mask = keep * x.dtype.type(1 / (1 - self.rate))
        return x * mask, mask

    def input_grad(self, dy: Array, cache: Array | None) -> Array:
        return dy if cache is None else dy * cache

    def __repr__(self) -> str:
        return f"Dropout(rate={self.rate:g})"
