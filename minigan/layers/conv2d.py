"""The convolution layer: it owns w and b, and the three functions of `convolution` compute the sums."""

from math import prod

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device
from ..errors import InputError
from .base import Layer, Shape, sum_over_rows
from .convolution import Geometry, Padding, conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from .initializers import Initializer, glorot_uniform


class ConvolutionLayer(Layer):
    """The base of both convolution layers: their options, their sizes, and their initial weights."""

    built = ("geometry",)
    piecewise_linear = True
    w: Array
    b: Array
    dw: Array
    db: Array
    geometry: Geometry

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
        self.padding: Padding = "same"
        if padding != "same":
            self.padding = validation.integer("padding (or 'same')", padding, least=0)
        self.use_bias = use_bias
        self.initializer = initializer
        self.params = ("w", "b") if use_bias else ("w",)

    def image_size(self, input_shape: Shape) -> tuple[int, int]:
        """Return (H, W) of an input shape (H, W, C).

        Raises
        ------
        InputError
            If the input shape has another form.
        """
        if len(input_shape) != 3:
            raise InputError(f"{type(self).__name__}: expected an input of shape (H, W, C), got {input_shape}")
        return input_shape[0], input_shape[1]

    def initialize(self, rng: np.random.Generator) -> None:
        # fan_in = C * taps and fan_out = F * taps, for both layers
        per_tap = prod(self.kernel_size)
        channels = self.w.size // per_tap // self.filters
        w = self.initializer(rng, self.w.shape, channels * per_tap, self.filters * per_tap)
        self.w[...] = to_device(w, device_of(self.w))
        if self.use_bias:
            self.b[...] = 0

    def __repr__(self) -> str:
        kh, kw = self.kernel_size
        options = f", stride={self.stride}, padding={self.padding!r}{'' if self.use_bias else ', use_bias=False'}"
        return f"{type(self).__name__}({self.filters}, {kh if kh == kw else self.kernel_size}{options})"


class Conv2D(ConvolutionLayer):
    """Convolve an image activation with a kernel: (H, W, N, C) -> (OH, OW, N, F).

    Forward   y[oh, ow] = sum_{kh, kw} x[oh s + kh - top, ow s + kw - left] @ w[kh, kw] + b
    Backward  dx = conv2d_input_grad(dy, w)      dw = conv2d_weight_grad(x, dy)      db = sum over rows of dy
    Tangent   y_dot = conv2d(x_dot, w)

    The module `convolution` derives these formulas. The kernel is not flipped, as usual in deep learning.

    Parameters
    ----------
    filters : int >= 1
        Number of output channels F.
    kernel_size : int >= 1, or tuple
        KH = KW, or the pair (KH, KW).
    stride : int >= 1
        Step s in the input from one output pixel to the next.
    padding : int >= 0, or "same"
        Number of zeros on every side; ``"same"`` means OH = ceil(H / s), as in Keras.
    use_bias : bool
        Whether there is a bias b (F,).
    initializer : Initializer
        Draws w (KH, KW, C, F); b starts at 0.
    """

    def build(self, input_shape: Shape) -> Shape:
        size, channels = self.image_size(input_shape), input_shape[2]
        self.geometry = conv_geometry(size, self.kernel_size, self.stride, self.padding)
        self.array_shapes = {"w": (*self.kernel_size, channels, self.filters), "b": (self.filters,)}
        return (*self.geometry.out_size, self.filters)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = conv2d(x, self.w, self.geometry)
        return (y + self.b if self.use_bias else y), x

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return conv2d_input_grad(dy, self.w, self.geometry)

    def add_param_grads(self, dy: Array, cache: Array) -> None:
        x = cache
        self.dw += conv2d_weight_grad(x, dy, self.geometry)
        if self.use_bias:
            self.db += sum_over_rows(dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        self.dw += conv2d_weight_grad(x_dot, dy, self.geometry)  # the tangent does not depend on the bias

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return conv2d(x_dot, self.w, self.geometry)
