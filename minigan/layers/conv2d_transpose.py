"""The transposed convolution layer: its forward pass is the input gradient of a convolution.

So its own gradients are that convolution and its weight gradient, and no new function is needed.
"""

import numpy as np

from .. import validation
from ..backend import Array
from ..errors import InputError
from .base import Shape, sum_over_rows
from .conv2d import ConvolutionLayer
from .convolution import Geometry, Padding, conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from .initializers import Initializer, glorot_uniform


def conv_transpose_geometry(
    in_size: tuple[int, int], kernel_size: tuple[int, int], stride: int, padding: Padding, output_padding: int
) -> Geometry:
    """Return the sizes of the *convolution* whose input gradient maps ``in_size`` pixels to its own larger input.

    ``padding`` p:         OH = (H - 1) s - 2 p + KH + output_padding.
    ``"same"``, as Keras:  OH = H s.

    When s > 1, several input sizes of a convolution have the same output size. ``output_padding`` in [0, s) selects
    one.

    Raises
    ------
    InputError
        If the padding leaves no pixel.
    """
    if padding == "same":
        out_size = (in_size[0] * stride, in_size[1] * stride)
    else:
        out_size = tuple(  # type: ignore[assignment]
            (n - 1) * stride - 2 * padding + k + output_padding for n, k in zip(in_size, kernel_size, strict=True)
        )
    if min(out_size) < 1:
        raise InputError(
            f"padding: expected a size that leaves pixels for an input of {in_size} and a kernel of {kernel_size}, "
            f"got {padding!r}"
        )
    return conv_geometry(out_size, kernel_size, stride, padding)


class Conv2DTranspose(ConvolutionLayer):
    """Enlarge an image activation with a transposed convolution: (H, W, N, C) -> (OH, OW, N, F).

    Let conv be the convolution from F channels on OH x OW pixels to C channels on H x W pixels.

    Forward   y = conv2d_input_grad(x, w) + b        each x[h, w] paints a KH x KW patch of y
    Backward  dx = conv2d(dy, w)                     dw = conv2d_weight_grad(dy, x)       db = sum over rows of dy
    Tangent   y_dot = conv2d_input_grad(x_dot, w)

    These formulas follow from <dy, conv^T x> = <conv dy, x>, and from the bilinear identity of `convolution` with x and
    dy exchanged (Dumoulin & Visin 2016, section 4).

    Parameters
    ----------
    filters, kernel_size, stride, padding, use_bias, initializer
        As in `Conv2D`, but w is (KH, KW, F, C). The initializer is told fan_in = C KH KW, as for stride 1; with stride
        s, an output pixel is the sum of about C KH KW / s^2 products only.
    output_padding : int in [0, stride)
        Rows and columns that are added below and to the right; 0 with ``"same"`` padding.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: Padding = "same",
        output_padding: int = 0,
        use_bias: bool = True,
        initializer: Initializer = glorot_uniform,
    ) -> None:
        super().__init__(
            filters, kernel_size, stride=stride, padding=padding, use_bias=use_bias, initializer=initializer
        )
        if validation.integer("output_padding", output_padding, least=0) >= stride:
            raise InputError(f"output_padding: expected an integer in [0, stride={stride}), got {output_padding!r}")
        if output_padding and padding == "same":
            raise InputError(
                f"output_padding: expected 0 with 'same' padding, which fixes the size, got {output_padding}"
            )
        self.output_padding = output_padding

    def build(self, input_shape: Shape) -> Shape:
        size, channels = self.image_size(input_shape), input_shape[2]
        self.geometry = conv_transpose_geometry(size, self.kernel_size, self.stride, self.padding, self.output_padding)
        self.array_shapes = {"w": (*self.kernel_size, self.filters, channels), "b": (self.filters,)}
        return (*self.geometry.in_size, self.filters)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        y = conv2d_input_grad(x, self.w, self.geometry)
        return (y + self.b if self.use_bias else y), x

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return conv2d(dy, self.w, self.geometry)

    def add_param_grads(self, dy: Array, cache: Array) -> None:
        x = cache
        self.dw += conv2d_weight_grad(dy, x, self.geometry)
        if self.use_bias:
            self.db += sum_over_rows(dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Array) -> None:
        self.dw += conv2d_weight_grad(dy, x_dot, self.geometry)  # the tangent does not depend on the bias

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return conv2d_input_grad(x_dot, self.w, self.geometry)

    def __repr__(self) -> str:
        plain = super().__repr__()
        return f"{plain[:-1]}, output_padding={self.output_padding})" if self.output_padding else plain
