"""The transposed convolution, for free: it is the input gradient of a convolution, so its gradients are that
convolution itself and its weight gradient."""

from .. import validation
from ..errors import InputError
from ..fast.cost import choose
from .base import Shape
from .conv2d import ConvBase
from .convolution import Geometry, Padding, conv_geometry
from .initializers import Initializer, glorot_uniform


def conv_transpose_geometry(
    in_size: tuple[int, int], kernel_size: tuple[int, int], stride: int, padding: Padding, output_padding: int
) -> Geometry:
    """Sizes of the *convolution* whose input gradient maps ``in_size`` pixels to its own larger input.

    ``padding`` p:         OH = (H - 1) s - 2 p + KH + output_padding.
    ``"same"``, as Keras:  OH = H s.

    Several input sizes of a convolution share one output size when s > 1; ``output_padding`` in [0, s) picks one.
    """
    if padding == "same":
        out_size = (in_size[0] * stride, in_size[1] * stride)
    else:
        out_size = tuple(  # type: ignore[assignment]
            (n - 1) * stride - 2 * padding + k + output_padding for n, k in zip(in_size, kernel_size, strict=True)
        )
    if min(out_size) < 1:
        raise InputError(f"padding: {padding!r} leaves nothing of an input of {in_size} with kernel {kernel_size}")
    return conv_geometry(out_size, kernel_size, stride, padding)


class Conv2DTranspose(ConvBase):
    """Transposed convolution: (H, W, N, C) -> (OH, OW, N, F), larger by the stride.

    Let conv be the convolution from F channels on OH x OW pixels to C channels on H x W pixels.

    Forward   y = conv2d_input_grad(x, w) + b        each x[h, w] paints a KH x KW patch of y
    Backward  dx = conv2d(dy, w)                     dw = conv2d_weight_grad(dy, x)       db = sum over rows of dy
    Tangent   y_dot = conv2d_input_grad(x_dot, w)

    From <dy, conv^T x> = <conv dy, x>, and the bilinear identity of `convolution` with the roles of x and dy
    exchanged (Dumoulin & Visin 2016, section 4). In code that exchange is `Form.transposed`; the rest is `Conv2D`'s.

    Parameters are those of `Conv2D`, with w (KH, KW, F, C), and

    output_padding : in [0, stride), rows and columns added below and to the right; only with integer padding
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
            raise InputError("output_padding: 'same' padding already fixes the size to H * stride; give one of the two")
        self.output_padding = output_padding

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        size = self._image_size(input_shape)
        self.geometry = conv_transpose_geometry(size, self.kernel_size, self.stride, self.padding, self.output_padding)
        self.form = choose(self.geometry, self.filters, input_shape[2]).transposed()
        shapes = self._param_shapes((*self.kernel_size, self.filters, input_shape[2]))
        return (*self.geometry.in_size, self.filters), shapes

    def __repr__(self) -> str:
        plain = super().__repr__()
        return f"{plain[:-1]}, output_padding={self.output_padding})" if self.output_padding else plain
