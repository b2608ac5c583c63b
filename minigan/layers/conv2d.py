"""The convolution layer: owns w and b, and leaves the arithmetic to the three functions of one bilinear map."""

from math import prod

import numpy as np

from .. import validation
from ..backend import Array, device_of, get_array_module, to_device
from ..errors import InputError
from ..fast.cost import Form, choose
from .base import Layer, Shape, add_bias, sum_over_rows
from .convolution import Geometry, Padding, conv_geometry
from .initializers import Initializer, glorot_uniform

Operands = tuple[Array, Array]  # the input and the kernel of one pass, as the form has prepared them


class ConvBase(Layer):
    """What the two convolution layers share: all but their sizes, and the form that computes them."""

    piecewise_linear = True
    w: Array
    b: Array
    dw: Array
    db: Array
    geometry: Geometry
    form: Form

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: Padding = "same",
        use_bias: bool = True,
        initializer: Initializer = glorot_uniform,
    ) -> None:
        pair = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        if len(pair) != 2:
            raise InputError(f"kernel_size: expected an integer or a pair (KH, KW), got {kernel_size!r}")
        self.filters = validation.integer("filters", filters)
        self.kernel_size = (validation.integer("kernel_size", pair[0]), validation.integer("kernel_size", pair[1]))
        self.stride = validation.integer("stride", stride)
        self.padding: Padding = (
            "same" if padding == "same" else validation.integer("padding (or 'same')", padding, least=0)
        )
        self.use_bias = use_bias
        self.initializer = initializer
        self.params = ("w", "b") if use_bias else ("w",)

    def _image_size(self, input_shape: Shape) -> tuple[int, int]:
        if len(input_shape) != 3:
            raise InputError(f"{type(self).__name__}: expected an input of shape (H, W, C), got {input_shape}")
        return input_shape[0], input_shape[1]

    def _param_shapes(self, w_shape: Shape) -> dict[str, Shape]:
        return {"w": w_shape, "b": (self.filters,)} if self.use_bias else {"w": w_shape}

    def initialize(self, rng: np.random.Generator) -> None:
        # fan_in = C * taps and fan_out = F * taps, for either layer
        per_tap = prod(self.kernel_size)
        channels = self.w.size // per_tap // self.filters
        w = self.initializer(rng, self.w.shape, channels * per_tap, self.filters * per_tap)
        self.w[...] = to_device(w, device_of(self.w))
        if self.use_bias:
            self.b[...] = 0

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Operands]:
        form, g = self.form, self.geometry
        xf, wf = form.image(get_array_module(x).ascontiguousarray(x), g), form.kernel(self.w, g)
        y = form.conv2d(xf, wf, g)
        if self.use_bias:
            add_bias(y, self.b)
        return y, (xf, wf)

    def backward(self, dy: Array, cache: Operands, *, param_grads: bool, input_grad: bool) -> Array | None:
        xf, wf = cache
        form, g = self.form, self.geometry
        dyf = form.gradient(get_array_module(dy).ascontiguousarray(dy), g)

        def add_param_grads() -> None:
            self.dw += form.weight_grad(xf, dyf, g)
            if self.use_bias:
                self.db += sum_over_rows(dy)

        dx = (lambda: form.input_grad(dyf, wf, g)) if input_grad else None
        return self._halves(dy, dx, add_param_grads if param_grads else None)

    def jvp(self, x_dot: Array, cache: Operands) -> Array:
        xf_dot = self.form.image(get_array_module(x_dot).ascontiguousarray(x_dot), self.geometry)
        return self.form.conv2d(xf_dot, cache[1], self.geometry)

    def input_grad(self, dy: Array, cache: Operands) -> Array:
        return self.backward(dy, cache, param_grads=False, input_grad=True)

    def add_param_grads(self, dy: Array, cache: Operands) -> None:
        self.backward(dy, cache, param_grads=True, input_grad=False)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Operands) -> None:
        xp, form, g = get_array_module(dy), self.form, self.geometry
        xf_dot, dyf = form.image(xp.ascontiguousarray(x_dot), g), form.gradient(xp.ascontiguousarray(dy), g)
        self.dw += form.weight_grad(xf_dot, dyf, g)  # the bias moves no tangent

    def __repr__(self) -> str:
        kh, kw = self.kernel_size
        options = f", stride={self.stride}, padding={self.padding!r}{'' if self.use_bias else ', use_bias=False'}"
        return f"{type(self).__name__}({self.filters}, {kh if kh == kw else self.kernel_size}{options})"


class Conv2D(ConvBase):
    """Convolution of an image activation: (H, W, N, C) -> (OH, OW, N, F).

    Forward   y[oh, ow] = sum_{kh, kw} x[oh s + kh - top, ow s + kw - left] @ w[kh, kw] + b
    Backward  dx = conv2d_input_grad(dy, w)      dw = conv2d_weight_grad(x, dy)      db = sum over rows of dy
    Tangent   y_dot = conv2d(x_dot, w)

    The derivation stands in `convolution`; `fast` chooses the form in which it is computed. As everywhere in deep
    learning, the kernel is not flipped.

    Parameters
    ----------
    filters : number of output channels F
    kernel_size : KH = KW, or the pair (KH, KW)
    stride : step s between output pixels, at least 1
    padding : zeros on every side, or ``"same"`` with Keras' meaning: OH = ceil(H / s)
    use_bias : whether b (F,) is there
    initializer : draws w (KH, KW, C, F); b starts at 0
    """

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        size = self._image_size(input_shape)
        self.geometry = conv_geometry(size, self.kernel_size, self.stride, self.padding)
        self.form = choose(self.geometry, input_shape[2], self.filters)
        shapes = self._param_shapes((*self.kernel_size, input_shape[2], self.filters))
        return (*self.geometry.out_size, self.filters), shapes
