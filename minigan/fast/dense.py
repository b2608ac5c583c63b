"""The twin of the dense layer, whose products are shared between the cores."""

from typing import Any

import numpy as np

from ..backend import Array
from .elementwise import add_column_sums
from .threads import matmul
from .twin import LinearTwin


class FastDense(LinearTwin):
    """Compute `Dense` with every product split by rows or by columns."""

    how = "threads"

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = matmul(x, self.layer.w)
        if self.layer.use_bias:
            y += self.layer.b
        return y, x

    def backward(self, dy: Array, cache: Array, *, param_grads: bool = True) -> Array:
        if not param_grads:
            return self.input_grad(dy, cache)
        return self.both_halves(dy, lambda: self.input_grad(dy, cache), lambda: self.add_param_grads(dy, cache))

    def input_grad(self, dy: Array, cache: Array) -> Array:
        w = self.layer.w
        return dy * w.T if w.shape[1] == 1 else matmul(dy, w.T)  # a BLAS is slow at the product of two vectors

    def add_param_grads(self, dy: Array, cache: Array) -> None:
        self.layer.dw += matmul(cache.T, dy)
        if self.layer.use_bias:
            add_column_sums(self.layer.db, dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        self.layer.dw += matmul(x_dot.T, dy)

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return matmul(x_dot, self.layer.w)
