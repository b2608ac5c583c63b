"""Gaussian noise on what a network sees: instance noise, when it stands first in a discriminator."""

import numpy as np

from ... import validation
from ...backend import Array, device_of, to_device
from ...errors import InputError
from ..base import SymmetricLayer


class GaussianNoise(SymmetricLayer):
    """y = x + std e in training, e standard normal and independent; y = x in eval; dx = dy.

    First in D it blurs real samples and fakes alike, so that both densities overlap and D's slope says where to go
    (Sonderby et al. 2017, arXiv 1610.04490, section 2.6; Arjovsky & Bottou 2017, arXiv 1701.04862, section 3).

    Parameters
    ----------
    std : at least 0, in units of x; may be lowered as training goes on (``layer.std = ...``)
    """

    piecewise_linear = True

    def __init__(self, *, std: float) -> None:
        self.std = validation.not_negative("std", std)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        if not train or self.std == 0:
            return x, None
        if rng is None:
            raise InputError("rng: expected a Generator, since GaussianNoise draws noise in training, got None")
        noise = self.std * rng.standard_normal(x.shape, dtype=np.float32)
        return x + to_device(noise.astype(x.dtype, copy=False), device_of(x)), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return dy

    def __repr__(self) -> str:
        return f"GaussianNoise(std={self.std:g})"
