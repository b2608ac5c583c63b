"""The dense layer, y = x w + b; the convolutions are built from the same matrix product."""

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device
from ..errors import InputError
from .base import Layer, Shape, sum_over_rows
from .initializers import Initializer, glorot_uniform


class Dense(Layer):
    """Multiply every sample by a matrix and add a bias: (N, C) -> (N, F).

    Forward   y = x w + b               # (N, C) @ (C, F) + (F,) -> (N, F)
    Backward  dx = dy w^T               # (N, F) @ (F, C) -> (N, C)
              dw = x^T dy               # (C, N) @ (N, F) -> (C, F)
              db = sum_n dy[n]          # -> (F,)
    Tangent   y_dot = x_dot w

    The gradients follow from dL = sum <dy, dx w> for a small change dx of x, and in the same way for w and b
    (Goodfellow, Bengio & Courville 2016, section 6.5.6).

    Parameters
    ----------
    units : int >= 1
        Number of outputs F.
    use_bias : bool
        Whether there is a bias b.
    initializer : Initializer
        Draws w; b starts at 0.
    """

    piecewise_linear = True
    w: Array
    b: Array
    dw: Array
    db: Array

    def __init__(self, units: int, *, use_bias: bool = True, initializer: Initializer = glorot_uniform) -> None:
        self.units = validation.integer("units", units)
        self.use_bias = use_bias
        self.initializer = initializer
        self.params = ("w", "b") if use_bias else ("w",)

    def build(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise InputError(f"Dense: expected an input of shape (C,), got {input_shape}; put Flatten before it")
        self.array_shapes = {"w": (input_shape[0], self.units), "b": (self.units,)}
        return (self.units,)

    def initialize(self, rng: np.random.Generator) -> None:
        fan_in, fan_out = self.w.shape
        self.w[...] = to_device(self.initializer(rng, self.w.shape, fan_in, fan_out), device_of(self.w))
        if self.use_bias:
            self.b[...] = 0

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = x @ self.w
        return (y + self.b if self.use_bias else y), x

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return dy @ self.w.T

    def add_param_grads(self, dy: Array, cache: Array) -> None:
        x = cache
        self.dw += x.T @ dy
        if self.use_bias:
            self.db += sum_over_rows(dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        self.dw += x_dot.T @ dy  # the tangent does not depend on the bias

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return x_dot @ self.w

    def __repr__(self) -> str:
        return f"Dense({self.units}{'' if self.use_bias else ', use_bias=False'})"
