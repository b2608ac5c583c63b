"""A rule that chooses the fastest form of a convolution from its sizes; it is fitted to measurements."""

from math import prod

from ..layers.convolution import Geometry, taps
from . import fourier
from .threads import WRITE_COST

BATCH = 64  # images that share the work which is done once per batch


def costs(g: Geometry, channels: int, filters: int) -> dict[str, float]:
    """Estimate the cost of each form, y, dx and dw together, in multiplications per image of a batch of 64.

    The convolution goes from C channels (on the larger side) to F filters. x has P pixels and y has O pixels. The
    kernel has K taps, and T pairs of a tap and an output pixel meet a pixel of x. R and s are those of `fourier`, K' is
    the number of taps of a phase, and C' = s s C.

    ========  ============================================  ============================
    form      multiplications                               elements moved
    ========  ============================================  ============================
    taps      3 T C F                                       3 T (C + F)
    im2col    3 K O C F                                     4 K O C
    Fourier   3 (R C' F + t(P) C' + t(O) F + R K' C' F/64)  2 R (C' + F) + 6 R C' F / 64
    ========  ============================================  ============================

    Here t counts the multiplications that transform one channel, one axis after the other. An element that is written,
    or added to, costs as much as `WRITE_COST` multiplications. The rule was tested with 260 sizes on two cores. On
    average, the form that it chooses took 7 % longer than the fastest form. Where the fastest form took more than a
    millisecond, the chosen form took at most 1.7 times as long.
    """
    pixels = prod(g.out_size)
    met = sum((y[0].stop - y[0].start) * (y[1].stop - y[1].start) for _, _, y, _ in taps(g))
    stacked = prod(g.kernel_size) * pixels * channels
    r, inner = fourier.products(g), g.stride**2 * channels
    return {
        "taps": 3 * met * channels * filters + WRITE_COST * 3 * met * (channels + filters),
        "im2col": 3 * stacked * filters + WRITE_COST * 4 * stacked,
        "Fourier": 3 * fourier.multiplications(g, channels, filters, BATCH)
        + WRITE_COST * r * (2 * (inner + filters) + 6 * inner * filters / BATCH),
    }


def fastest(g: Geometry, channels: int, filters: int) -> str:
    """Return the name of the form with the least cost; ``channels`` are those of the larger side."""
    cost = costs(g, channels, filters)
    return min(cost, key=lambda name: cost[name])
