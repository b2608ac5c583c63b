"""Checks of the exercises of chapter 05. They contain the answers: read them afterwards."""

import numpy as np

from minigan.notebook import expect, number, numbers
from minigan.objectives import LeastSquares, Minimax, NonSaturating

X = np.linspace(-20, 20, 4001)
DX = X[1] - X[0]
DATA = [(0.5, -1.5, 0.6), (0.5, 1.5, 0.6)]
FAKES = [(1.0, 0.5, 1.0)]


def _log_mixture(x, parts):
    """Return the logarithm of a mixture of Gaussians; parts are (weight, mean, std)."""
    terms = [np.log(w) - 0.5 * ((x - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi)) for w, mean, std in parts]
    return np.logaddexp.reduce(terms)


def _kl(log_p, log_q):
    """Return KL(p|q) of two densities on the grid."""
    return (np.exp(log_p) * (log_p - log_q)).sum() * DX


def _js(log_p, log_q):
    """Return JS(p|q) of two densities on the grid."""
    log_m = np.logaddexp(log_p, log_q) - np.log(2)
    return _kl(log_p, log_m) / 2 + _kl(log_q, log_m) / 2


def check_1(answer):
    """Check the logit of the best D."""
    s = number(answer)
    expect(abs(s - 3) > 1e-3, "that is the ratio of the densities; which function of it is the logit?")
    expect(abs(s - 0.75) > 1e-3, "that is the probability D*; the logit s has sigmoid(s) = D*")
    expect(
        abs(s + np.log(3)) > 5e-3, "look at the sign: which of the two is denser, and what does a positive logit say?"
    )
    expect(abs(s - np.log10(3)) > 5e-4, "all logarithms of this chapter are natural ones")
    expect(abs(s - np.log(3)) < 5e-3, "(5.6) has two densities; put them in")


def check_2(answer):
    """Check where the saturating loss stops pushing."""
    probability = number(answer)
    expect(0 <= probability <= 1, "D(G(z)) is a probability")
    expect(abs(probability - 0.5) > 0.05, "there the derivative is half of its greatest length")
    expect(
        not 1e-3 <= probability <= 0.1, "the derivative is small there, but not 0 yet; to which value does it shrink?"
    )
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    length = abs(Minimax().generator_loss(np.log([[inside / (1 - inside)]]))[1].item())
    expect(length < 1e-3, f"there dL/ds has length {length:.2f}; who is winning where it vanishes?")


def check_3(answer):
    """Check the best D for batches that are not half real."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        a, b, q = rng.uniform(0.1, 0.9, size=3)
        y = np.linspace(0, 1, 100_001)[1:-1]
        best = y[np.argmax(q * a * np.log(y) + (1 - q) * b * np.log(1 - y))]
        found = number(answer(a, b, q))
        half = number(answer(a, b, 0.5))
        expect(abs(half - np.log(a / b)) > 1e-6, "that is the logit; the question asks for D")
        expect(abs(half - b / (a + b)) > 1e-6, "that is 1 - D, the probability that the sample is a fake")
        expect(abs(half - a / (a + b)) < 1e-6, "for q = 1/2 it must be (5.5)")
        swapped = (1 - q) * a / ((1 - q) * a + q * b)
        expect(
            abs(found - swapped) > 1e-9, "more real samples must make D say real more often; yours says it less often"
        )
        expect(abs(found - a / (a + b)) > 1e-9, "it must depend on q: which samples does D see more often?")
        expect(abs(found - best) < 1e-4, f"at densities {a:.2f} and {b:.2f}, q = {q:.2f}, it is not the best D yet")


def check_4(answer):
    """Check what the non-saturating loss descends."""
    a, b = numbers(answer, 2)
    expect((a, b) != (0, 2), "that is the saturating loss")
    expect((a, b) != (1, 2), "the sign of one of them: the two mean gradients ADD UP to that of KL")
    data, h = _log_mixture(X, [(1, 0, 1)]), 1e-4
    for theta in (0.5, 1.5, 3.0):
        moved = [_log_mixture(X, [(1, theta + step, 1)]) for step in (h, -h)]
        plus, minus = (a * _kl(p, data) + b * _js(data, p) for p in moved)
        here = _log_mixture(X, [(1, theta, 1)])
        push = NonSaturating().generator_loss((data - here)[:, None])[1][:, 0]
        found, wanted = (plus - minus) / (2 * h), (np.exp(here) * push * -theta).sum() * DX
        expect(
            abs(found - wanted) < 1e-5, f"at distance {theta} the gradient is {wanted:.4f}, and yours is {found:.4f}"
        )


def check_5(answer):
    """Check JS of a generator that draws a share of the data."""
    for r in (1.0, 0.5, 7 / 8, 0.1):
        found = number(answer(r))
        wanted = (r * np.log(2 * r / (1 + r)) + (1 - r) * np.log(2) + np.log(2 / (1 + r))) / 2
        if r == 1:
            expect(abs(found) < 1e-9, "at r = 1 the generator is perfect, and JS is 0")
        expect(abs(found - 2 * wanted) > 1e-9 or r == 1, "that is twice JS: (5.9) takes the mean of two KL")
        without = wanted - (1 - r) * np.log(2) / 2
        expect(abs(found - without) > 1e-9 or r == 1, "the data that G never draws belong to KL(p_d | m), too")
        expect(abs(found + np.log(r)) > 1e-9 or r == 1, "that is the reverse KL, log 1/r; JS compares with m")
        expect(abs(found - wanted) < 1e-6, f"at r = {r:.3f} it is not JS yet; what is m where G draws, and where not?")


def check_6(answer):
    """Check the estimate of JS from logits."""
    rng = np.random.default_rng(5)
    samples = []
    for parts in (DATA, FAKES):
        weight, mean, std = np.array(parts).T
        k = rng.choice(len(parts), size=200_000, p=weight)
        samples.append((mean[k] + std[k] * rng.standard_normal(200_000))[:, None])
    s_real, s_fake = (_log_mixture(at, DATA) - _log_mixture(at, FAKES) for at in samples)
    wanted = _js(_log_mixture(X, DATA), _log_mixture(X, FAKES))
    zeros = np.zeros((10, 1))
    blind, found = number(answer(zeros, zeros)), number(answer(s_real, s_fake))
    expect(abs(blind - np.log(4)) > 1e-6, "that is the loss L_D itself; what is V, and what does (5.9) add to it?")
    expect(abs(blind) < 1e-6, "a D that sees no difference must give 0")
    expect(abs(found - 2 * wanted) > 0.005, "that is twice as much: look at the factor of JS in (5.9)")
    expect(
        abs(found - wanted) < 0.005, f"for the densities of this chapter JS is {wanted:.3f}, and yours is {found:.3f}"
    )
    sure = number(answer(zeros + 1000, zeros - 1000))
    expect(abs(sure - np.log(2)) < 1e-6, "a D that is sure and right must give log 2, also for logits of 1000")


def check_7(answer):
    """Check the best logit of any loss."""
    for a, b in ((0.3, 0.1), (0.2, 0.2), (0.01, 0.4)):
        found = number(answer(NonSaturating(), a, b))
        expect(
            abs(found + np.log(a / b)) > 1e-3 or a == b, "the sign: which half of the interval keeps the best logit?"
        )
        expect(abs(found - np.log(a / b)) < 1e-3, f"for the cross-entropy at {a}, {b} it must be (5.6)")
        found = number(answer(LeastSquares(), a, b))
        same = abs(found - np.log(a / b)) < 1e-3
        expect(not same, "least squares has another best logit; ask the objective for its derivatives")
        expect(abs(found - a / (a + b)) < 1e-3, f"for least squares at {a}, {b} the sum of slopes is not 0 there")


def check_8(answer):
    """Check the Wasserstein distance of two samples."""
    found = number(answer(np.array([0.0, 2.0]), np.array([5.0, 1.0])))
    expect(abs(found - 3) > 1e-9, "the plan of the order in which they come costs 3, and there is a cheaper one")
    expect(abs(found - 4) > 1e-9, "W is the mean way, not the sum of the ways")
    expect(abs(found - 2) < 1e-6, "for the data 0, 2 and the fakes 5, 1 the chapter finds 2")
    found = number(answer(np.array([-1.0, 1.0, 0.0]), np.array([3.0, -3.0, 0.0])))
    expect(abs(found) > 1e-9, "ways in opposite directions do not cancel; each costs its length")
    expect(abs(found - 4 / 3) < 1e-6, "try the data -1, 1, 0 and the fakes 3, -3, 0 by hand")
    given = np.array([2.0, 0.0])
    answer(given, np.array([1.0, 5.0]))
    expect(given[0] == 2, "the function must leave the samples in their order; sort copies")
