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

In A and in B^T the third row of each three is now the sum of the other two and need not be multiplied.

**One axis after the other.** A is two smaller transforms. On the first axis, a frequency f that is its own conjugate
gives real numbers X(f)[j], of which the second axis needs its own frequencies and one of each pair. One f of each pair
gives complex numbers X(f)[j]; with these all frequencies of the second axis are kept, as none is the conjugate of
another. Hence the order of the rows, for every f of the first axis, its own before one of each pair: own rows, first
rows, second rows; all third rows come last. With E = e^(-j u f i), so that Re E = C and Im E = -S, the first and second
rows are Re E and Im E in A, as in G but for its third rows, and p = Re E - Im E and q = -Re E - Im E in B^T: the same
transform, its pairs mixed.

**Stride.** `phases` makes the convolution one of stride 1.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from ..backend import Array, Device, device_of, get_array_module, to_device
from ..layers.convolution import Geometry
from .polyphase import Plan, from_phases, plan, taps_from_phases, taps_to_phases, to_phases
from .threads import batched_matmul, matmul, parallel_for, slices

COLUMNS = 1 << 12  # of a matrix that are transformed in one part
PADDING = 48  # numbers between one row and the next
AT_ONCE = 1 << 10  # pixels up to which a GPU transforms an image by one product: more multiplications, fewer kernels


def rank(g: Geometry) -> int:
    """Count the products R: one for each frequency that is its own conjugate, three for each pair of the others."""
    return _rank(plan(g).length)


def _rank(length: tuple[int, int]) -> int:
    own = (2 - length[0] % 2) * (2 - length[1] % 2)
    return own + 3 * (prod(length) - own) // 2


def multiplications(g: Geometry, channels: int, filters: int, batch: int) -> float:
    """Count the multiplications of y, per image of a batch, without building a matrix."""
    p, r, c = plan(g), rank(g), channels * g.stride**2
    images = sum(_along_axes(p.length, size) * n for size, n in ((p.pixels, c), (p.outputs, filters)))
    return r * c * filters + images + r * prod(p.taps) * c * filters / batch


def _along_axes(length: tuple[int, int], size: tuple[int, int]) -> int:
    """Count the multiplications that transform one channel of an image, one axis after the other."""
    own = 2 - length[0] % 2
    return length[0] * prod(size) + (own + 2 * (length[0] - own)) * length[1] * size[1]


def _frequencies(length: int) -> tuple[list[int], list[int]]:
    """List the frequencies that are their own conjugates, and one of each pair of the others."""
    return [f for f in range(length) if 2 * f % length == 0], list(range(1, (length + 1) // 2))


def _waves(length: int, frequencies: list[int], positions: np.ndarray) -> np.ndarray:
    """E = e^(-j u f i): (frequencies, positions)."""
    return np.exp(-2j * np.pi / length * np.outer(frequencies, positions))


class Transform(NamedTuple):
    """A, or a matrix like it, as two transforms of images (H, W), one axis after the other."""

    rows: Array  # (L, H), of the first axis: own frequencies, then Re and Im of each pair
    own: Array  # (L', W), of the second axis, for real numbers: own, first and second rows
    pairs: Array  # (2 L', 2 W), for complex numbers, Re over Im: first and second rows


def _axes(
    length: tuple[int, int], positions: list[np.ndarray], *, own: float = 1, mix: np.ndarray | None = None
) -> Transform:
    """Build a transform in float64: own rows times ``own``, first and second ones ``mix`` (2, 2) times (Re E, Im E)."""
    mix = np.eye(2) if mix is None else mix
    (own_1, pairs_1), (own_2, pairs_2) = (_frequencies(n) for n in length)

    e = _waves(length[0], pairs_1, positions[0])  # the first axis
    real = _waves(length[0], own_1, positions[0]).real
    rows = np.concatenate((real, np.stack((e.real, e.imag), axis=1).reshape(-1, real.shape[1])))

    e = _waves(length[1], pairs_2, positions[1])  # the second, of real numbers
    real = _waves(length[1], own_2, positions[1]).real
    second = np.concatenate((own * real, np.kron(mix, np.eye(len(e))) @ np.concatenate((e.real, e.imag))))

    e = _waves(length[1], list(range(length[1])), positions[1])  # the second, of complex numbers
    pairs = np.kron(mix, np.eye(len(e))) @ np.block([[e.real, -e.imag], [e.imag, e.real]])
    return Transform(rows, second, pairs)


def _whole(t: Transform) -> np.ndarray:
    """The matrix (R, H W) of a transform: what it makes of every image of a single pixel."""
    size = t.rows.shape[1], t.own.shape[1]
    return _transform(t, np.eye(prod(size)).reshape(*size, -1))


@lru_cache
def matrices(p: Plan) -> tuple[Transform, np.ndarray, Transform]:
    """Return A, G (R, K) and B^T in float64, as derived above."""
    pixels, outputs = ([np.arange(n) for n in size] for size in (p.pixels, p.outputs))
    taps = [before - np.arange(k) for before, k in zip(p.padding, p.taps, strict=True)]
    size = prod(p.length)
    g = _whole(_axes(p.length, taps))
    g[size:] /= -2  # the third rows
    mix = np.array([[1, -1], [-1, -1]])
    return _axes(p.length, pixels), g, _axes(p.length, outputs, own=1 / size, mix=2 / size * mix)


@lru_cache
def _matrices_on(p: Plan, dtype: str, device: Device) -> tuple[Transform | Array, Array, Transform | Array]:
    def there(m: np.ndarray) -> Array:
        return to_device(np.ascontiguousarray(m.astype(dtype)), device)

    def image_transform(t: Transform) -> Transform | Array:
        at_once = device != "cpu" and t.rows.shape[1] * t.own.shape[1] <= AT_ONCE
        return there(_whole(t)) if at_once else Transform(*map(there, t))

    a, g, bt = matrices(p)
    return image_transform(a), there(g), image_transform(bt)


def _for(g: Geometry, like: Array) -> tuple[Transform | Array, Array, Transform | Array]:
    return _matrices_on(plan(g), str(like.dtype), device_of(like))


def _transform(t: Transform | Array, x: Array) -> Array:
    """(H, W, M) -> (R, M)."""
    xp, (h, w, m) = get_array_module(x), x.shape
    if not isinstance(t, Transform):
        return t @ x.reshape(h * w, m)
    z = _padded(_rank((len(t.rows), len(t.own))), m, like=x)

    def transform(columns: slice) -> None:
        part = x[:, :, columns]
        real, pairs, threes = _rows(z[:, columns], t)
        y = xp.empty((len(t.rows), w, part.shape[2]), dtype=x.dtype)
        xp.matmul(t.rows, part.transpose(1, 0, 2), out=y.transpose(1, 0, 2))
        xp.matmul(t.own, y[: len(real)], out=real)
        xp.matmul(t.pairs, y[len(real) :].reshape(len(pairs), 2 * w, part.shape[2]), out=pairs)
        for first, second, third in threes:
            xp.add(first, second, out=third)

    parallel_for(transform, slices(m, COLUMNS, like=x))
    return z


def _transform_back(t: Transform | Array, z: Array, size: tuple[int, int]) -> Array:
    """The transpose of `_transform`: (R, M) -> (H, W, M). z is overwritten."""
    xp, (h, w), m = get_array_module(z), size, z.shape[1]
    if not isinstance(t, Transform):
        return (t.T @ z).reshape(h, w, m)
    x = xp.empty((h, w, m), dtype=z.dtype)

    def transform(columns: slice) -> None:
        part = x[:, :, columns]
        real, pairs, threes = _rows(z[:, columns], t)
        for first, second, third in threes:
            first += third
            second += third
        y = xp.empty((len(t.rows), w, part.shape[2]), dtype=x.dtype)
        xp.matmul(t.own.T, real, out=y[: len(real)])
        xp.matmul(t.pairs.T, pairs, out=y[len(real) :].reshape(len(pairs), 2 * w, part.shape[2]))
        xp.matmul(t.rows.T, y.transpose(1, 0, 2), out=part.transpose(1, 0, 2))

    parallel_for(transform, slices(m, COLUMNS, like=z))
    return x


def _rows(z: Array, t: Transform) -> tuple[Array, Array, list[tuple[Array, Array, Array]]]:
    """View z (R, M) as what the second axis gives, (own f, L', M) and (pairs of f, 2 L', M), and its threes of rows."""
    length = len(t.own)
    own, pairs = (len(kind) for kind in _frequencies(len(t.rows)))
    own_2, pairs_2 = (len(kind) for kind in _frequencies(length))
    views, start = [], 0
    for count, each in ((own, length), (pairs, 2 * length), (own, pairs_2), (pairs, length)):
        views.append(z[start : start + count * each].reshape(count, each, z.shape[1]))
        start += count * each
    real, others, real_thirds, thirds = views
    threes = [
        (real[:, own_2 : own_2 + pairs_2], real[:, own_2 + pairs_2 :], real_thirds),
        (others[:, :length], others[:, length:], thirds),
    ]
    return real, others, threes


def _products(a: Array, b: Array) -> Array:
    """The R products a[r] @ b[r]: (R, N, K), (R, K, M) -> (R, N M)."""
    (r, n, _), m = a.shape, b.shape[2]
    z = _padded(r, n * m, like=a)
    batched_matmul(a, b, out=z.reshape(r, n, m))
    return z


def _padded(r: int, m: int, *, like: Array) -> Array:
    """An empty matrix (r, m) whose rows start a little more than m apart on a CPU.

    Rows a power of two apart share a few places of a core's cache and push each other out.
    """
    xp = get_array_module(like)
    return xp.empty((r, m + PADDING if xp is np else m), dtype=like.dtype)[:, :m]


def image(x: Array, g: Geometry) -> Array:
    """Xf = A x: (H, W, N, C) -> (R, N, s s C)."""
    phases = to_phases(x, g)
    h, w, n, c = phases.shape
    return _transform(_for(g, x)[0], phases.reshape(h, w, n * c)).reshape(-1, n, c)


def kernel(w: Array, g: Geometry) -> Array:
    """Wf = G w: (KH, KW, C, F) -> (R, s s C, F)."""
    xp, matrix, taps = get_array_module(w), _for(g, w)[1], taps_to_phases(w, g)
    m = taps.shape[1]
    z = _padded(len(matrix), m, like=w)
    parallel_for(lambda columns: xp.matmul(matrix, taps[:, columns], out=z[:, columns]), slices(m, COLUMNS, like=w))
    return z.reshape(len(matrix), -1, w.shape[3])


def gradient(dy: Array, g: Geometry) -> Array:
    """dYf = B^T dy: (OH, OW, N, F) -> (R, N, F)."""
    h, w, n, f = dy.shape
    return _transform(_for(g, dy)[2], dy.reshape(h, w, n * f)).reshape(-1, n, f)


def conv2d(xf: Array, wf: Array, g: Geometry) -> Array:
    """y = B (Xf Wf): -> (OH, OW, N, F)."""
    n, f = xf.shape[1], wf.shape[2]
    return _transform_back(_for(g, xf)[2], _products(xf, wf), g.out_size).reshape(*g.out_size, n, f)


def input_grad(dyf: Array, wf: Array, g: Geometry) -> Array:
    """dx = A^T (dYf Wf^T): -> (H, W, N, C)."""
    n, c = dyf.shape[1], wf.shape[1]
    size = plan(g).pixels
    phases = _transform_back(_for(g, dyf)[0], _products(dyf, wf.transpose(0, 2, 1)), size)
    return from_phases(phases.reshape(*size, n, c), g)


def weight_grad(xf: Array, dyf: Array, g: Geometry) -> Array:
    """dw = G^T (Xf^T dYf): -> (KH, KW, C, F)."""
    phases = matmul(_for(g, xf)[1].T, _products(xf.transpose(0, 2, 1), dyf))
    return taps_from_phases(phases, g, xf.shape[2] // g.stride**2, dyf.shape[2])
