"""Checks of the exercises of chapter 14: labels, codes and clusters."""

import numpy as np

from minigan.notebook import expect, number, numbers


def check_1(answer):
    """What goes into G and comes out of D with five clusters in each of ten labels."""
    g, d = numbers(answer, 2)
    expect((g, d) != (138, 11), "G and D are told the cluster, too: how many codes are there?")
    expect((g, d) != (143, 16), "each label has five clusters of its own: their numbers multiply")
    expect((g, d) != (51, 178), "the pair is in the other order: G first")
    expect(g == 128 + 50, "G takes the noise and one number for each cluster of each label")
    expect(d != 50, "D has one more output: which question does it answer?")
    expect(d == 51, "D has one output for each element of the code, and s")


def check_2(answer):
    """The best D at the two heaps of eight that G draws."""
    d = number(answer)
    expect(d != 0.5, "1/2 is the answer where data and fakes are equally frequent; here the fakes are more frequent")
    expect(not np.isclose(d, 0.8), "that is the probability that a point there is a fake")
    expect(not np.isclose(d, 1 / 3), "that is for four heaps, as in the text")
    expect(np.isclose(d, 0.2), "p / (p + q): how often is a real point at this heap, and how often a fake?")


def check_3(answer):
    """The bound for a continuous code and an honest Gaussian."""
    sigma = np.array([0.05, 0.3, 0.9])
    found = np.array([number(answer(s)) for s in sigma])
    entropy, gauss = np.log(2), 0.5 * np.log(2 * np.pi * np.e * sigma**2)
    expect(not np.allclose(found, (entropy - gauss) / np.log(2)), "that is in bits; give nats")
    expect(not np.allclose(found, -gauss), "the entropy of the code is missing: its density is 1/2 on [-1, 1]")
    expect(
        not np.allclose(found, entropy - 0.5 * np.log(2 * np.pi) - sigma**2 / 2),
        "that is Q with variance 1; here Q is as wide as its errors",
    )
    expect(not np.allclose(found, entropy - gauss + 0.5), "the square in the exponent has a mean, and it is not 0")
    expect(not np.allclose(found, gauss - entropy), "look at the sign: a smaller sigma says more about the code")
    expect(
        found[0] > found[1] > found[2], "a smaller sigma says more about the code, so the bound must fall with sigma"
    )
    expect(
        np.allclose(found, entropy - gauss), "write log Q for a Gaussian, and take its mean with E (a - c)^2 = sigma^2"
    )


def check_4(answer):
    """The best D when classes are asked for at other rates than those of the data."""
    p, q = np.array([0.1, 0.2, 0.7]), np.array([0.5, 0.25, 0.25])
    d = numbers(answer(p, q), 3)
    expect(not np.allclose(d, 0.5), "1/2 is right only where p and q are equal: (14.3) needs q(c) = p(c)")
    expect(not np.allclose(d, p / q), "that is the ratio of data to fakes; D is a probability")
    expect(not np.allclose(d, np.log(p / q)), "that is the logit; D is its sigmoid")
    expect(not np.allclose(d, q / (p + q)), "that is the probability of a fake")
    expect(np.allclose(d, p / (p + q)), "put p(x, y) = p(y) p(x | y) and the same for q into the first form of (14.3)")


def check_5(answer):
    """One step of k-means."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((40, 2))
    centres = np.array([[-1.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
    given = centres.copy()
    with np.errstate(all="ignore"):
        found = np.asarray(answer(x, given), dtype=np.float64)
    expect(found.shape == (3, 2), f"the new centres have the shape of the old ones, (3, 2), not {found.shape}")
    expect(np.isfinite(found).all(), "a cluster without points has no mean")
    right = x[:, 0] > 0
    expect(not np.allclose(found[2], 0), "a centre that no point joins stays where it is, it does not go to the origin")
    expect(np.allclose(found[2], centres[2]), "no point joins the third centre here: it stays where it is")
    sums = np.stack((x[~right].sum(axis=0), x[right].sum(axis=0)))
    expect(not np.allclose(found[:2], sums), "the new centre is the mean of the points, not their sum")
    medians = np.stack((np.median(x[~right], axis=0), np.median(x[right], axis=0)))
    expect(not np.allclose(found[:2], medians), "the sum of squares is least at the mean, not at the median")
    means = np.stack((x[~right].mean(axis=0), x[right].mean(axis=0)))
    expect(np.allclose(found[:2], means), "each point joins the nearest centre; each centre moves to their mean")


def check_6(answer):
    """The bound of InfoGAN for a class code, and its gradient."""
    draw = np.random.default_rng(1)
    a, codes = draw.standard_normal((6, 4)), np.eye(4)[draw.integers(4, size=6)]
    pair = answer(a, codes)
    pair = list(pair.values()) if isinstance(pair, dict) else pair
    expect(isinstance(pair, (tuple, list)) and len(pair) == 2, "return the bound and its gradient")
    bound, da = number(pair[0]), np.asarray(pair[1], dtype=np.float64)
    Q = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
    mean = np.log((Q * codes).sum(axis=1)).mean()
    expect(not np.isclose(bound, mean), "the entropy of the code is missing: K classes, equally often")
    expect(not np.isclose(bound, np.log(4) - mean), "log Q of the right class counts for the bound, not against it")
    expect(np.isclose(bound, np.log(4) + mean), "the bound is H(c) plus the mean of log Q of the right class")
    expect(da.shape == a.shape, f"the gradient has the shape of a, {a.shape}, not {da.shape}")
    right = (codes - Q) / 6
    expect(not np.allclose(da, -right), "that is the gradient of the loss; the bound has the other sign")
    expect(not np.allclose(da, 6 * right), "the bound is a mean over N fakes; each has its N-th part")
    expect(np.allclose(da, right), "the slope of log softmax(a)_y in a_k is 1 - Q_k for k = y, and -Q_k otherwise")
    with np.errstate(all="ignore"):
        large = answer(np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.eye(2))
        large = list(large.values()) if isinstance(large, dict) else large
    expect(
        np.isclose(number(large[0]), np.log(2)),
        "with outputs of 1,000 the exponential overflows; chapter 03 knows what to do",
    )
    expect(np.allclose(np.asarray(large[1], dtype=np.float64), 0), "the gradient overflows for outputs of 1,000")
