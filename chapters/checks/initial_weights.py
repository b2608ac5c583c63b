"""Checks of the exercises of chapter 10."""

import numpy as np

from minigan.notebook import expect, number

NAMES = {"w1", "b1", "w2", "b2", "w3", "b3"}


def check_1(answer):
    """The parameters that move in the first step from zero."""
    names = {str(name).strip() for name in (answer.split(",") if isinstance(answer, str) else answer)}
    expect(names <= NAMES, f"the names are {', '.join(sorted(NAMES))}")
    expect(
        not names & {"w1", "b1", "w2", "b2"}, "a gradient reaches the hidden layers only through w3, and what is in w3?"
    )
    expect("w3" not in names, "dw3 is h2.T @ ds: what comes out of the second hidden layer at the start?")
    expect(names == {"b3"}, "look at db3, which is a sum of ds and of nothing else")


def check_2(answer):
    """The growth of the size over sixteen layers."""
    growth = number(answer)
    expect(abs(growth - 1.1**32) > 0.1, "that is the mean square; the size is its square root")
    expect(abs(growth - 1.1**8) > 0.01, "one root too many: how does the size of z change if all weights grow by 10 %?")
    expect(abs(growth - 2.6) > 0.01 and abs(growth - 1.76) > 0.01, "factors of layers multiply, they do not add")
    expect(abs(growth - 1.1) > 0.01, "that is one layer, and there are sixteen")
    expect(abs(growth - 1.1**16) < 0.02, "what does one layer do to the size, and how many layers are there?")


def check_3(answer):
    """The limit of a uniform distribution."""
    for fan_in, slope in ((128, 0.2), (75, 0.0), (10, 0.9)):
        std, limit = np.sqrt(2 / ((1 + slope**2) * fan_in)), number(answer(fan_in, slope))
        expect(abs(limit - std) > 1e-3 * std, "that is the standard deviation; the variance of U(-r, r) is r^2 / 3")
        expect(abs(limit - std**2 * 3) > 1e-3 * std, "that is r^2: take the root")
        expect(
            slope == 0 or abs(limit - np.sqrt(6 / fan_in)) > 1e-3 * limit, "right for ReLU, but the slope is not used"
        )
        expect(abs(limit - np.sqrt(12) * std) > 1e-3 * std, "r^2 / 12 belongs to a uniform distribution of length r")
        expect(abs(limit / std - np.sqrt(3)) < 1e-6, "set r^2 / 3 equal to (10.6), and solve for r")


def check_4(answer):
    """The standard deviation for a transposed convolution."""
    for channels, k, stride, slope in ((128, 5, 2, 0.0), (32, 4, 2, 0.2), (8, 3, 1, 0.2), (16, 4, 4, 0.2)):
        found = number(answer(channels, k, stride, slope))
        right = np.sqrt(2 * stride**2 / ((1 + slope**2) * channels * k * k))
        if stride > 1:
            expect(abs(found * stride - right) > 1e-6, "the stride is missing: how many products does one output add?")
            expect(
                abs(found - right / stride**2) > 1e-6,
                "fewer products need larger weights: the stride works the other way",
            )
            expect(abs(found - right / np.sqrt(stride)) > 1e-6, "an image has two axes, and the stride acts on both")
        expect(abs(found - right**2) > 1e-6, "that is the variance: take the root")
        expect(abs(found - right * np.sqrt(k)) > 1e-6, "a square kernel has k * k taps")
        expect(
            slope == 0 or abs(found - right * np.sqrt(1 + slope**2)) > 1e-6, "right for ReLU, but the slope is not used"
        )
        expect(abs(found - right) < 1e-3 * right, "put (10.11) in the place of C in (10.6)")


def check_5(answer):
    """An orthogonal initializer."""
    draws = [np.asarray(answer(np.random.default_rng(seed), (40, 24), 40, 24)) for seed in range(2)]
    w = draws[0]
    expect(w.shape == (40, 24), f"the weights have shape (C, F) = (40, 24), not {w.shape}")
    gram = w.T @ w
    diagonal = np.diag(gram)
    expect(np.abs(gram - np.diag(diagonal)).max() < 1e-6, "the columns are not orthogonal: look at w.T @ w")
    expect(np.abs(diagonal - 1).max() < 1e-6, "the columns are orthogonal, but their length is not 1")
    expect(np.abs(draws[0] - draws[1]).max() > 1e-3, "two generators give the same matrix: draw with rng")
    expect(np.abs(w).min() > 1e-9, "many entries are 0, so not all directions are equally likely")
    expect(
        np.abs(w.sum(axis=0)).max() < 5,
        "nearly all entries of a column have one sign, so not all directions are equally likely",
    )
    square = np.asarray(answer(np.random.default_rng(2), (16, 16), 16, 16))
    expect(np.abs(square.T @ square - np.eye(16)).max() < 1e-6, "it fails for a square matrix")


def check_6(answer):
    """Layers scaled by measurement."""
    rng = np.random.default_rng(3)
    shapes = ((30, 50), (50, 50), (50, 20))
    weights = [scale * rng.standard_normal(shape) for shape, scale in zip(shapes, (0.01, 1.0, 0.2), strict=True)]
    old = [w.copy() for w in weights]
    x, slope = 3 + rng.standard_normal((200, 30)), 0.2
    new = list(answer(weights, x, slope))
    expect(len(new) == 3, f"there are three matrices, and you return {len(new)}")
    expect(
        all(np.array_equal(w, o) for w, o in zip(weights, old, strict=True)), "the old matrices must stay as they were"
    )
    h, sizes = x, []
    for w in new:
        z = h @ np.asarray(w)
        h = np.maximum(z, slope * z)
        sizes.append((np.sqrt((z**2).mean()), h.std(), np.sqrt((h**2).mean())))
    before, spread, behind = np.array(sizes).T
    if abs(behind[0] - 1) < 1e-4:
        expect(
            abs(behind[1] - 1) < 1e-4,
            "the first layer is right; the second must be measured with what the new first layer gives",
        )
    expect(np.abs(before - 1).max() > 1e-6, "you measure in front of LeakyReLU; measure behind it")
    expect(np.abs(spread - 1).max() > 1e-6, "that is the standard deviation; a root mean square subtracts no mean")
    expect(np.abs(behind - 1).max() < 1e-4, f"the sizes behind the layers are {behind.round(3)}, and should be 1")
    ratio = [np.asarray(w) / o for w, o in zip(new, old, strict=True)]
    expect(all(np.ptp(r) < 1e-4 * abs(r.mean()) and r.mean() > 0 for r in ratio), "divide each matrix by one number")
