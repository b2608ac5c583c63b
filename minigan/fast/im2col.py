"""Convolution with all taps stacked into one product, for images with few channels.

With few channels, the product of a single tap is too small to keep a core busy. So all taps are stacked first. They
are the first axes, so every copy is a plain image:  cols[kh, kw, c] = channel c of x as tap (kh, kw) sees it,
(OH, OW, N). Then one product computes all taps, y = cols^T @ w with K = KH KW C rows, and the adjoints follow:

    dcols = w @ dy^T, added back tap by tap (the transpose of stacking)         dw = cols @ dy

The price is memory: cols is K times as large as one channel of y.
"""

from ..backend import Array, get_array_module
from ..layers.convolution import Geometry, taps
from .products import matmul
from .threads import WRITE_COST, equal_slices, parallel_for, slices

ROWS = 1 << 12  # pixels, counted over all images, in one partial sum of dw


def prepare_x(x: Array, g: Geometry) -> Array:
    """Stack the taps: x (H, W, N, C) -> cols (KH, KW, C, OH, OW, N), 0 where a tap looks outside x."""
    channels = x.transpose(3, 0, 1, 2)
    n, c = x.shape[2:]
    cols = get_array_module(x).zeros((*g.kernel_size, c, *g.out_size, n), dtype=x.dtype)

    def stack(some: slice) -> None:
        for kh, kw, out, inp in taps(g):
            cols[kh, kw, some][:, *out] = channels[some, *inp]

    parallel_for(stack, equal_slices(c, 3 * WRITE_COST * cols.size // c, like=x))
    return cols


def conv2d(cols: Array, w: Array, g: Geometry) -> Array:
    """Compute y = cols^T @ w.  cols, w (KH, KW, C, F) -> y (OH, OW, N, F)."""
    f = w.shape[3]
    y = matmul(cols.reshape(w.size // f, -1).T, w.reshape(-1, f))
    return y.reshape(*g.out_size, -1, f)


def input_grad(dy: Array, w: Array, g: Geometry) -> Array:
    """Compute dcols = w @ dy^T and add it back.  dy (OH, OW, N, F), w (KH, KW, C, F) -> dx (H, W, N, C)."""
    n, c = dy.shape[2], w.shape[2]
    dcols = matmul(w.reshape(-1, w.shape[3]), dy.reshape(-1, w.shape[3]).T)
    dcols = dcols.reshape(*g.kernel_size, c, *g.out_size, n)
    dx = get_array_module(dy).zeros((c, *g.in_size, n), dtype=dy.dtype)

    def add(some: slice) -> None:
        for kh, kw, out, inp in taps(g):
            dx[some, *inp] += dcols[kh, kw, some][:, *out]

    parallel_for(add, equal_slices(c, 3 * WRITE_COST * dcols.size // c, like=dy))
    return dx.transpose(1, 2, 3, 0)


def weight_grad(cols: Array, dy: Array, g: Geometry) -> Array:
    """Compute dw = cols @ dy as a sum of partial sums.  cols, dy (OH, OW, N, F) -> dw (KH, KW, C, F)."""
    xp, f = get_array_module(dy), dy.shape[3]
    cols, dy = cols.reshape(-1, dy.size // f), dy.reshape(-1, f)
    rows = slices(len(dy), ROWS, like=dy)
    sums = xp.empty((len(rows), len(cols), f), dtype=dy.dtype)
    parallel_for(lambda i: xp.matmul(cols[:, rows[i]], dy[rows[i]], out=sums[i]), range(len(rows)))
    return sums.sum(axis=0).reshape(*g.kernel_size, -1, f)
