"""The convolution tap by tap, as in `minigan.layers.convolution`, with its products shared between the cores."""

from ..backend import Array, get_array_module
from ..layers.convolution import Geometry, taps
from .products import batched_matmul
from .threads import equal_slices, parallel_for


def conv2d(x: Array, w: Array, g: Geometry) -> Array:
    """y[o] += x[i] @ w[kh, kw] for every tap.  x (H, W, N, C), w (KH, KW, C, F) -> y (OH, OW, N, F)."""
    y, scratch = _zeros_and_scratch(x, (*g.out_size, x.shape[2], w.shape[3]), pixels=g.out_size)
    for kh, kw, out, inp in taps(g):
        _add_product(y[out], x[inp], w[kh, kw], scratch)
    return y


def input_grad(dy: Array, w: Array, g: Geometry) -> Array:
    """dx[i] += dy[o] @ w[kh, kw]^T for every tap.  dy (OH, OW, N, F), w (KH, KW, C, F) -> dx (H, W, N, C)."""
    dx, scratch = _zeros_and_scratch(dy, (*g.in_size, dy.shape[2], w.shape[2]), pixels=g.out_size)
    for kh, kw, out, inp in taps(g):
        _add_product(dx[inp], dy[out], w[kh, kw].T, scratch)
    return dx


def weight_grad(x: Array, dy: Array, g: Geometry) -> Array:
    """dw[kh, kw] = sum over pixels of x[i]^T @ dy[o].  x (H, W, N, C), dy (OH, OW, N, F) -> dw (KH, KW, C, F)."""
    dw = get_array_module(x).zeros((*g.kernel_size, x.shape[3], dy.shape[3]), dtype=x.dtype)
    for kh, kw, out, inp in taps(g):
        dw[kh, kw] = batched_matmul(_rows(x[inp]).transpose(0, 2, 1), _rows(dy[out])).sum(axis=0)
    return dw


def _rows(x: Array) -> Array:
    """View (H, W, N, C) as (H, W N, C), one matrix for each row of pixels; this copies x only if x skips columns."""
    h, w, n, c = x.shape
    return x.reshape(h, w * n, c)


def _zeros_and_scratch(like: Array, shape: tuple[int, ...], pixels: tuple[int, int]) -> tuple[Array, Array]:
    xp = get_array_module(like)
    scratch = xp.empty(pixels[0] * pixels[1] * shape[2] * shape[3], dtype=like.dtype)
    return xp.zeros(shape, dtype=like.dtype), scratch


def _add_product(y: Array, x: Array, w: Array, scratch: Array) -> None:
    """Add x[i, j] @ w to y[i, j] for every pixel: x (H, W, N, C), w (C, F), y (H, W, N, F)."""
    xp, rows, (h, width, n, _) = get_array_module(x), _rows(x), y.shape
    product = scratch[: y.size].reshape(y.shape)

    def add(some: slice) -> None:
        xp.matmul(rows[some], w, out=_rows(product[some]))
        y[some] += product[some]

    parallel_for(add, equal_slices(h, width * n * w.size, like=x))
