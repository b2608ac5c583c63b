"""The twins of the dense layer, alone and with the activation after it; the cores share their products."""

from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from .activations import FastLeakyReLU
from .elementwise import add_column_sums
from .fuse import fused
from .threads import Task, matmul, product_parts, run
from .twin import LinearTwin, Twin

LONG = 512  # outputs from which w dy^T takes less time than dy w^T, because a BLAS must first turn w around for it


@partial(fused, outputs=1)
def add_bias(b: Array, y: Array) -> None:
    """Compute y <- y + b."""
    y += b


@partial(fused, outputs=1)
def add_bias_leaky_relu(b: Array, slope: float, y: Array) -> None:
    """Compute y <- max(h, slope h) with h = y + b."""
    y += b
    get_array_module(y).maximum(y, y * slope, out=y)


@partial(fused, outputs=1)
def add_bias_relu(b: Array, y: Array) -> None:
    """Compute y <- max(y + b, 0)."""
    y += b
    get_array_module(y).maximum(y, 0, out=y)


class FastDense(LinearTwin):
    """Compute `Dense` with its products in parts, which the threads share.

    Both halves of the backward pass are one list of parts. On a CPU, dx of a layer with many outputs lies in memory as
    (C, N), because it is computed as (w dy^T)^T.
    """

    how = "threads"

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = matmul(x, self.w)
        if self.layer.use_bias:
            add_bias(self.layer.b, y)
        return y, x

    def backward(self, dy: Array, cache: Array, *, param_grads: bool = True) -> Array:
        dx, parts = self._dx_parts(dy, cache)
        run([*parts, *self._param_grads_parts(dy, cache)] if param_grads else parts)
        return dx

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return self.backward(dy, cache, param_grads=False)

    def add_param_grads(self, dy: Array, cache: Array) -> None:
        run(self._param_grads_parts(dy, cache))

    def _dx_parts(self, dy: Array, x: Array) -> tuple[Array, list[Task]]:
        """Return an empty dx, and the tasks that fill it; dx has the order of x in memory, or the other one."""
        xp, units = get_array_module(x), self.layer.units
        turned = xp is np and (units >= LONG or not x.flags.c_contiguous)
        dx = xp.empty(x.shape, x.dtype, order="F" if turned else "C")
        if units == 1:  # a BLAS is slow at the product of two vectors
            return dx, [partial(xp.multiply, dy, self.w.T, dx)]
        return dx, product_parts(dy, self.w.T, dx)

    def _param_grads_parts(self, dy: Array, x: Array) -> list[Task]:
        parts = product_parts(x.T, dy, self.dw, add=True)
        return [*parts, partial(add_column_sums, self.layer.db, dy)] if self.layer.use_bias else parts

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        run(product_parts(x_dot.T, dy, self.dw, add=True))

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return matmul(x_dot, self.w)


class DenseLeakyReLU(Twin):
    """Compute `Dense` and the `LeakyReLU` or `ReLU` after it; on a GPU, bias and activation are one kernel.

    The cache is (x, y).
    """

    how = "fused"

    def __init__(self, dense: Any, activation: Any) -> None:
        super().__init__(dense, activation)
        self.dense, self.activation = FastDense(dense), FastLeakyReLU(activation)

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, tuple[Array, Array]]:
        dense, slope = self.dense.layer, self.activation.slope
        y, b = matmul(x, dense.w), dense.b if dense.use_bias else 0.0
        if slope:
            add_bias_leaky_relu(b, slope, y)
        else:
            add_bias_relu(b, y)
        return y, (x, y)

    def backward(self, dy: Array, cache: tuple[Array, Array], *, param_grads: bool = True) -> Array:
        return self.dense.backward(self.activation.input_grad(dy, cache[1]), cache[0], param_grads=param_grads)

    def input_grad(self, dy: Array, cache: tuple[Array, Array]) -> Array:
        return self.backward(dy, cache, param_grads=False)

    def add_param_grads(self, dy: Array, cache: tuple[Array, Array]) -> None:
        self.dense.add_param_grads(self.activation.input_grad(dy, cache[1]), cache[0])

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: tuple[Array, Array]) -> None:
        self.dense.add_tangent_param_grads(self.activation.input_grad(dy, cache[1]), x_dot, cache[0])

    def jvp(self, x_dot: Array, cache: tuple[Array, Array]) -> Array:
        return self.activation.jvp(self.dense.jvp(x_dot, cache[0]), cache[1])
