"""Forms of the convolution: the same three maps as `convolution`, in the way that is fastest for the sizes at hand.

A form first brings each operand into its own shape, then multiplies. What the forward pass has prepared, the backward
pass uses again:

    Xf = image(x), Wf = kernel(w), dYf = gradient(dy)
    y = conv2d(Xf, Wf),  dx = input_grad(dYf, Wf),  dw = weight_grad(Xf, dYf)

The form is chosen by the sizes alone, never by the user, and each is tested equal to the direct one.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from ..backend import Array
from ..layers import convolution
from ..layers.convolution import Geometry, taps
from . import fourier, im2col
from .threads import WRITE_COST

BATCH = 64  # over which the cost rule spreads what is done once per batch

Prepare = Callable[[Array, Geometry], Array]
Multiply = Callable[[Array, Array, Geometry], Array]


class Form(NamedTuple):
    """Six functions that together compute a convolution and its two adjoints."""

    name: str
    image: Prepare
    kernel: Prepare
    gradient: Prepare
    conv2d: Multiply
    input_grad: Multiply
    weight_grad: Multiply

    def transposed(self) -> "Form":
        """Return the form of the transposed convolution: the input gradient as the map, the map as its adjoint."""
        return Form(
            self.name,
            self.gradient,
            self.kernel,
            self.image,
            self.input_grad,
            self.conv2d,
            lambda xf, dyf, g: self.weight_grad(dyf, xf, g),
        )


def _as_it_is(operand: Array, g: Geometry) -> Array:
    return operand


DIRECT = Form(
    "direct",
    _as_it_is,
    _as_it_is,
    _as_it_is,
    convolution.conv2d,
    convolution.conv2d_input_grad,
    convolution.conv2d_weight_grad,
)
STACKED = Form(
    "stacked taps",
    im2col.image,
    _as_it_is,
    _as_it_is,
    im2col.conv2d,
    im2col.input_grad,
    im2col.weight_grad,
)
BILINEAR = Form(
    "bilinear",
    fourier.image,
    fourier.kernel,
    fourier.gradient,
    fourier.conv2d,
    fourier.input_grad,
    fourier.weight_grad,
)


def costs(g: Geometry, channels: int, filters: int) -> dict[str, float]:
    """Estimate the cost of each form, y, dx and dw together, in multiplications per image of a batch of 64.

    Of a convolution from C channels (on the larger side) to F filters, with P pixels of x, O of y and K taps, T pairs
    of tap and output pixel that meet a pixel of x, and R, L, s of `bilinear`, C' = s s C:

    ========  ============================================  ============================
    form      multiplications                               elements moved
    ========  ============================================  ============================
    direct    3 T C F                                       3 T (C + F)
    stacked   3 K O C F                                     4 K O C
    bilinear  3 (R C' F + t(P) C' + t(O) F + R K' C' F/64)  2 R (C' + F) + 6 R C' F / 64
    ========  ============================================  ============================

    with t the multiplications of a transform of one channel, one axis after the other. An element that is written, or
    added to, costs as much as `MOVED` multiplications. Over 260 sizes on two cores the form of least cost took 7 %
    longer than the fastest in the mean, and at most 1.7 times as long where that one took over a millisecond.
    """
    pixels = prod(g.out_size)
    met = sum((y[0].stop - y[0].start) * (y[1].stop - y[1].start) for _, _, y, _ in taps(g))
    stacked = prod(g.kernel_size) * pixels * channels
    r, inner = fourier.rank(g), g.stride**2 * channels
    return {
        "direct": 3 * met * channels * filters + WRITE_COST * 3 * met * (channels + filters),
        "stacked taps": 3 * stacked * filters + WRITE_COST * 4 * stacked,
        "bilinear": 3 * fourier.multiplications(g, channels, filters, BATCH)
        + WRITE_COST * r * (2 * (inner + filters) + 6 * inner * filters / BATCH),
    }


def choose(g: Geometry, channels: int, filters: int) -> Form:
    """Choose the form of least cost for a convolution from ``channels`` (on the larger side) to ``filters``."""
    cost = costs(g, channels, filters)
    return min((DIRECT, STACKED, BILINEAR), key=lambda form: cost[form.name])
