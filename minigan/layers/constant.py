"""The constant layer: it learns one point and ignores its input; the Dirac GAN uses it as the generator."""

import numpy as np

from .. import validation
from ..backend import Array, device_of, get_array_module, to_device
from .base import Layer, Shape, sum_over_rows
from .initializers import Initializer, normal


class Constant(Layer):
    """Return the same learned vector for every sample: (N, C) -> (N, F).

    Forward   y[n] = b
    Backward  dx = 0,  db = sum_n dy[n]
    Tangent   y_dot = 0

    Parameters
    ----------
    units : int >= 1
        Number of outputs F.
    initializer : Initializer
        Draws b.
    """

    params = ("b",)
    piecewise_linear = True

    def __init__(self, units: int, *, initializer: Initializer = normal(1.0)) -> None:  # noqa: B008 - a pure function
        self.units = validation.integer("units", units)
        self.initializer = initializer

    b: Array
    db: Array

    def build(self, input_shape: Shape) -> Shape:
        self.array_shapes = {"b": (self.units,)}
        return (self.units,)

    def initialize(self, rng: np.random.Generator) -> None:
        self.b[...] = to_device(self.initializer(rng, self.b.shape, 1, self.units), device_of(self.b))

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Shape]:
        return get_array_module(x).tile(self.b, (len(x), 1)), x.shape

    def input_grad(self, dy: Array, cache: Shape) -> Array:
        return get_array_module(dy).zeros(cache, dtype=dy.dtype)

    def add_param_grads(self, dy: Array, cache: Shape) -> None:
        self.db += sum_over_rows(dy)

    def jvp(self, x_dot: Array, cache: Shape) -> Array:
        return get_array_module(x_dot).zeros((len(x_dot), self.units), dtype=x_dot.dtype)

    def __repr__(self) -> str:
        return f"Constant({self.units})"
