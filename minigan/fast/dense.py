"""The twins of the dense layer, alone and with the activation after it; the cores share their products."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from .activations import FastLeakyReLU
from .elementwise import add_column_sums
from .fuse import fused
from .products import matmul, product_parts
from .threads import Task, run
from .twin import LinearTwin

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

    On a CPU, dx lies in memory as x does, or as (C, N) if the layer has many outputs: then it is (w dy^T)^T.
    """

    how = "threads"

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = matmul(x, self.w)
        if self.layer.use_bias:
            add_bias(self.layer.b, y)
        return y, x

    def halves(self, dy: Array, cache: Array) -> tuple[Callable[[], Array], list[Task]]:
        tasks = product_parts(cache.T, dy, self.dw, add=True)
        if self.layer.use_bias:
            tasks.append(partial(add_column_sums, self.layer.db, dy))
        return partial(self._input_grad, dy, cache), tasks

    def _input_grad(self, dy: Array, x: Array) -> Array:
        xp, units = get_array_module(x), self.layer.units
        turned = xp is np and (units >= LONG or not x.flags.c_contiguous)
        dx = xp.empty(x.shape, x.dtype, order="F" if turned else "C")
        if units == 1:
            return xp.multiply(dy, self.w.T, out=dx)  # a BLAS is slow at the product of two vectors
        run(product_parts(dy, self.w.T, dx))
        return dx

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        run(product_parts(x_dot.T, dy, self.dw, add=True))

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return matmul(x_dot, self.w)


class DenseLeakyReLU(LinearTwin):
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
        y, slope = matmul(x, self.w), self.activation.slope
        b = self.layer.b if self.layer.use_bias else 0.0
        if slope:
            add_bias_leaky_relu(b, slope, y)
        else:
            add_bias_relu(b, y)
        return y, (x, y)

    def halves(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Callable[[], Array], list[Task]]:
        x, y = cache
        return self.dense.halves(self.activation.input_grad(dy, y), x)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: tuple[Array, Array]) -> None:
        x, y = cache
        self.dense.add_tangent_param_grads(self.activation.input_grad(dy, y), x_dot, x)

    def jvp(self, x_dot: Array, cache: tuple[Array, Array]) -> Array:
        x, y = cache
        return self.activation.jvp(self.dense.jvp(x_dot, x), y)
