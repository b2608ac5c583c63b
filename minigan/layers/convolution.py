"""Convolution as a dense layer summed over its taps: one bilinear map, its two adjoints, and its sizes.

With pixels first, x[i, j] is a minibatch matrix (N, C), and a kernel tap w[kh, kw] is a matrix (C, F):

    y[oh, ow] = sum over kh, kw of  x[oh s + kh - top, ow s + kw - left] @ w[kh, kw]

with stride s and padding (top, left). Pixels outside x count as 0, so a tap skips them. The pixels of x that one tap
reads for all (oh, ow) form a strided slice, so the sum is a loop of matrix products over slices. The map (x, w) -> y is
linear in x and linear in w, so its two gradients are its two adjoints:

    <dy, conv2d(x, w)> = <conv2d_input_grad(dy, w), x> = <conv2d_weight_grad(x, dy), w>

The input gradient is the transposed convolution (Dumoulin & Visin 2016, section 4).
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from ..backend import Array, get_array_module
from ..errors import InputError

Slices = tuple[slice, slice]


class Geometry(NamedTuple):
    """The sizes of one convolution x (H, W, N, C) -> y (OH, OW, N, F)."""

    in_size: tuple[int, int]  # H, W
    out_size: tuple[int, int]  # OH, OW
    kernel_size: tuple[int, int]  # KH, KW
    stride: int
    padding: tuple[int, int]  # zeros above and to the left of x


@lru_cache
def taps(g: Geometry) -> list[tuple[int, int, Slices, Slices]]:
    """List (kh, kw, slices of y, slices of x) for every tap that touches at least one pixel of x."""
    rows, columns = (
        _taps_1d(n, out, k, g.stride, before)
        for n, out, k, before in zip(g.in_size, g.out_size, g.kernel_size, g.padding, strict=True)
    )
    return [(kh, kw, (yh, yw), (xh, xw)) for kh, yh, xh in rows for kw, yw, xw in columns]


def _taps_1d(n: int, out: int, k: int, stride: int, before: int) -> list[tuple[int, slice, slice]]:
    found = []
    for tap in range(k):
        shift = tap - before  # output o reads pixel o * stride + shift, which must lie in 0 .. n - 1
        first = max(0, -(shift // stride))
        last = min(out - 1, (n - 1 - shift) // stride)
        if first <= last:
            found.append(
                (tap, slice(first, last + 1), slice(first * stride + shift, last * stride + shift + 1, stride))
            )
    return found


Padding = int | Literal["same"]


def conv_geometry(in_size: tuple[int, int], kernel_size: tuple[int, int], stride: int, padding: Padding) -> Geometry:
    """Return the sizes of a convolution of ``in_size`` pixels.

    ``padding`` p zeros on every side:  OH = floor((H + 2 p - KH) / s) + 1.
    ``"same"``, as in Keras:            OH = ceil(H / s), with max((OH - 1) s + KH - H, 0) zeros in all, the smaller
    half above and to the left.

    Raises
    ------
    InputError
        If the kernel is larger than the padded image.
    """
    out, before = [], []
    for n, k in zip(in_size, kernel_size, strict=True):
        if padding == "same":
            size = -(-n // stride)
            before.append(max((size - 1) * stride + k - n, 0) // 2)
        else:
            size = (n + 2 * padding - k) // stride + 1
            before.append(padding)
        if size < 1:
            raise InputError(
                f"kernel_size: expected a kernel that fits into {in_size} with padding {padding!r}, got {kernel_size}"
            )
        out.append(size)
    return Geometry(in_size, (out[0], out[1]), kernel_size, stride, (before[0], before[1]))


def conv2d(x: Array, w: Array, g: Geometry) -> Array:
    """y[o] += x[i] @ w[kh, kw] for every tap.  x (H, W, N, C), w (KH, KW, C, F) -> y (OH, OW, N, F)."""
    y = get_array_module(x).zeros((*g.out_size, x.shape[2], w.shape[3]), dtype=x.dtype)
    for kh, kw, out, inp in taps(g):
        y[out] += x[inp] @ w[kh, kw]  # (..., N, C) @ (C, F) -> (..., N, F)
    return y


def conv2d_input_grad(dy: Array, w: Array, g: Geometry) -> Array:
    """dx[i] += dy[o] @ w[kh, kw]^T for every tap.  dy (OH, OW, N, F), w (KH, KW, C, F) -> dx (H, W, N, C)."""
    dx = get_array_module(dy).zeros((*g.in_size, dy.shape[2], w.shape[2]), dtype=dy.dtype)
    for kh, kw, out, inp in taps(g):
        dx[inp] += dy[out] @ w[kh, kw].T  # (..., N, F) @ (F, C) -> (..., N, C)
    return dx


def conv2d_weight_grad(x: Array, dy: Array, g: Geometry) -> Array:
    """dw[kh, kw] = sum over pixels of x[i]^T @ dy[o].  x (H, W, N, C), dy (OH, OW, N, F) -> dw (KH, KW, C, F)."""
    c, f = x.shape[3], dy.shape[3]
    dw = get_array_module(x).zeros((*g.kernel_size, c, f), dtype=x.dtype)
    for kh, kw, out, inp in taps(g):
        dw[kh, kw] = x[inp].reshape(-1, c).T @ dy[out].reshape(-1, f)  # (C, M) @ (M, F), M rows of all pixels
    return dw
