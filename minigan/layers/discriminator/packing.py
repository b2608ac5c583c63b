"""PackSamples: several samples as one input, so that a discriminator can see how much they differ."""

import numpy as np

from ... import validation
from ...backend import Array
from ...errors import InputError
from ..base import Layer, Shape


class PackSamples(Layer):
    """Put m neighbouring samples on one channel axis: (N, C) -> (N/m, m C), (H, W, N, C) -> (H, W, N/m, m C).

    Forward   y[p, j C + c] = x[p m + j, c]      for pack p = 0 .. N/m - 1, j = 0 .. m - 1
    Backward  dx[p m + j, c] = dy[p, j C + c]    a permutation of the elements: its transpose undoes it
    Tangent   the same permutation

    First in a discriminator it makes that one judge m independent samples at once, all real or all fake. A generator
    that lost a mode is then easier to tell: its packs differ less than real ones (Lin, Khetan, Fanti & Oh 2018,
    "PacGAN: The power of two samples in generative adversarial networks", arXiv 1712.04086, section 2). Samples of one
    pack share one logit, so they must not be real and fake at once: `discriminator_step` sees to it. A penalty on D's
    slope bounds it sample by sample.

    Parameters
    ----------
    samples : m, at least 1; N must be a multiple of it
    """

    piecewise_linear = True
    couples_samples = True

    def __init__(self, samples: int) -> None:
        self.samples = validation.integer("samples", samples)

    def build(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.samples * input_shape[-1])

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        n, m = x.shape[-2], self.samples
        if n % m:
            raise InputError(f"x: expected a multiple of {m} samples for PackSamples({m}), got {n}")
        return x.reshape(*x.shape[:-2], n // m, m * x.shape[-1]), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        *pixels, n, c = dy.shape
        return dy.reshape(*pixels, n * self.samples, c // self.samples)

    def jvp(self, x_dot: Array, cache: None) -> Array:
        return self.forward(x_dot, train=False)[0]

    def __repr__(self) -> str:
        return f"PackSamples({self.samples})"
