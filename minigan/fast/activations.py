"""The twins of LeakyReLU, ReLU and tanh: they have no branch, and make one pass over memory."""

from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from .elementwise import as_rows, elementwise
from .fuse import fused
from .twin import Twin


@elementwise()
def leaky_relu(x: Array, slope: float, y: Array) -> None:
    """Compute y = max(x, slope x)."""
    xp = get_array_module(x)
    xp.multiply(x, slope, out=y)
    xp.maximum(x, y, out=y)


def multiply_by_slope(dy: Array, y: Array, slope: float, dx: Array) -> None:
    """Compute dx = ((1 - slope) [y > 0] + slope) dy, without a branch."""
    dx[...] = y > 0
    dx *= 1 - slope
    dx += slope
    dx *= dy


leaky_relu_grad = elementwise()(multiply_by_slope)


@elementwise()
def tanh(x: Array, y: Array) -> None:
    """Compute y = tanh(x)."""
    get_array_module(x).tanh(x, out=y)


@elementwise()
def tanh_grad(dy: Array, y: Array, dx: Array) -> None:
    """Compute dx = (1 - y^2) dy."""
    xp = get_array_module(dy)
    xp.multiply(y, y, out=dx)
    xp.subtract(1, dx, out=dx)
    dx *= dy


class FastLeakyReLU(Twin):
    """Compute `LeakyReLU` or `ReLU`."""

    how = "one pass"

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.slope = layer.negative_slope

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        (y,) = leaky_relu(as_rows(x), self.slope)
        return y.reshape(x.shape), y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return leaky_relu_grad(as_rows(dy), cache, self.slope)[0].reshape(dy.shape)

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)


class FastTanh(Twin):
    """Compute `Tanh`."""

    how = "one pass"

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        (y,) = tanh(as_rows(x))
        return y.reshape(x.shape), y

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return tanh_grad(as_rows(dy), cache)[0].reshape(dy.shape)

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)


class FastRescaling(Twin):
    """Compute `Rescaling`."""

    how = "one pass"

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.layer = layer

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        return rescale(x, float(self.layer.scale), float(self.layer.offset)), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return self.layer.input_grad(dy, cache)

    def jvp(self, x_dot: Array, cache: None) -> Array:
        return self.layer.input_grad(x_dot, cache)


@fused
def rescale(x: Array, scale: float, offset: float) -> Array:
    """Compute scale x + offset."""
    y = x * scale
    y += offset
    return y
