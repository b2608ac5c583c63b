"""Checks of the exercises of chapter 11."""

import numpy as np

from minigan.notebook import expect, number, numbers


def _column(seed, m=7, eps=1e-3):
    """A column, its centred form, 1 / std, and an upstream gradient of x_hat."""
    rng = np.random.default_rng(seed)
    x, dx_hat = 3 + 2 * rng.standard_normal(m), 1 + rng.standard_normal(m)
    centred = x - x.mean()
    return x, centred, 1 / np.sqrt((centred**2).mean() + eps), dx_hat


def _near(found, other):
    return np.abs(found - other).max() < 1e-5


def check_1(answer):
    """The gradient in the variance."""
    for seed in range(2):
        _, centred, inv_std, dx_hat = _column(seed)
        found = np.asarray(answer(dx_hat, centred, inv_std), dtype=float)
        expect(found.size == 1, "there is one variance for the whole column: sum over its numbers")
        dvar, right = number(found), -0.5 * inv_std**3 * (dx_hat * centred).sum()
        expect(abs(dvar + right) > 1e-9, "look at the sign: a larger variance makes r smaller")
        expect(abs(dvar - 2 * right) > 1e-9, "the exponent -1/2 comes down as a factor")
        expect(
            abs(dvar * inv_std**2 - right) > 1e-9,
            "that is with r to the first power: what is the derivative of v ** -0.5?",
        )
        expect(
            abs(dvar * inv_std - right) > 1e-9, "one power of r is missing: the derivative of v ** -0.5 has v ** -1.5"
        )
        expect(abs(dvar / inv_std - right) > 1e-9, "one r too many: in (11.2) r multiplies x - mean, not x_hat")
        expect(abs(dvar * len(dx_hat) - right) > 1e-9, "a sum over m, not a mean: each x_hat is moved by the same r")
        expect(abs(dvar - right) < 1e-5, "the chain rule: sum over m of dx_hat[m] times d x_hat[m] / d var")


def check_2(answer):
    """The gradient in the mean."""
    for seed in range(2):
        _, _, inv_std, dx_hat = _column(seed)
        found = np.asarray(answer(dx_hat, inv_std), dtype=float)
        expect(found.size == 1, "there is one mean for the whole column: sum over its numbers")
        dmean, right = number(found), -inv_std * dx_hat.sum()
        expect(abs(dmean + right) > 1e-9, "look at the sign: the mean is subtracted")
        expect(abs(dmean * inv_std - right) > 1e-9, "x - mean is multiplied by r, so dx_hat is, too")
        expect(abs(dmean * len(dx_hat) - right) > 1e-9, "the mean is subtracted M times: a sum, not a mean")
        expect(abs(dmean - right) < 1e-5, "the chain rule: sum over m of dx_hat[m] times d x_hat[m] / d mean")


def check_3(answer):
    """The gradient in x, against differences of the forward pass."""
    for seed in range(2):
        x, centred, inv_std, dx_hat = _column(seed)
        m = len(x)
        dvar = -0.5 * inv_std**3 * (dx_hat * centred).sum()
        dmean = -inv_std * dx_hat.sum()
        direct, by_mean, by_var = inv_std * dx_hat, dmean / m, 2 / m * centred * dvar
        found = np.asarray(answer(dx_hat, centred, inv_std, dmean, dvar), dtype=float).ravel()
        expect(found.size == m, f"dx has the shape of x, ({m},)")
        expect(
            not _near(found, direct), "that is the direct road alone; two more lead through the mean and the variance"
        )
        expect(not _near(found, direct + by_mean), "the road through the variance is missing: how does x_m move it?")
        expect(not _near(found, direct + by_var), "the road through the mean is missing: how does x_m move it?")
        expect(not _near(found, direct + dmean + by_var), "each x_m moves the mean by 1 / M only")
        expect(
            not _near(found, direct + by_mean + m * by_var), "the variance is a mean of squares: there is 1 / M in it"
        )
        expect(not _near(found, direct + by_mean + by_var / 2), "the square in the variance gives a factor 2")
        expect(
            _near(found, direct + by_mean + by_var),
            "add three terms: r dx_hat, dmean d mean / d x_m, and dvar d var / d x_m",
        )


def check_4(answer):
    """The number of means, and the numbers in each."""
    means, count = numbers(answer, 2)
    expect(means != 7 * 7 * 32, "one mean per pixel and channel? Batch norm reduces over all axes but the last")
    expect((means, count) != (3136, 32), "the other way round: first how many means there are")
    expect(means == 32, "how many channels are there?")
    expect(count != 64, "that is the batch alone; each pixel of each sample is a number of the channel")
    expect(count == 7 * 7 * 64, "each mean is over every pixel of every sample")


def check_5(answer):
    """The gradient of a bias in front of a batch norm."""
    value = number(answer)
    expect(value != 1, "the bias shifts its whole column of the batch; what does batch norm do with a shift?")
    expect(abs(value) < 1e-12, "the gradient of a bias is the sum of dx over the batch: sum (11.9) over m")


def check_6(answer):
    """The rank of the Jacobian."""
    found = [number(answer(m)) for m in (2, 3, 6, 100)]
    expect(found != [1, 2, 5, 99], "that is the mean alone; the variance costs a direction, too")
    expect(found != [2, 2, 2, 2], "that is how many are 0")
    expect(found == [0, 1, 4, 98], "count what P in (11.11) removes")


def check_7(answer):
    """How the output and dw scale with the weights."""
    for k in (2.0, 10.0, 0.5):
        output, dw = numbers(answer(k), 2)
        expect(output != k, "the output: batch norm divides by the standard deviation, which grows by k, too")
        expect(output == 1, "the output: what does batch norm do with a column that is stretched by k?")
        expect(dw != 1, "dw: the output is the same function of w / k, so how steep is it in w?")
        expect(dw != k, "dw: r becomes smaller by k, and (11.9) has r as a factor")
        expect(abs(dw - 1 / k) < 1e-6, "dw: look at the factor r in (11.9), and at dw = x.T @ dz")


def check_8(answer):
    """The running variance after k updates."""
    v, decay, k, running = 4.0, 0.9, 7, 1.0
    for _ in range(k):
        running = decay * running + (1 - decay) * v
    value = number(answer(v, decay, k))
    expect(value != v, "that is where it ends, after very many updates; the initial 1 still counts")
    expect(abs(value - (0.1**7 + (1 - 0.1**7) * 4)) > 1e-6, "`decay` is the share of the old that is kept")
    expect(abs(value - v * (1 - decay**k)) > 1e-6, "the running variance starts at 1, not at 0")
    expect(abs(value - (decay * 1 + (1 - decay) * v)) > 1e-6, "that is one update")
    expect(abs(value - running) < 1e-5, "how much weight does the initial 1 have after k updates?")


def check_9(answer):
    """Mean and variance of dropout without the division."""
    for x, q in ((3.0, 0.3), (-2.0, 0.8)):
        mean, variance = numbers(answer(x, q), 2)
        expect(abs(variance - x * x * q / (1 - q)) > 1e-6, "the variance is that of (11.16), with the division")
        expect(abs(mean - x * q) > 1e-6, "q is the share that is set to 0, not the share that is kept")
        expect(abs(mean - x) > 1e-6, "the mean is x only with the division")
        expect(abs(mean - x * (1 - q)) < 1e-6, "the mean: m is 1 with probability 1 - q")
        expect(abs(variance - x * x * (1 - q)) > 1e-6, "that is the mean square: subtract the squared mean")
        expect(abs(variance - x * x * q * (1 - q)) < 1e-6, "the variance: m^2 = m, so the mean square is x^2 (1 - q)")


def check_10(answer):
    """A dense layer and a batch norm folded into one."""
    rng = np.random.default_rng(9)
    x, w = rng.standard_normal((5, 4)), rng.standard_normal((4, 3))
    gamma, beta, mean = rng.standard_normal((3, 3))
    var, eps = rng.uniform(0.05, 3, 3), 1e-2
    given = (w, gamma, beta, mean, var)
    old = [part.copy() for part in given]
    w_new, b_new = (np.asarray(part) for part in answer(w, gamma, beta, mean, var, eps))
    expect(all(np.array_equal(a, b) for a, b in zip(given, old, strict=True)), "the old arrays must stay as they were")
    expect(w_new.shape == (4, 3), f"w_new has the shape of w, (4, 3), not {w_new.shape}")
    expect(b_new.size == 3, "b_new has one number for each output")
    r = 1 / np.sqrt(var + eps)
    expect(not np.allclose(w_new, w * gamma / np.sqrt(var), rtol=1e-6), "where is eps?")
    expect(not np.allclose(w_new, w * gamma / (var + eps)), "divide by the standard deviation, not by the variance")
    expect(np.allclose(w_new, w * gamma * r), "w_new: each output, so each column of w, is multiplied by gamma r")
    b_new = b_new.ravel()
    expect(not np.allclose(b_new, beta), "b_new: the mean is subtracted, too")
    expect(not np.allclose(b_new, beta - mean), "b_new: the mean is subtracted before the multiplication by gamma r")
    wanted = gamma * (x @ w - mean) * r + beta
    expect(np.allclose(x @ w_new + b_new, wanted), "b_new: put x = 0 into both layers, and see what comes out")
