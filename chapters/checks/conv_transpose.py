"""Checks of the exercises of chapter 09: the transposed convolution."""

import numpy as np

from minigan.notebook import expect, number, numbers


def check_1(answer):
    """The size after three layers that double it."""
    rows = number(answer)
    expect(rows != 4 * 2 * 3, "each layer multiplies; they do not add up")
    expect(rows != 4 * 4**3, "the stride is 2; the 4 in the call is the size of the kernel")
    expect(rows != 46, "without padding, (4 - 1) * 2 + 4 = 10 and so on; what does padding=1 cut off?")
    expect(rows != 8, "that is the size after one layer; there are three")
    expect(rows == 32, "(9.7) three times, starting with H = 4")


def check_2(answer):
    """The shape of w of Conv2DTranspose(64, 5) behind 128 channels."""
    shape = tuple(numbers(answer, 4).astype(int).tolist())
    expect(shape != (5, 5, 128, 64), "it is the kernel of the convolution that goes the other way")
    expect(shape[:2] == (5, 5), "the two sizes of the kernel come first")
    expect(shape == (5, 5, 64, 128), "(KH, KW, F, C): which number is F, which is C?")


def check_3(answer):
    """The least and the greatest number of stamps."""
    for kernel in range(1, 9):
        for stride in range(1, 5):
            counts = [sum((j - k) % stride == 0 for k in range(kernel)) for j in range(stride)]
            least, greatest = numbers(answer(kernel, stride), 2)
            where = f"kernel {kernel}, stride {stride}:"
            expect(
                kernel % stride or greatest != least + 1,
                f"{where} the stride divides the kernel, so both numbers are the same",
            )
            expect((least, greatest) != (max(counts), min(counts)) or least == greatest, "the least comes first")
            expect(least == min(counts), f"{where} the least is not {least:g}; draw the stamps on paper")
            expect(greatest == max(counts), f"{where} the greatest is not {greatest:g}; draw the stamps on paper")


def _down(w, n):
    """T (n / 2, n) of the convolution with stride 2 and "same" padding, written out."""
    matrix = np.zeros((n // 2, n))
    left = max(len(w) - 2, 0) // 2
    for o in range(n // 2):
        for k, weight in enumerate(w):
            if 0 <= 2 * o + k - left < n:
                matrix[o, 2 * o + k - left] = weight
    return matrix


def check_4(answer):
    """Two weights with T T^T = 1."""
    w = numbers(answer, 2)
    expect(w.all(), "none of them 0")
    T = _down(w, 8)
    diagonal = (T @ T.T)[0, 0]
    expect(not np.isclose(w.sum(), 1), f"a sum of 1 keeps a constant, but T Tᵀ has {diagonal:.3g} on its diagonal")
    expect(np.allclose(T @ T.T, np.eye(4), atol=1e-3), f"T Tᵀ has {diagonal:.3g} on its diagonal; which sum is that?")


def check_5(answer):
    """Three positive weights that keep a constant row uniform."""
    w = numbers(answer, 3)
    expect(w.min() > 0, "all positive")
    inner = (_down(w, 16).T @ np.ones(8))[3:-3]
    expect(not np.allclose(w, w[0]), "equal weights give twice as much where two stamps meet as where there is one")
    expect(
        np.ptp(inner) < 1e-6 * inner.max(),
        f"a row of ones becomes {inner[0]:.3g}, {inner[1]:.3g}, ... in turn: which taps share a remainder?",
    )


def check_6(answer):
    """The transposed convolution in one dimension, by zeros in between."""
    draw = np.random.default_rng(6)
    for n, count, s in ((4, 3, 1), (4, 3, 2), (5, 4, 2), (3, 2, 3)):
        x, w = draw.standard_normal(n), draw.standard_normal(count)
        right = np.zeros((n - 1) * s + count)
        for i in range(n):
            right[i * s : i * s + count] += x[i] * w
        y = np.asarray(answer(x, w, s), dtype=np.float64).ravel()
        more = y.size - right.size
        expect(more != s - 1 or s == 1, f"{more} too many for stride {s}: are there zeros behind the last pixel, too?")
        expect(not more, f"n = {n}, K = {count}, s = {s}: expected {right.size} elements, got {y.size}")
        turned = np.zeros_like(right)
        for i in range(n):
            turned[i * s : i * s + count] += x[i] * w[::-1]
        expect(not np.allclose(y, turned), "np.convolve reverses the kernel by itself; do not do it twice")
        repeated = np.convolve(np.repeat(x, s)[: (n - 1) * s + 1], w)
        expect(s == 1 or not np.allclose(y, repeated), "there should be zeros between the pixels, not copies")
        expect(np.allclose(y, right), "the sizes are right; compare with the stamps of (1, 3) and (1, 2, 1)")


def check_7(answer):
    """Four weights that interpolate linearly."""
    w = numbers(answer, 4)
    T = _down(w, 16)
    level = (T.T @ np.ones(8))[2:-2]
    expect(not np.allclose(level, 0.5), "a row of ones becomes 0.5: each kind of pixel needs weights that add up to 1")
    expect(np.allclose(level, 1), f"a row of ones becomes {level[0]:.3g}, {level[1]:.3g}, ... inside")
    ramp = (T.T @ np.arange(8.0))[2:-2]
    expect(not np.allclose(ramp, np.arange(2, 14) // 2), "that copies each pixel into two")
    expect(np.allclose(ramp, np.arange(2, 14) / 2 - 0.25), "a ramp 0, 1, 2, ... should rise by steps of 1/2")
