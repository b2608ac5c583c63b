"""Convolution as R products instead of P x K, by a discrete Fourier transform that is written as three real matrices.

A convolution of small images is bilinear in x and w, so there are constant matrices with

    y = B ((A x) * (G w))        A (R, P), G (R, K), B (O, R);  P, O pixels of x and y, K taps

where * multiplies row by row. With channels, each row r stands for a matrix product, Xf[r] (N, C) @ Wf[r] (C, F). With
pixels first, x is the matrix (P, N C), so both transforms are plain products, and the gradients use the same three
matrices, transposed:

    Xf = A x,  Wf = G w,  y = B (Xf Wf)            dYf = B^T dy,  dx = A^T (dYf Wf^T),  dw = G^T (Xf^T dYf)

**The matrices.** Along one axis, y[o] = sum_t x[o + t - p] w[t]. On a circle of L points, with u = 2 pi / L, the
transform of x is X(f) = sum_i x[i] e^(-j u f i), that of the kernel is W(f) = sum_t w[t] e^(-j u f (p - t)), and then

    y[o] = 1/L sum_f X(f) W(f) e^(j u f o)

if no index that wraps around the circle meets both a pixel and a wanted output. That is true for L >= n + p
and L >= m + k - 1 - p, with n pixels, m outputs and k taps. In two dimensions f is a pair, and u f i is a sum of two
angles.

x and w are real, so the value at frequency -f is the conjugate of the value at f. Only one of each pair is kept, with
weight 2. A frequency that is its own conjugate has a real value and needs one product. The others need three products
instead of four (Gauss): with X = a + jb and W = c + jd, the products ac, bd, (a + b)(c + d) give Re = ac - bd and
Im = (a + b)(c + d) - ac - bd. y needs C Re - S Im, where C and S are cosines and sines. With p = C + S and q = S - C,
so that S = (p + q) / 2, this is

    C Re - S Im  =  p ac + q bd + (p + q) (a + b) (-1/2) (c + d)

Then, in A and in B^T, the third row of each group of three is the sum of the other two, and no multiplication is needed
for it.

**One axis after the other.** A consists of two smaller transforms (see `transform`). With E = e^(-j u f i), Re E = C
and Im E = -S. The first and second rows are Re E and Im E in A, and also in G, except for its third rows. In B^T they
are p = Re E - Im E and q = -Re E - Im E. So B^T is the same transform, with its pairs mixed.

**Stride.** `polyphase` turns a convolution of any stride into one of stride 1.
"""

from functools import lru_cache
from math import prod

import numpy as np

from ..backend import Array, Device, device_of, get_array_module, to_device
from ..layers.convolution import Geometry
from .polyphase import Plan, from_phases, plan, taps_from_phases, taps_to_phases, to_phases
from .products import batched_matmul, matmul
from .threads import parallel_for, slices
from .transform import COLUMNS, Transform, axes, padded, rank, transform_back, transform_images, whole


def products(g: Geometry) -> int:
    """Count the products R of a convolution."""
    return rank(plan(g).length)


def multiplications(g: Geometry, channels: int, filters: int, batch: int) -> float:
    """Count the multiplications of y, per image of a batch, without building a matrix."""
    p, r, c = plan(g), products(g), channels * g.stride**2
    images = sum(_along_axes(p.length, size) * n for size, n in ((p.pixels, c), (p.outputs, filters)))
    return r * c * filters + images + r * prod(p.taps) * c * filters / batch


def _along_axes(length: tuple[int, int], size: tuple[int, int]) -> int:
    """Count the multiplications that transform one channel of an image, one axis after the other."""
    own = 2 - length[0] % 2
    return length[0] * prod(size) + (own + 2 * (length[0] - own)) * length[1] * size[1]


@lru_cache
def matrices(p: Plan) -> tuple[Transform, np.ndarray, Transform]:
    """Return A, G (R, K) and B^T in float64, as derived above."""
    pixels, outputs = ([np.arange(n) for n in size] for size in (p.pixels, p.outputs))
    taps = [before - np.arange(k) for before, k in zip(p.padding, p.taps, strict=True)]
    size = prod(p.length)
    g = whole(axes(p.length, taps))
    g[size:] /= -2  # the third rows
    mix = np.array([[1, -1], [-1, -1]])
    return axes(p.length, pixels), g, axes(p.length, outputs, own=1 / size, mix=2 / size * mix)


@lru_cache
def _matrices_on(p: Plan, dtype: str, device: Device) -> tuple[Transform, Array, Transform]:
    def there(m: np.ndarray) -> Array:
        return to_device(np.ascontiguousarray(m.astype(dtype)), device)

    a, g, bt = matrices(p)
    return Transform(*map(there, a)), there(g), Transform(*map(there, bt))


def _for(g: Geometry, like: Array) -> tuple[Transform, Array, Transform]:
    return _matrices_on(plan(g), str(like.dtype), device_of(like))


def _products(a: Array, b: Array) -> Array:
    """Compute the R products a[r] @ b[r]: (R, N, K), (R, K, M) -> (R, N M)."""
    (r, n, _), m = a.shape, b.shape[2]
    z = padded(r, n * m, like=a)
    batched_matmul(a, b, out=z.reshape(r, n, m))
    return z


def prepare_x(x: Array, g: Geometry) -> Array:
    """Compute Xf = A x: (H, W, N, C) -> (R, N, s s C)."""
    phases = to_phases(x, g)
    h, w, n, c = phases.shape
    return transform_images(_for(g, x)[0], phases.reshape(h, w, n * c)).reshape(-1, n, c)


def prepare_w(w: Array, g: Geometry) -> Array:
    """Compute Wf = G w: (KH, KW, C, F) -> (R, s s C, F)."""
    xp, matrix, taps = get_array_module(w), _for(g, w)[1], taps_to_phases(w, g)
    m = taps.shape[1]
    z = padded(len(matrix), m, like=w)
    parallel_for(lambda columns: xp.matmul(matrix, taps[:, columns], out=z[:, columns]), slices(m, COLUMNS, like=w))
    return z.reshape(len(matrix), -1, w.shape[3])


def prepare_dy(dy: Array, g: Geometry) -> Array:
    """Compute dYf = B^T dy: (OH, OW, N, F) -> (R, N, F)."""
    h, w, n, f = dy.shape
    return transform_images(_for(g, dy)[2], dy.reshape(h, w, n * f)).reshape(-1, n, f)


def conv2d(xf: Array, wf: Array, g: Geometry) -> Array:
    """Compute y = B (Xf Wf): -> (OH, OW, N, F)."""
    n, f = xf.shape[1], wf.shape[2]
    return transform_back(_for(g, xf)[2], _products(xf, wf), g.out_size).reshape(*g.out_size, n, f)


def input_grad(dyf: Array, wf: Array, g: Geometry) -> Array:
    """Compute dx = A^T (dYf Wf^T): -> (H, W, N, C)."""
    n, c = dyf.shape[1], wf.shape[1]
    size = plan(g).pixels
    phases = transform_back(_for(g, dyf)[0], _products(dyf, wf.transpose(0, 2, 1)), size)
    return from_phases(phases.reshape(*size, n, c), g)


def weight_grad(xf: Array, dyf: Array, g: Geometry) -> Array:
    """Compute dw = G^T (Xf^T dYf): -> (KH, KW, C, F)."""
    phases = matmul(_for(g, xf)[1].T, _products(xf.transpose(0, 2, 1), dyf))
    return taps_from_phases(phases, g, xf.shape[2] // g.stride**2, dyf.shape[2])
