"""Rescaling: a fixed change of units, for what a network is to see as 0."""

import numpy as np

from .. import validation
from ..backend import Array
from .base import SymmetricLayer


class Rescaling(SymmetricLayer):
    """y = scale x + offset, elementwise and never learned; dx = scale dy.

    With offset 1 in front of a dense discriminator the black of an image in [-1, 1], four fifths of a digit, becomes 0.
    Its weights then get no gradient from the background, which would otherwise drive them all alike, like one huge
    bias: inputs should have a mean near 0 (LeCun et al. 1998, "Efficient BackProp", section 4.3).

    Parameters
    ----------
    scale, offset : any finite numbers
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
