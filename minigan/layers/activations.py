"""The activations: each maps every element by itself, so J is diagonal and `jvp` is the same as `input_grad`."""

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from .base import SymmetricLayer


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), finite and exact to rounding for every x.

    Only e = exp(-|x|) in (0, 1] is computed, which cannot overflow. The result is 1 / (1 + e) for x >= 0, and e / (1 +
    e) for x < 0; the numerator is exp(min(x, 0)) in both cases. In float32, a GPU may round results below 1.2e-38 to 0.
    """
    xp = get_array_module(x)
    return xp.exp(xp.minimum(x, 0)) / (1 + xp.exp(-xp.abs(x)))


class LeakyReLU(SymmetricLayer):
    """Multiply the negative elements by a small slope and keep the others (Maas et al. 2013, section 2).

    Forward   y = max(x, s x)                      with s = negative_slope in [0, 1)
    Backward  dx = dy * (1 if x > 0 else s)        at x = 0 the left derivative s is taken

    The cache is y, because y > 0 exactly where x > 0.

    Parameters
    ----------
    negative_slope : float in [0, 1)
    """

    piecewise_linear = True

    def __init__(self, *, negative_slope: float) -> None:
        self.negative_slope = validation.fraction("negative_slope", negative_slope)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = get_array_module(x).maximum(x, self.negative_slope * x)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return get_array_module(dy).where(cache > 0, dy, self.negative_slope * dy)

    def __repr__(self) -> str:
        return f"LeakyReLU(negative_slope={self.negative_slope:g})"


class ReLU(LeakyReLU):
    """Set the negative elements to 0: y = max(x, 0), dx = dy * (x > 0); this is `LeakyReLU` with the slope 0."""

    def __init__(self) -> None:
        super().__init__(negative_slope=0)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = get_array_module(x).maximum(x, 0)
        return y, y

    def __repr__(self) -> str:
        return "ReLU()"


class Tanh(SymmetricLayer):
    """Map each element into (-1, 1): y = tanh(x), dx = dy * (1 - y^2)."""

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = get_array_module(x).tanh(x)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return dy * (1 - cache * cache)


class Sigmoid(SymmetricLayer):
    """Map each element into (0, 1): y = 1 / (1 + exp(-x)), dx = dy * y (1 - y).

    A discriminator of this package ends in a logit and not in this layer. The losses compute the sigmoid themselves, in
    a form that does not overflow and keeps its gradient.
    """

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = sigmoid(x)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return dy * (cache * (1 - cache))
