"""Forms of the convolution: the same three maps as `convolution`, in the way that is fastest for the sizes at hand.

A form first brings each operand into its own shape, then multiplies. What the forward pass has prepared, the backward
pass uses again:

    Xf = image(x), Wf = kernel(w), dYf = gradient(dy)
    y = conv2d(Xf, Wf),  dx = input_grad(dYf, Wf),  dw = weight_grad(Xf, dYf)

The form is chosen by the sizes alone, never by the user, and each is tested equal to the direct one.
"""

from collections.abc import Callable
from typing import NamedTuple

from ...backend import Array
from .. import convolution
from ..convolution import Geometry, taps
from . import bilinear, stacked_taps

THIN = 4  # channels up to which stacking the taps wins, by measurement
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
    stacked_taps.image,
    _as_it_is,
    _as_it_is,
    stacked_taps.conv2d,
    stacked_taps.input_grad,
    stacked_taps.weight_grad,
)
BILINEAR = Form(
    "bilinear",
    bilinear.image,
    bilinear.kernel,
    bilinear.gradient,
    bilinear.conv2d,
    bilinear.input_grad,
    bilinear.weight_grad,
)


def choose(g: Geometry, channels: int, filters: int) -> Form:
    """Choose a form for a convolution from ``channels`` C (on the larger side) to ``filters`` F.

    Thin images stack their taps. Otherwise the form with fewer multiplications per image wins:

    direct    C F sum over taps of the output pixels that the tap reaches
    bilinear  R C' F  +  R P C' + R O F  +  R K C' F / 64        with C' = s s C

    that is the products, both transforms of images, and the kernel's, once per batch. Ratios of these counts agree
    with ratios of measured times within about a fifth.
    """
    if channels <= THIN:
        return STACKED
    reached = sum((y[0].stop - y[0].start) * (y[1].stop - y[1].start) for _, _, y, _ in taps(g))
    return BILINEAR if bilinear.multiplications(g, channels, filters, BATCH) < reached * channels * filters else DIRECT
