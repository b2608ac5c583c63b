"""Checks of the exercises of chapter 13."""

import numpy as np

from minigan.notebook import expect, number, numbers

NAMES = ("divergence", "D too strong", "D at chance", "mode collapse", "nothing")


def _pair(found):
    """A tuple, a list, an array or a dict as a list; anything else as None."""
    found = list(found.values()) if isinstance(found, dict) else found
    return list(found) if isinstance(found, tuple | list) or np.ndim(found) > 0 else None


def check_1(answer):
    """The names of four failures."""
    given = answer.split(",") if isinstance(answer, str) else answer.values() if isinstance(answer, dict) else answer
    spelled = {name.lower(): name for name in NAMES}
    names = [spelled.get(str(name).strip().lower(), str(name)) for name in given]
    expect(len(names) == 4, f"give four names, one for each game; you give {len(names)}")
    for name in names:
        expect(name in NAMES, f"{name!r} is not one of the five names")
    a, b, c, d = names
    expect(a != "nothing", "A: its losses and D's answers are those of a healthy game; go on to the last two rows")
    expect(a == "mode collapse", "A: few samples are stray, so they are good, but most of the data is missing")
    expect(b == "nothing", "B: compare each number with the limits in the drawing, from the top")
    expect(c != "nothing", "C: D answers 1/2 everywhere; are the samples good?")
    expect(c != "mode collapse", "C: the data is missing, but that is an effect; could D ever tell samples apart?")
    expect(c == "D at chance", "C: the largest advantage so far is the number to look at")
    expect(d != "mode collapse", "D: the missing data is an effect; what does D know in this game?")
    expect(d != "divergence", "D: a loss of 5.3 is large, and far from 1,000")
    expect(d == "D too strong", "D: compute its advantage from the two means")


def check_2(answer):
    """The best score for the targets a and b."""
    for p, q, a, b in ((0.2, 0.3, -1.0, 1.0), (0.2, 0.6, 0.0, 1.0), (1.0, 3.0, -1.0, 2.0), (0.7, 0.0, 0.3, 0.9)):
        score, right = number(answer(p, q, a, b)), (b * p + a * q) / (p + q)
        if abs(score - right) > 1e-6:
            swapped, standard = (a * p + b * q) / (p + q), p / (p + q)
            expect(
                abs(score - swapped) > 1e-9,
                "where there are only real samples, q = 0, the best score is their target b, and yours is not",
            )
            expect(abs(score - standard) > 1e-9, "p / (p + q) is for the targets 0 and 1; these are a and b")
            expect(abs(score - (b * p + a * q)) > 1e-9, "divide: p and q do not sum to 1 at one place")
            expect(False, f"p = {p}, q = {q}, a = {a}, b = {b}: a score other than {score:.4g} costs less")


def check_3(answer):
    """The smallest pack for an advantage above 0.95."""
    m = number(answer)
    expect(m == round(m), "a pack holds a whole number of samples")
    expect(m != 3, "1 - 0.25^m is for a G that draws a quarter; this G draws three quarters")
    expect(m != 10, "1 - 0.75^10 = 0.944 is not above 0.95 yet")
    expect(m >= 10, f"with packs of {m:g} the advantage is {1 - 0.75**m:.3f}")
    expect(m == 11, f"{m:g} is enough, but a smaller pack is enough, too")


def check_4(answer):
    """The bound on the slope of 10-20-1 with clipped weights."""
    for c in (0.01, 0.1, 0.5):
        bound = number(answer(c))
        right = np.sqrt(10 * 20) * np.sqrt(20) * c**2
        expect(abs(bound / (np.sqrt(200) * np.sqrt(20) * c) - 1) > 1e-6, "two layers: each brings a c")
        expect(abs(bound / (10 * 20 * 20 * c**2) - 1) > 1e-6, "the norm is the *root* of the sum of the squares")
        expect(abs(bound / (np.sqrt(200) * c + np.sqrt(20) * c) - 1) > 1e-6, "layers follow each other: so multiply")
        expect(abs(bound / right - 1) < 1e-3, f"c = {c}: a D with c in each weight has the slope {right:.4g}")


def check_5(answer):
    """The one-sided penalty, against its formula and finite differences."""
    norm = np.array([0.0, 0.3, 0.999, 1.5, 4.0])
    found = _pair(answer(norm))
    expect(found is not None and len(found) == 2, "return two arrays: p, and p' divided by the norm")
    p, slope = numbers(found[0], 5), numbers(found[1], 5)
    expect(np.isfinite(slope).all(), "a norm may be 0: do not divide by it there")
    expect(np.abs(p[:3]).max() < 1e-12, "a slope below 1 costs nothing here")
    expect(np.allclose(p[3:], [0.25, 9.0]), "p: the square of what exceeds 1")
    expect(not np.allclose(slope[3:], [1.0, 6.0]), "the second array is p' divided by the norm")
    expect(not np.allclose(slope[3:], [0.5 / 1.5, 3.0 / 4.0]), "the derivative of a square brings a factor 2")
    expect(np.allclose(slope, [0, 0, 0, 2 * 0.5 / 1.5, 2 * 3.0 / 4.0]), "p' is 2 max(0, |g| - 1); then divide by |g|")


def check_6(answer):
    """The gradient of R2, against finite differences."""
    rng = np.random.default_rng(0)
    x, W1, w2 = rng.standard_normal((6, 3)), rng.standard_normal((3, 5)), rng.standard_normal((5, 1))

    def penalty(W1, w2):
        m = np.where(x @ W1 > 0, 1.0, 0.2)
        g = (m * w2[:, 0]) @ W1.T
        return (g**2).sum() / (2 * len(x))

    found = _pair(answer(x, W1.copy(), w2.copy()))
    expect(found is not None and len(found) == 2, "return two arrays, dP/dW1 and dP/dw2")
    mine = [numbers(found[0], W1.size), numbers(found[1], w2.size)]
    right = []
    for k, w in enumerate((W1, w2)):
        gradient = np.zeros(w.size)
        for i in range(w.size):
            ends = []
            for h in (1e-6, -1e-6):
                changed = [W1.copy(), w2.copy()]
                changed[k].flat[i] += h
                ends.append(penalty(*changed))
            gradient[i] = (ends[0] - ends[1]) / 2e-6
        right.append(gradient)
    close = [np.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(mine, right, strict=True)]
    expect(not np.allclose(mine[0], len(x) * right[0], rtol=1e-5), "P is a mean over the samples: v = g / N")
    expect(not np.allclose(mine[0], right[0] / 2, rtol=1e-5), "half of a square has a derivative without a 1/2")
    expect(close[0] or not close[1], "dP/dw2 is right; dP/dW1 is v^T times delta_1, and delta_1 contains m and w2")
    expect(close[1] or not close[0], "dP/dW1 is right; dP/dw2 is the tangent *behind* the LeakyReLU, so it contains m")
    expect(all(close), "the differences disagree: follow the three rows of the drawing, with N samples")
