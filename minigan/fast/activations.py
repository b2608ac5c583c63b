"""The twins of LeakyReLU, ReLU, tanh and rescaling: no branch, few arrays, and on a GPU one kernel."""

from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from .fuse import fused
from .twin import Twin


@fused
def leaky_relu(x: Array, slope: float) -> Array:
    """Compute max(x, slope x)."""
    y = x * slope
    return get_array_module(x).maximum(x, y, out=y)


@fused
def relu(x: Array) -> Array:
    """Compute max(x, 0)."""
    return get_array_module(x).maximum(x, 0)


def multiply_by_slope(dy: Array, y: Array, slope: float, dx: Array) -> None:
    """Compute dx = ((1 - slope) [y > 0] + slope) dy, without a branch."""
    dx[...] = y > 0
    dx *= 1 - slope
    dx += slope
    dx *= dy


leaky_relu_grad = fused(multiply_by_slope, outputs=1)


@partial(fused, outputs=1)
def tanh_grad(dy: Array, y: Array, dx: Array) -> None:
    """Compute dx = (1 - y^2) dy."""
    xp = get_array_module(dy)
    xp.multiply(y, y, out=dx)
    xp.subtract(1, dx, out=dx)
    dx *= dy


@fused
def rescale(x: Array, scale: float, offset: float) -> Array:
    """Compute scale x + offset."""
    y = x * scale
    y += offset
    return y


class FastLeakyReLU(Twin):
    """Compute `LeakyReLU` or `ReLU` in place and without a branch."""

    how = "in place"

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.slope = layer.negative_slope

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = leaky_relu(x, self.slope) if self.slope else relu(x)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        dx = get_array_module(dy).empty_like(cache)
        leaky_relu_grad(dy, cache, self.slope, dx)
        return dx

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)


class FastTanh(Twin):
    """Compute `Tanh` with a backward pass in place."""

    how = "in place"

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = get_array_module(x).tanh(x)
        return y, y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        dx = get_array_module(dy).empty_like(cache)
        tanh_grad(dy, cache, dx)
        return dx

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)


class FastRescaling(Twin):
    """Compute `Rescaling` in place; with the scale 1, the gradient passes as it is."""

    how = "in place"

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.scale, self.offset = float(layer.scale), float(layer.offset)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        return rescale(x, self.scale, self.offset), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return dy if self.scale == 1 else dy * self.scale

    def jvp(self, x_dot: Array, cache: None) -> Array:
        return self.input_grad(x_dot, cache)
