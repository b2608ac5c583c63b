"""Dropout: noise during training, the identity otherwise."""

import numpy as np

from .. import checks
from ..backend import Array, bernoulli
from ..errors import InputError
from .base import SymmetricLayer


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
        self.rate = checks.fraction("rate", rate)

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
