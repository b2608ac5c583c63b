"""The twin of LeakyReLU with the dropout after it, and dropout masks in blocks, which the cores share."""

from functools import cache
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from ..layers.dropout import bernoulli, draw_key, host_words
from .elementwise import as_rows, elementwise
from .fuse import compiles
from .threads import parallel_for, slices
from .twin import Twin

DRAWS = 1 << 18  # numbers that one generator draws, a multiple of 4


def bernoulli_in_blocks(rng: np.random.Generator, p: float, shape: tuple[int, ...], *, like: Array) -> Array:
    """Draw what `bernoulli` draws from the same ``rng``, in blocks that begin at other places of the same stream."""
    xp = get_array_module(like)
    if xp is not np and not compiles(xp):
        return bernoulli(rng, p, shape, like=like)
    least = round(p * 2**16)
    if compiles(xp):
        keep = xp.empty(shape, dtype=bool)
        return _squares(xp)(draw_key(rng), least, keep)
    seed = int(rng.integers(2**63))
    drawn = np.empty(prod(shape), dtype=bool)

    def draw(block: slice) -> None:
        np.less(host_words(seed, block.start, block.stop - block.start), least, out=drawn[block])

    parallel_for(draw, slices(drawn.size, DRAWS, like=like))
    return drawn.reshape(shape)


SQUARES = """
const unsigned long long y = i * key;
unsigned long long x = y;
x = x * x + y;          x = x >> 32 | x << 32;
x = x * x + (y + key);  x = x >> 32 | x << 32;
x = x * x + y;          x = x >> 32 | x << 32;
keep = (x * x + (y + key)) >> 48 < least;
"""


@cache
def _squares(xp: ModuleType) -> Any:
    """Return the kernel that draws what `minigan.layers.dropout.device_words` draws, and compares it."""
    return xp.ElementwiseKernel("uint64 key, uint64 least", "bool keep", SQUARES, "bernoulli")


@elementwise(outputs=2)
def leaky_relu_dropout(x: Array, keep: Array, slope: float, scale: float, y: Array, slopes: Array) -> None:
    """Apply LeakyReLU, then dropout: y = x slopes, with slopes = (1 or slope) scale where x is kept, else 0."""
    slopes[...] = x > 0
    slopes *= (1 - slope) * scale
    slopes += slope * scale
    slopes *= keep
    get_array_module(x).multiply(x, slopes, out=y)


@elementwise()
def times(dy: Array, slopes: Array, dx: Array) -> None:
    """Compute the input gradient of both layers: dx = dy slopes."""
    get_array_module(dy).multiply(dy, slopes, out=dx)


class LeakyReLUDropout(Twin):
    """Compute `LeakyReLU` and the `Dropout` after it together.

    Both layers multiply each element by a number, so y = x slopes and dx = dy slopes with

    slopes = (1 if x > 0 else s) m / p        without m / p outside training
    """

    how = "fused"

    def __init__(self, activation: Any, dropout: Any) -> None:
        super().__init__(activation, dropout)
        self.activation, self.dropout = activation, dropout

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        slope, p = self.activation.negative_slope, self.dropout.p
        rng = self.dropout.generator_of(rng, train=train)
        if rng is None:
            y, _ = self.activation.forward(x, train=train)
            return y, (x > 0) * x.dtype.type(1 - slope) + slope
        keep = bernoulli_in_blocks(rng, p, x.shape, like=x)
        y, slopes = leaky_relu_dropout(as_rows(x), as_rows(keep), slope, 1 / p)
        return y.reshape(x.shape), slopes.reshape(x.shape)

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return times(as_rows(dy), as_rows(cache))[0].reshape(dy.shape)

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)
