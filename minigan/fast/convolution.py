"""The twin of both convolution layers: the three maps of one convolution, in the form that is fastest for its sizes."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..layers.conv2d_transpose import Conv2DTranspose
from ..layers.convolution import Geometry
from . import fourier, im2col, im2col_gpu, taps
from .cost import fastest
from .elementwise import add_column_sums, repeat_rows
from .fuse import compiles
from .threads import WRITE_COST, Task, equal_slices, parallel_for
from .twin import LinearTwin

Prepare = Callable[[Array, Geometry], Array]
Multiply = Callable[[Array, Array, Geometry], Array]


def unchanged(operand: Array, g: Geometry) -> Array:
    """Return the operand itself, for the forms that have nothing to prepare."""
    return operand


class Form(NamedTuple):
    """Six functions that together compute a convolution and its two adjoints.

    A form first prepares each operand and then multiplies. The backward pass uses again what the forward pass has
    prepared:

        Xf = prepare_x(x), Wf = prepare_w(w), dYf = prepare_dy(dy)
        y = conv2d(Xf, Wf),  dx = input_grad(dYf, Wf),  dw = weight_grad(Xf, dYf)
    """

    prepare_x: Prepare
    prepare_w: Prepare
    prepare_dy: Prepare
    conv2d: Multiply
    input_grad: Multiply
    weight_grad: Multiply

    def transposed(self) -> "Form":
        """Return the form of the transposed convolution, in which the map and its input gradient change places."""

        def weight_grad(xf: Array, dyf: Array, g: Geometry) -> Array:
            return self.weight_grad(dyf, xf, g)

        return Form(self.prepare_dy, self.prepare_w, self.prepare_x, self.input_grad, self.conv2d, weight_grad)


FORMS = {
    "taps": Form(unchanged, unchanged, unchanged, taps.conv2d, taps.input_grad, taps.weight_grad),
    "im2col": Form(im2col.prepare_x, unchanged, unchanged, im2col.conv2d, im2col.input_grad, im2col.weight_grad),
    "Fourier": Form(
        fourier.prepare_x,
        fourier.prepare_w,
        fourier.prepare_dy,
        fourier.conv2d,
        fourier.input_grad,
        fourier.weight_grad,
    ),
}
GPU_FORM = Form(
    im2col_gpu.prepare_x, unchanged, unchanged, im2col_gpu.conv2d, im2col_gpu.input_grad, im2col_gpu.weight_grad
)


class FastConvolution(LinearTwin):
    """Compute `Conv2D` or `Conv2DTranspose` in one of the `FORMS`, or on a GPU in `GPU_FORM`.

    The cache holds the prepared operands Xf and Wf.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        *_, channels, filters = layer.w.shape  # C and F of the convolution, which a transposed layer runs backwards
        on_gpu = compiles(get_array_module(layer.w))
        self.how = "im2col" if on_gpu else fastest(layer.geometry, channels, filters)
        form = GPU_FORM if on_gpu else FORMS[self.how]
        self.form = form.transposed() if isinstance(layer, Conv2DTranspose) else form
        self.geometry = layer.geometry

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, tuple[Array, Array]]:
        xf, wf = self._prepare(self.form.prepare_x, x), self.form.prepare_w(self.layer.w, self.geometry)
        y = self.form.conv2d(xf, wf, self.geometry)
        if self.layer.use_bias:
            add_bias(y, self.layer.b)
        return y, (xf, wf)

    def _prepare(self, prepare: Prepare, operand: Array) -> Array:
        return prepare(get_array_module(operand).ascontiguousarray(operand), self.geometry)

    def halves(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Callable[[], Array], list[Task]]:
        dyf = self._prepare(self.form.prepare_dy, dy)
        input_grad = partial(self.form.input_grad, dyf, cache[1], self.geometry)
        return input_grad, [partial(self._add_grads, dy, dyf, cache)]

    def _add_grads(self, dy: Array, dyf: Array, cache: tuple[Array, Array]) -> None:
        self.layer.dw += self.form.weight_grad(cache[0], dyf, self.geometry)
        if self.layer.use_bias:
            add_column_sums(self.layer.db, dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: tuple[Array, Array]) -> None:
        xf_dot, dyf = self._prepare(self.form.prepare_x, x_dot), self._prepare(self.form.prepare_dy, dy)
        self.layer.dw += self.form.weight_grad(xf_dot, dyf, self.geometry)  # the tangent does not depend on the bias

    def jvp(self, x_dot: Array, cache: tuple[Array, Array]) -> Array:
        return self.form.conv2d(self._prepare(self.form.prepare_x, x_dot), cache[1], self.geometry)


def add_bias(y: Array, b: Array) -> None:
    """Add the bias b (C,) to an image activation y (H, W, N, C), in place."""
    row = repeat_rows(b, y.shape[2])

    def add(rows: slice) -> None:
        y[rows] += row

    parallel_for(add, equal_slices(len(y), WRITE_COST * y.size // len(y), like=y))
