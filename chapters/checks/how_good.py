"""Checks of the exercises of chapter 15: how good is it?"""

import numpy as np

from minigan.notebook import expect, number, numbers


def check_1(answer):
    """Precision, and the 1-NN accuracy on the fakes, of a generator that hands out the reference."""
    precision, accuracy = numbers(answer, 2)
    expect((precision, accuracy) != (0, 1), "both are right, in the other order")
    expect(precision == 1, "precision: each fake lies on a real sample; is it in that sample's ball?")
    expect(accuracy != 0.5, "1/2 is for fakes that are new; how far away is the nearest sample of a copy?")
    expect(accuracy != 1, "the accuracy is the share of fakes whose nearest other sample is a *fake*")
    expect(accuracy == 0, "1-NN: a copy and its original are 0 apart, so whose neighbour is the copy's nearest?")


def check_2(answer):
    """The Fréchet distance of two Gaussians with diagonal covariances."""
    found = number(answer)
    expect(not np.isclose(found, 82), "the covariances hold variances; (15.5) takes the difference of their roots")
    expect(not np.isclose(found, 5), "what do the means cost?")
    expect(not np.isclose(found, 8), "the difference of the means counts by its square")
    expect(not np.isclose(found, np.sqrt(14)), "what we call the Fréchet distance is the squared distance")
    expect(np.isclose(found, 14), "the means, then each axis: what are the two standard deviations on it?")


def check_3(answer):
    """The score of unequal classes."""
    found = number(answer)
    expect(not np.isclose(found, 10), "all ten classes occur, but not equally often")
    expect(not np.isclose(found, np.log(6)), "that is the mutual information in nats; the score is its exponential")
    expect(not np.isclose(found, np.log2(6)), "that is the mutual information in bits; the score is an exponential")
    expect(not np.isclose(found, 1 / 6), "the sign: an entropy is not negative")
    expect(np.isclose(found, 6), "a sure classifier has H(p_i) = 0; what is the entropy of the mean?")


def check_4(answer):
    """The expected density and coverage of fakes of which only a share is good."""
    density, coverage = numbers(answer(10, 12, 1, 0.5), 2)
    expect(not np.isclose(density, 6 / 15), "first the density, then the coverage")
    expect(not np.isclose(density, 1), "density: its mean goes over all m fakes; how many balls hold a far one?")
    expect(not np.isclose(density, 2), "density: the far fakes make it smaller")
    expect(np.isclose(density, 0.5), "density: a good fake lies in k balls on average, and what about a far one?")
    expect(not np.isclose(coverage, 12 / 21), "coverage: that is for m good fakes; the far ones fill no ball")
    expect(not np.isclose(coverage, 6 / 21), "coverage is a mean over the *real* samples: count the good fakes")
    expect(not np.isclose(coverage, 9 / 15), "coverage: that is the probability that a ball is empty")
    expect(not np.isclose(coverage, 6 / 16), "coverage: the sample itself does not count: n - 1 others")
    expect(np.isclose(coverage, 6 / 15), "coverage, k = 1: the nearest of n - 1 + a m samples is a fake")
    coverage = numbers(answer(9, 10, 2, 0.5), 2)[1]
    expect(not np.isclose(coverage, 1 - (8 / 13) ** 2), "coverage: the second is drawn from one sample less")
    expect(np.isclose(coverage, 1 - 8 / 13 * 7 / 12), "coverage, k = 2: the first two are both real, or not")
    coverage = numbers(answer(10_000, 10_000, 5, 0.5), 2)[1]
    expect(np.isclose(coverage, 0.8683, atol=2e-4), "coverage: k factors, with i from 1 to k")


def check_5(answer):
    """The squared maximum mean discrepancy from three matrices."""
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((7, 2)), draw.standard_normal((4, 2))
    xx, yy, xy = (np.exp(a @ b.T) for a, b in ((x, x), (y, y), (x, y)))
    kept = [each.copy() for each in (xx, yy, xy)]
    found = number(answer(xx, yy, xy))
    expect(all(np.array_equal(a, b) for a, b in zip(kept, (xx, yy, xy), strict=True)), "the matrices were changed")
    off = [(each.sum() - np.trace(each)) / (len(each) * (len(each) - 1)) for each in (xx, yy)]
    diagonal = xx.mean() + yy.mean() - 2 * xy.mean()
    squares = sum((each.sum() - np.trace(each)) / each.size for each in (xx, yy)) - 2 * xy.mean()
    expect(not np.isclose(found, diagonal), "the diagonals are still in: the pairs i = j")
    expect(not np.isclose(found, squares), "without the diagonal there are n (n - 1) pairs, not n²")
    expect(not np.isclose(found, sum(off) - xy.mean()), "a square of a difference: the mixed term comes twice")
    expect(np.isclose(found, sum(off) - 2 * xy.mean()), "three means: within x, within y, and between")


def check_6(answer):
    """The distance at infinitely many images."""
    sizes = [250, 500, 1000, 4000]
    found = number(answer(sizes, [0.05 + 60 / n for n in sizes]))
    expect(not np.isclose(found, 60), "that is the slope of the line; where does the line meet the axis?")
    expect(not np.isclose(found, 0.05 + 60 / 4000), "that is the distance at the largest n")
    wrong = np.polyfit(sizes, [0.05 + 60 / n for n in sizes], 1)[1]
    expect(not np.isclose(found, wrong), "that is a line over n; which variable makes infinitely many images 0?")
    expect(np.isclose(found, 0.05), "fit d = d_infinity + c / n, and return d_infinity")
    noisy = np.array([0.31, 0.16, 0.12, 0.06])
    best = np.polyfit(1 / np.array(sizes), noisy, 1)[1]
    again = number(answer(np.array(sizes), noisy))
    expect(np.isclose(again, best), "right for points on a line; use all points, by least squares, for others")
