"""Checks of the exercises of chapter 01."""

import math
import re

import numpy as np

from minigan.notebook import expect, numbers


def check_1(answer):
    """The shape of a minibatch of colour images."""
    shape = tuple(numbers(answer, 4))
    expect(sorted(shape) == [3, 32, 48, 64], "four axes: rows, columns, batch and channels, each of them once")
    expect(shape[:2] != (64, 3), "that is channels first; here the last two axes are always (N, C)")
    expect(shape[0] != 64, "that is channels last; here the batch is the last axis but one")
    expect(shape[2:] != (3, 64), "nearly: the very last axis is the one that a bias is added to")
    expect(shape[:2] != (48, 32), "rows come before columns, as in a matrix")
    expect(shape == (32, 48, 64, 3), "pixels first, and then (N, C)")


def check_2(answer):
    """Which results are float64."""
    expect(np.iterable(answer), "a string of letters")
    text = answer if isinstance(answer, str) else " ".join(str(part) for part in answer)
    words = [word for word in re.findall("[a-z]+", text.lower()) if word != "and"]
    letters = set("".join(words))
    expect(letters <= set("abcdef"), "letters from a to f")
    x = np.ones(3, dtype=np.float32)
    draw = np.random.default_rng(0).uniform(size=3)
    results = (x - 1, x * np.exp(1), x * math.pi, x * np.array([1, 2, 3]), x * x.std(), x + draw)
    wide = {letter for letter, value in zip("abcdef", results, strict=True) if value.dtype == np.float64}
    expect(not letters & {"a", "c"}, "you named one with a Python number, and a Python number takes the array's type")
    expect("e" not in letters, "a NumPy number has a type of its own: which type has the std of a float32 array?")
    expect("b" in letters, "np.exp(1) is a NumPy number: which type has it?")
    expect("d" in letters, "an array of whole numbers has a type, too, and float32 cannot hold all its values")
    expect(letters == wide, "which type do draws of a generator have, if you do not say one?")


def check_3(answer):
    """The strides of a packed array, in bytes."""
    given = tuple(numbers(answer, 4))
    strides = np.empty((28, 28, 64, 32), dtype=np.float32).strides
    expect(tuple(4 * stride for stride in given) != strides, "those are elements; how many bytes has a float32?")
    expect(tuple(2 * stride for stride in strides) != given, "those are the bytes of float64")
    expect(given[::-1] != strides, "the other way round: which axis is the nearest in memory?")
    expect(given[-1] == 4, "begin at the right: how far is it from one channel to the next?")
    expect(given == strides, "each axis steps over everything that stands to the right of it in the shape")


def check_4(answer):
    """Where scores end under the broken loss, and the loss there."""
    score, loss = numbers(answer, 2)
    expect(abs(score - 0.5) > 1e-3, "the score: 1/2 is the mean of other targets; where is (1.2) zero for these?")
    expect(abs(score - 0.8) < 1e-3, "the score: where is (1.2) zero?")
    expect(abs(loss) > 1e-3, "the loss: put that score into (1.1); the targets still differ from it")
    expect(abs(loss - 0.32) > 1e-3, "the loss: twice the variance is for perfect scores, and these are not perfect")
    expect(abs(loss - 0.16) < 1e-3, "the loss: the mean of (score - t)^2 over the 100 targets")


def check_5(answer):
    """A conversion to channels first."""
    x = np.arange(2 * 3 * 5 * 4, dtype=np.float32).reshape(2, 3, 5, 4)  # H, W, N, C
    before = x.copy()
    y = answer(x)
    expect(hasattr(y, "shape"), "the answer should be an array")
    expect(y.shape == (5, 4, 2, 3), f"expected the shape (N, C, H, W) = (5, 4, 2, 3), got {y.shape}")
    expect(np.array_equal(x, before), "your function changes its argument")
    right = np.moveaxis(x, (2, 3), (0, 1))
    scrambled = np.array_equal(y, x.reshape(5, 4, 2, 3))
    expect(not scrambled, "the shape is right, but the images are scrambled: reshape moves no axis")
    expect(np.array_equal(y, right), "not every pixel is in its place: follow one element, x[0, 1, 2, 3]")
    expect(y.dtype == x.dtype, f"float32 became {y.dtype}")
    expect(y.flags.c_contiguous, "the memory is still in the old order, so pack it")
