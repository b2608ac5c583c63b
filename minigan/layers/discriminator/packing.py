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

    As the first layer of a discriminator it lets D judge m independent samples together, all real or all fake. If a
    generator has lost a mode, its packs differ less than real ones, so D recognises them more easily (Lin, Khetan,
    Fanti & Oh 2018, "PacGAN: The power of two samples in generative adversarial networks", arXiv 1712.04086, section
    2). The samples of one pack share one logit, so a pack must not mix real samples and fakes; `discriminator_step`
    takes care of this. A penalty limits D's slope for each sample, not for each pack.

    Parameters
    ----------
    samples : int >= 1
        m

    Raises
    ------
    InputError
        In ``forward``, if N is not a multiple of m.
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
