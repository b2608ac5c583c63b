"""Checks of the exercises of chapter 08: the convolution."""

import numpy as np

from minigan.notebook import expect, number, numbers


def check_1(answer):
    """Zeros of "same" padding: 32 rows, kernel 5, stride 2."""
    above, below = numbers(answer, 2)
    expect((above, below) != (2, 2), "that is p = 2 on every side; Keras adds only as many zeros as (8.3) needs")
    expect(above + below != 4, "that keeps the size for stride 1; with stride 2 there are fewer windows to serve")
    expect(above + below == 3, "(8.3): OH = 16, so the last window starts at row 30; how many rows are missing?")
    expect(above < below, "the sum is right; which side gets the smaller part?")
    expect(above == 1, "the sum is right; split it as evenly as it goes")


def check_2(answer):
    """The number of parameters of Conv2D(128, 5, stride=2) behind 64 channels."""
    count = number(answer)
    expect(count != 5 * 5 * 128 + 128, "each filter has a 5 x 5 kernel for every channel that comes in")
    expect(count != 5 * 5 * 64 * 128, "the bias: one more per filter")
    expect(count != 5 * 5 * 64 * 128 + 64, "there is one bias for each channel that goes out, not that comes in")
    expect(
        count % (14 * 14) and count % (7 * 7),
        "all pixels share the weights, so the size of the image is not in it",
    )
    expect(count == 5 * 5 * 64 * 128 + 128, "the kernel is (KH, KW, C, F) and the bias (F,)")


def check_3(answer):
    """The gradient of the bias."""
    dy = np.random.default_rng(0).standard_normal((4, 3, 2, 5))
    db = np.asarray(answer(dy))
    expect(db.size != 1, "b has F elements, and each has a gradient of its own: which axes are summed?")
    expect(db.size == 5, f"db must have the shape of b, (5,), not {db.shape}")
    db = db.ravel()
    expect(not np.allclose(db, dy.mean(axis=(0, 1, 2))), "b enters every output with weight 1: a sum, not a mean")
    expect(not np.allclose(db, dy.sum(axis=(0, 1, 2)) / 2), "the images of the batch are summed, too")
    expect(np.allclose(db, dy.sum(axis=(0, 1, 2))), "which outputs does b enter, and with what factor?")


def check_4(answer):
    """The receptive field of a stack."""
    expect(number(answer([5], [3])) == 5, "one layer sees its kernel, whatever its stride")
    expect(number(answer([3, 3], [1, 1])) != 6, "the fields do not add up: the windows of neighbours overlap")
    expect(number(answer([3, 3, 3], [1, 1, 1])) == 7, "three kernels of 3 with stride 1 see 7 rows")
    expect(number(answer([5, 5], [2, 2])) != 9, "that is the answer for stride 1: where do the strides come in?")
    expect(number(answer([5, 5], [2, 2])) == 13, "one step in the second layer's input is s_1 steps in the image")
    expect(number(answer([4, 4, 4], [2, 2, 2])) == 22, "each layer's step is the product of all strides before it")
    expect(number(answer([3, 5, 2], [1, 3, 2])) == 10, "a layer's stride counts for those behind it, not for itself")


def check_5(answer):
    """The input gradient of np.correlate."""
    draw = np.random.default_rng(1)
    x, w = draw.standard_normal(9), draw.standard_normal(4)
    dy = draw.standard_normal(6)
    dx = np.asarray(answer(dy, w))
    expect(dx.size == 9, f"dx must have the shape of x, (9,), not {dx.shape}: see the mode")
    dx = dx.ravel()
    expect(not np.allclose(dx, np.correlate(dy, w, mode="full")), "the index of w is i - o: as o grows it falls")
    expect(np.isclose(dx @ x, dy @ np.correlate(x, w, mode="valid")), "the identity (8.8) does not hold")


def _dilated(x, w, r):
    count = len(x) - r * (len(w) - 1)
    return sum(x[r * k : r * k + count] @ w[k] for k in range(len(w)))


def check_6(answer):
    """Both gradients of a dilated convolution."""
    draw = np.random.default_rng(2)
    for r in (1, 2, 3):
        x, w = draw.standard_normal((11, 2, 3)), draw.standard_normal((3, 3, 4))
        dy = draw.standard_normal(_dilated(x, w, r).shape)
        pair = answer(x, w, dy, r)
        expect(isinstance(pair, (tuple, list)) and len(pair) == 2, "return two arrays, dx and dw")
        dx, dw = (np.asarray(array) for array in pair)
        expect((dx.shape, dw.shape) != (w.shape, x.shape), "the order is dx, dw")
        expect((dx.shape, dw.shape) == (x.shape, w.shape), "dx has the shape of x, dw that of w")
        other_x, other_w = draw.standard_normal(x.shape), draw.standard_normal(w.shape)
        both = (dy * _dilated(other_x, w, r)).sum(), (dy * _dilated(x, other_w, r)).sum()
        right = [np.isclose(both[0], (dx * other_x).sum()), np.isclose(both[1], (dw * other_w).sum())]
        expect(any(right) or r == 1, "right for r = 1 only: the taps must be spread on the way back, too")
        expect(right[0], f"dx: the identity fails for r = {r}; a pixel that is read several times gets several terms")
        expect(right[1], f"dw: the identity fails for r = {r}; what did tap k read?")
