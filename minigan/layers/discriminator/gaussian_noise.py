"""Gaussian noise on the input of a network; as the first layer of a discriminator it is called instance noise."""

import numpy as np

from ... import validation
from ...backend import Array, device_of, feed
from ...errors import InputError
from ..base import SymmetricLayer


class GaussianNoise(SymmetricLayer):
    """Add noise in training: y = x + std e with e standard normal and independent; y = x in eval; dx = dy.

    As the first layer of D it blurs real samples and fakes in the same way. Then both densities overlap, and D's slope
    shows G where to go (Sonderby et al. 2017, arXiv 1610.04490, section 3.2.1; Arjovsky & Bottou 2017, arXiv
    1701.04862, section 3).

    Parameters
    ----------
    std : float >= 0
        In units of x; it may be lowered during training (``layer.std = ...``).
    """

    piecewise_linear = True

    def __init__(self, *, std: float) -> None:
        self.std = validation.not_negative("std", std)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        if not train or self.std == 0:
            return x, None
        if rng is None:
            raise InputError("rng: expected a Generator, since GaussianNoise draws noise in training, got None")

        def draw() -> np.ndarray:
            return (self.std * rng.standard_normal(x.shape, dtype=np.float32)).astype(x.dtype, copy=False)

        return x + feed(draw, device_of(x)), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return dy

    def __repr__(self) -> str:
        return f"GaussianNoise(std={self.std:g})"
