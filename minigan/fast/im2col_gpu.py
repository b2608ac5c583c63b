"""im2col on a GPU: one kernel stacks all taps, one matrix product computes them, and one kernel adds them back.

A GPU spends more time on starting kernels than on the arithmetic of small images, so the form with the fewest kernels
is the fastest. One sample at one pixel of y is a row, and the taps and channels that it sees are the columns, because
threads side by side then read channels side by side:

    cols[(oh, ow, n), (kh, kw, c)] = x[oh s + kh - top, ow s + kw - left, n, c], or 0 outside x
    y = cols @ w,  dw = cols^T @ dy,  dcols = dy @ w^T,  and dx adds up what dcols holds for each element of x

Both kernels have the sizes of the convolution as constants, since a division by a constant is cheap.
"""

from functools import cache
from math import prod
from types import ModuleType
from typing import Any

from ..backend import Array, get_array_module
from ..layers.convolution import Geometry
from .products import matmul

STACK = """
const unsigned long long row = i / ({KH} * {KW} * C);
const int tap = i % ({KH} * {KW} * C) / C, c = i % C, n = row % N, pixel = row / N;
const int h = pixel / {OW} * {s} + tap / {KW} - {top}, w = pixel % {OW} * {s} + tap % {KW} - {left};
cols = h >= 0 && h < {H} && w >= 0 && w < {W} ? x[((h * {W} + w) * (unsigned long long) N + n) * C + c] : T(0);
"""
ADD_BACK = """
const int c = i % C, n = i / C % N, pixel = i / C / N, h = pixel / {W} + {top}, w = pixel % {W} + {left};
T sum = 0;
for (int kh = 0; kh < {KH}; kh++) {{
    const int oh = (h - kh) / {s};
    if (h - kh < 0 || (h - kh) % {s} || oh >= {OH}) continue;
    for (int kw = 0; kw < {KW}; kw++) {{
        const int ow = (w - kw) / {s};
        if (w - kw < 0 || (w - kw) % {s} || ow >= {OW}) continue;
        const unsigned long long row = (oh * {OW} + ow) * (unsigned long long) N + n;
        sum += cols[(row * ({KH} * {KW}) + kh * {KW} + kw) * C + c];
    }}
}}
dx = sum;
"""


def prepare_x(x: Array, g: Geometry) -> Array:
    """Stack the taps: x (H, W, N, C) -> cols (OH OW N, KH KW C)."""
    xp, (n, c) = get_array_module(x), x.shape[2:]
    cols = xp.empty((prod(g.out_size) * n, prod(g.kernel_size) * c), dtype=x.dtype)
    _kernels(xp, g)[0](x, n, c, cols)
    return cols


def conv2d(cols: Array, w: Array, g: Geometry) -> Array:
    """Compute y = cols @ w: w (KH, KW, C, F) -> y (OH, OW, N, F)."""
    f = w.shape[3]
    return matmul(cols, w.reshape(-1, f)).reshape(*g.out_size, -1, f)


def input_grad(dy: Array, w: Array, g: Geometry) -> Array:
    """Compute dcols = dy @ w^T and add it back: dy (OH, OW, N, F), w (KH, KW, C, F) -> dx (H, W, N, C)."""
    xp, (n, f), c = get_array_module(dy), dy.shape[2:], w.shape[2]
    dcols = matmul(dy.reshape(-1, f), w.reshape(-1, f).T)
    dx = xp.empty((*g.in_size, n, c), dtype=dy.dtype)
    _kernels(xp, g)[1](dcols, n, c, dx)
    return dx


def weight_grad(cols: Array, dy: Array, g: Geometry) -> Array:
    """Compute dw = cols^T @ dy: dy (OH, OW, N, F) -> dw (KH, KW, C, F)."""
    f = dy.shape[3]
    return matmul(cols.T, dy.reshape(-1, f)).reshape(*g.kernel_size, -1, f)


def texts(g: Geometry) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Return both kernels of a convolution, as ``cupy.ElementwiseKernel`` takes them."""
    sizes: dict[str, Any] = {"s": g.stride, "top": g.padding[0], "left": g.padding[1]}
    for names, pair in (("H W", g.in_size), ("OH OW", g.out_size), ("KH KW", g.kernel_size)):
        sizes |= dict(zip(names.split(), pair, strict=True))
    return (
        ("raw T x, int32 N, int32 C", "T cols", STACK.format(**sizes)),
        ("raw T cols, int32 N, int32 C", "T dx", ADD_BACK.format(**sizes)),
    )


@cache
def _kernels(xp: ModuleType, g: Geometry) -> tuple[Any, Any]:
    stack, add_back = texts(g)
    return xp.ElementwiseKernel(*stack, "stack_taps"), xp.ElementwiseKernel(*add_back, "add_taps_back")
