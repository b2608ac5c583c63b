"""The twin of LeakyReLU and ReLU, which writes as few arrays as possible."""

import numpy as np

from ..backend import Array, get_array_module
from ..layers.activations import LeakyReLU
from .twin import Twin


class FastLeakyReLU(Twin):
    """Compute `LeakyReLU` in place and without a branch: dx = dy ((1 - s) [y > 0] + s)."""

    how = "in place"

    def __init__(self, layer: LeakyReLU) -> None:
        super().__init__(layer)
        self.layer = layer

    @property
    def slope(self) -> float:
        """The slope for negative inputs."""
        return self.layer.negative_slope

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        xp = get_array_module(x)
        if self.slope == 0:
            y = xp.maximum(x, 0)
        else:
            y = x * self.slope
            xp.maximum(x, y, out=y)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        if self.slope == 0:
            return dy * (cache > 0)
        dx = (cache > 0).astype(cache.dtype)
        dx *= 1 - self.slope
        dx += self.slope
        dx *= dy
        return dx

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)
