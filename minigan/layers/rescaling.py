"""Rescaling: a fixed scale and offset, which decide what a network sees as 0."""

import numpy as np

from .. import validation
from ..backend import Array
from .base import SymmetricLayer


class Rescaling(SymmetricLayer):
    """Multiply each element by a fixed number and add another one: y = scale x + offset, dx = scale dy.

    In an image in [-1, 1], black is -1, and four fifths of a digit are black. With offset 1 in front of a dense
    discriminator, black becomes 0, and the weights get no gradient from the background. Otherwise the background would
    push all weights in the same direction, like one very large bias. Inputs should have a mean near 0 (LeCun et al.
    1998, "Efficient BackProp", section 4.3).

    Parameters
    ----------
    scale, offset : float
    """

    piecewise_linear = True

    def __init__(self, *, scale: float = 1.0, offset: float = 0.0) -> None:
        self.scale = validation.finite("scale", scale)
        self.offset = validation.finite("offset", offset)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        return x * self.scale + self.offset, None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return dy * self.scale

    def __repr__(self) -> str:
        return f"Rescaling(scale={self.scale:g}, offset={self.offset:g})"
