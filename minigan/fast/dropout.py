"""Dropout masks in blocks: the cores share the draws of `minigan.layers.dropout`."""

from math import prod

import numpy as np

from ..backend import Array, get_array_module
from ..layers.dropout import bernoulli, host_words
from .threads import parallel_for, slices

DRAWS = 1 << 18  # numbers that one generator draws, a multiple of 4


def bernoulli_in_blocks(rng: np.random.Generator, p: float, shape: tuple[int, ...], *, like: Array) -> Array:
    """Draw what `bernoulli` draws from the same ``rng``, in blocks that begin at other places of the same stream."""
    if get_array_module(like) is not np:
        return bernoulli(rng, p, shape, like=like)
    seed, least = int(rng.integers(2**63)), round(p * 2**16)
    drawn = np.empty(prod(shape), dtype=bool)

    def draw(block: slice) -> None:
        np.less(host_words(seed, block.start, block.stop - block.start), least, out=drawn[block])

    parallel_for(draw, slices(drawn.size, DRAWS, like=like))
    return drawn.reshape(shape)
