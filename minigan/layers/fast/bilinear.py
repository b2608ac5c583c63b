"""Convolution as R products instead of P x K: through a discrete Fourier transform written out as three real matrices.

A convolution of small images is bilinear in x and w, so there are constant matrices with

    y = B ((A x) * (G w))        A (R, P), G (R, K), B (O, R);  P, O pixels of x and y, K taps

where * multiplies row by row. With channels, row r is a matrix product: Xf[r] (N, C) @ Wf[r] (C, F). Written pixels
first, x is the matrix (P, N C), so both transforms are plain products, and the gradients are the same three matrices
transposed:

    Xf = A x,  Wf = G w,  y = B (Xf Wf)            dYf = B^T dy,  dx = A^T (dYf Wf^T),  dw = G^T (Xf^T dYf)

**The matrices.** Along one axis, y[o] = sum_t x[o + t - p] w[t]. On a circle of L points, with u = 2 pi / L, the
transform of x is X(f) = sum_i x[i] e^(-j u f i), that of the kernel is W(f) = sum_t w[t] e^(-j u f (p - t)), and

    y[o] = 1/L sum_f X(f) W(f) e^(j u f o)

is the wanted sum as long as no wrapped-around index meets both a pixel and a wanted output: L >= n + p and
L >= m + k - 1 - p for n pixels, m outputs and k taps. In two dimensions f is a pair and u f i a sum of two angles.
x and w are real, so frequency -f holds the conjugate of f: one of each pair is kept, with weight 2. A frequency that is
its own conjugate is real and takes one product. The others take three instead of four (Gauss): with X = a + jb and
W = c + jd, the products ac, bd, (a + b)(c + d) give Re = ac - bd and Im = (a + b)(c + d) - ac - bd, of which y takes
C Re - S Im, C and S being cosines and sines. Written with p = C + S, q = S - C, so that S = (p + q) / 2,

    C Re - S Im  =  p ac + q bd + (p + q) (a + b) (-1/2) (c + d)

In A and in B^T the third row of each three is now the sum of the other two and need not be multiplied: with the rows
ordered as own, first, second, third, A and B^T are kept without the third: L L rows, and `_transform` adds the rest.

**Stride.** With stride s an image of C channels becomes one of s s C channels, a phase being every s-th pixel in either
direction, and the convolution one of stride 1 with about k / s taps.
"""

from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from ...backend import Array, device_of, get_array_module, to_device
from ...parallel import matmul, matmul_each, slices, spread
from ..convolution import Geometry

COLUMNS = 1 << 12  # of a matrix that are transformed in one part
PADDING = 48  # numbers between one row and the next


class Plan(NamedTuple):
    """The stride-1 convolution behind a geometry, per axis: pixels n, outputs m, taps k, padding p, circle L."""

    pixels: tuple[int, int]
    outputs: tuple[int, int]
    taps: tuple[int, int]
    padding: tuple[int, int]
    length: tuple[int, int]


@lru_cache
def plan(g: Geometry) -> Plan:
    """Find the stride-1 convolution of the phases that is the convolution ``g`` of the image."""
    axes = []
    for n, m, k, p in zip(g.in_size, g.out_size, g.kernel_size, g.padding, strict=True):
        phase_pixels, phase_padding = -(-n // g.stride), -(-p // g.stride)
        phase_taps = (k - 1 - p) // g.stride + phase_padding + 1
        length = max(phase_pixels + phase_padding, m + phase_taps - 1 - phase_padding)
        axes.append((phase_pixels, m, phase_taps, phase_padding, length))
    return Plan(*zip(*axes, strict=True))


def rank(g: Geometry) -> int:
    """Count the products R: one for each frequency that is its own conjugate, three for each pair of the others."""
    length = plan(g).length
    own = (2 - length[0] % 2) * (2 - length[1] % 2)
    return own + 3 * (prod(length) - own) // 2


def multiplications(g: Geometry, channels: int, filters: int, batch: int) -> float:
    """Count the multiplications of y, per image of a batch, without building a matrix."""
    p, r, c = plan(g), rank(g), channels * g.stride**2
    size = prod(p.length)
    images = size * (prod(p.pixels) * c + prod(p.outputs) * filters)
    return r * c * filters + images + r * prod(p.taps) * c * filters / batch


@lru_cache
def matrices(p: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return A (LL, P), G (R, K) and B^T (LL, O) in float64, as derived above: A and B^T without their sums."""

    def angles(f: tuple[int, int], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        total = np.add.outer(f[0] * rows / p.length[0], f[1] * columns / p.length[1])
        return 2 * np.pi * total.ravel()

    pixels, taps, outputs = (
        [np.arange(n) for n in p.pixels],
        [before - np.arange(k) for before, k in zip(p.padding, p.taps, strict=True)],
        [np.arange(m) for m in p.outputs],
    )
    size = prod(p.length)
    own, first, second = [], [], []  # rows of A, G and B^T
    for f in product(range(p.length[0]), range(p.length[1])):
        conjugate = (-f[0] % p.length[0], -f[1] % p.length[1])
        x, w, y = angles(f, *pixels), angles(f, *taps), angles(f, *outputs)
        if f == conjugate:
            own.append((np.cos(x), np.cos(w), np.cos(y) / size))
        elif f < conjugate:
            c, s = 2 * np.cos(y) / size, 2 * np.sin(y) / size
            first.append((np.cos(x), np.cos(w), c + s))
            second.append((-np.sin(x), -np.sin(w), s - c))
    a, g, bt = (np.array(rows) for rows in zip(*own, *first, *second, strict=True))
    pairs = len(first)
    third = g[len(own) : len(own) + pairs] + g[len(own) + pairs :]
    return a, np.concatenate((g, third / -2)), bt


@lru_cache
def _matrices_on(p: Plan, dtype: str, device: str) -> tuple[Array, Array, Array]:
    a, g, bt = (to_device(np.ascontiguousarray(m.astype(dtype)), device) for m in matrices(p))  # type: ignore[arg-type]
    return a, g, bt


def _for(g: Geometry, like: Array) -> tuple[Array, Array, Array]:
    return _matrices_on(plan(g), str(like.dtype), device_of(like))


def _transform(matrix: Array, x: Array, r: int) -> Array:
    """matrix (LL, P) @ x (P, M), and below it the third rows, each the sum of its first and second -> (R, M)."""
    xp, rows, m = get_array_module(x), len(matrix), x.shape[1]
    pairs = r - rows
    z = _padded(r, m, like=x)

    def transform(columns: slice) -> None:
        own = z[:, columns]
        xp.matmul(matrix, x[:, columns], out=own[:rows])
        xp.add(own[rows - 2 * pairs : rows - pairs], own[rows - pairs : rows], out=own[rows:])

    spread(transform, slices(m, COLUMNS, like=x))
    return z


def _transform_back(matrix: Array, z: Array) -> Array:
    """The transpose of `_transform`: z (R, M) -> (P, M). z is overwritten."""
    xp, rows, m = get_array_module(z), len(matrix), z.shape[1]
    pairs = len(z) - rows
    x = xp.empty((matrix.shape[1], m), dtype=z.dtype)

    def transform(columns: slice) -> None:
        own = z[:, columns]
        own[rows - 2 * pairs : rows - pairs] += own[rows:]
        own[rows - pairs : rows] += own[rows:]
        xp.matmul(matrix.T, own[:rows], out=x[:, columns])

    spread(transform, slices(m, COLUMNS, like=z))
    return x


def _products(a: Array, b: Array) -> Array:
    """The R products a[r] @ b[r]: (R, N, K), (R, K, M) -> (R, N M)."""
    (r, n, _), m = a.shape, b.shape[2]
    z = _padded(r, n * m, like=a)
    matmul_each(a, b, out=z.reshape(r, n, m))
    return z


def _padded(r: int, m: int, *, like: Array) -> Array:
    """An empty matrix (r, m) whose rows start a little more than m apart on a CPU.

    Rows a power of two apart share a few places of a core's cache and push each other out.
    """
    xp = get_array_module(like)
    return xp.empty((r, m + PADDING if xp is np else m), dtype=like.dtype)[:, :m]


def image(x: Array, g: Geometry) -> Array:
    """Xf = A x: (H, W, N, C) -> (R, N, s s C)."""
    a, k, _ = _for(g, x)
    phases = _to_phases(x, g)
    n, c = phases.shape[2:]
    return _transform(a, phases.reshape(-1, n * c), len(k)).reshape(-1, n, c)


def kernel(w: Array, g: Geometry) -> Array:
    """Wf = G w: (KH, KW, C, F) -> (R, s s C, F)."""
    xp, matrix, taps = get_array_module(w), _for(g, w)[1], _taps_to_phases(w, g)
    m = taps.shape[1]
    z = _padded(len(matrix), m, like=w)
    spread(lambda columns: xp.matmul(matrix, taps[:, columns], out=z[:, columns]), slices(m, COLUMNS, like=w))
    return z.reshape(len(matrix), -1, w.shape[3])


def gradient(dy: Array, g: Geometry) -> Array:
    """dYf = B^T dy: (OH, OW, N, F) -> (R, N, F)."""
    _, k, bt = _for(g, dy)
    n, f = dy.shape[2:]
    return _transform(bt, dy.reshape(-1, n * f), len(k)).reshape(-1, n, f)


def conv2d(xf: Array, wf: Array, g: Geometry) -> Array:
    """y = B (Xf Wf): -> (OH, OW, N, F)."""
    n, f = xf.shape[1], wf.shape[2]
    return _transform_back(_for(g, xf)[2], _products(xf, wf)).reshape(*g.out_size, n, f)


def input_grad(dyf: Array, wf: Array, g: Geometry) -> Array:
    """dx = A^T (dYf Wf^T): -> (H, W, N, C)."""
    n, c = dyf.shape[1], wf.shape[1]
    phases = _transform_back(_for(g, dyf)[0], _products(dyf, wf.transpose(0, 2, 1)))
    return _from_phases(phases.reshape(*plan(g).pixels, n, c), g)


def weight_grad(xf: Array, dyf: Array, g: Geometry) -> Array:
    """dw = G^T (Xf^T dYf): -> (KH, KW, C, F)."""
    phases = matmul(_for(g, xf)[1].T, _products(xf.transpose(0, 2, 1), dyf))
    return _taps_from_phases(phases, g, xf.shape[2] // g.stride**2, dyf.shape[2])


def _taps_to_phases(w: Array, g: Geometry) -> Array:
    """(KH, KW, C, F) -> (taps of a phase, s s C F), 0 where a phase has no tap."""
    s, taps = g.stride, plan(g).taps
    if s == 1:
        return w.reshape(taps[0] * taps[1], -1)
    phases = get_array_module(w).zeros((*taps, s, s, *w.shape[2:]), dtype=w.dtype)
    for tap_h, tap_w, place in _tap_places(g):
        phases[place] = w[tap_h, tap_w]
    return phases.reshape(taps[0] * taps[1], -1)


def _taps_from_phases(phases: Array, g: Geometry, c: int, f: int) -> Array:
    """The transpose of `_taps_to_phases`."""
    s = g.stride
    if s == 1:
        return phases.reshape(*g.kernel_size, c, f)
    phases = phases.reshape(*plan(g).taps, s, s, c, f)
    w = get_array_module(phases).empty((*g.kernel_size, c, f), dtype=phases.dtype)
    for tap_h, tap_w, place in _tap_places(g):
        w[tap_h, tap_w] = phases[place]
    return w


@lru_cache
def _tap_places(g: Geometry) -> list[tuple[int, int, tuple[int, int, int, int]]]:
    """List (kh, kw, (row, column, phase of rows, phase of columns)): where each tap stands among the phases' taps."""
    axes = [
        [(k, (k - p) // g.stride + before, (k - p) % g.stride) for k in range(size)]
        for size, p, before in zip(g.kernel_size, g.padding, plan(g).padding, strict=True)
    ]
    return [(kh, kw, (row, column, i, j)) for kh, row, i in axes[0] for kw, column, j in axes[1]]


def _to_phases(x: Array, g: Geometry) -> Array:
    """(H, W, N, C) -> (ceil(H / s), ceil(W / s), N, s s C), 0 where a phase has no pixel."""
    s = g.stride
    if s == 1:
        return x
    n, c = x.shape[2:]
    phases = get_array_module(x).zeros((*plan(g).pixels, n, s, s, c), dtype=x.dtype)
    for i, j in product(range(s), range(s)):
        phase = x[i::s, j::s]
        phases[: phase.shape[0], : phase.shape[1], :, i, j] = phase
    return phases.reshape(*plan(g).pixels, n, s * s * c)


def _from_phases(phases: Array, g: Geometry) -> Array:
    """The transpose, which is also the inverse, of `_to_phases`."""
    s = g.stride
    if s == 1:
        return phases
    n, c = phases.shape[2], phases.shape[3] // s**2
    phases = phases.reshape(*plan(g).pixels, n, s, s, c)
    x = get_array_module(phases).empty((*g.in_size, n, c), dtype=phases.dtype)
    for i, j in product(range(s), range(s)):
        phase = x[i::s, j::s]
        phase[...] = phases[: phase.shape[0], : phase.shape[1], :, i, j]
    return x
