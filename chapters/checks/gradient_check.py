"""Checks of the exercises of chapter 04. They contain the answers: read them afterwards."""

import numpy as np

from minigan import Network
from minigan.gradient_check import check_network
from minigan.layers import LeakyReLU
from minigan.notebook import expect, number, numbers


def check_1(answer):
    """Check the number of forward passes."""
    passes = number(answer)
    expect(
        passes not in (1_000_000, 1_000_001), "that is enough for forward differences; a central one looks both ways"
    )
    expect(passes != 2, "that is one random direction; here every element is asked for")
    expect(passes == 2_000_000, "how many values of f does one central difference need?")


def check_2(answer):
    """Check how the error depends on the step."""
    error = number(answer)
    expect(not np.isclose(error, 2e-6, rtol=0.01), "that is the order of a forward difference")
    expect(
        not np.isclose(error, 2e-3, rtol=0.01), "a smaller step makes this error smaller; h is far above the best step"
    )
    expect(np.isclose(error, 2e-7, rtol=0.01), "which power of h begins the error in (4.3)?")


def check_3(answer):
    """Check the best step of a forward difference."""
    for u, f, f2 in ((1.1e-16, 1.0, 1.0), (6e-8, 3.0, 0.5), (1e-10, 2.0, 8.0)):
        h = number(answer(u, f, f2))
        best = 2 * np.sqrt(u * f / f2)
        expect(h > 0, "a step is positive")
        expect(not np.isclose(h, best**2, rtol=1e-6), "that is h squared; take the root")
        expect(
            not np.isclose(h, best / 2, rtol=1e-3), "nearly: there is a factor 2 in front of u, and another under f''"
        )
        slope = f2 / 2 - 2 * u * f / h**2
        expect(
            abs(slope) < 1e-4 * f2, f"at u = {u:g}, f = {f:g}, f'' = {f2:g} the error still has a slope; set it to 0"
        )


def check_4(answer):
    """Check the backward pass of a difference of neighbours."""
    rng = np.random.default_rng(0)
    for n in (2, 3, 7):
        x_dot, dy = rng.standard_normal(n), rng.standard_normal(n - 1)
        found = np.asarray(answer(dy.copy()), dtype=float)
        expect(found.size != n - 2, "np.diff alone makes it shorter; what stands beyond both ends of dy?")
        dx = numbers(found, n)
        forwards, backwards = dy @ np.diff(x_dot), dx @ x_dot
        expect(not np.isclose(forwards, -backwards), "the sign: x_i has a minus in y_i")
        expect(np.isclose(forwards, backwards), f"<dy, J x_dot> = {forwards:.4f}, but <dx, x_dot> = {backwards:.4f}")


def check_5(answer):
    """Check a difference quotient of order 4."""
    errors_at = [abs(number(answer(np.sin, 1.0, h)) - np.cos(1.0)) for h in (0.1, 0.05)]
    expect(errors_at[0] < 0.05, "that is no derivative of sin at 1: try it on f(x) = x first")
    order = np.log2(errors_at[0] / max(errors_at[1], 1e-300))
    expect(order > 1.5, f"half the step makes the error 2^{order:.1f} times smaller: that is a forward difference")
    expect(order > 3.7, f"half the step makes the error 2^{order:.1f} times smaller: the h^2 term is still there")


def check_6(answer):
    """Check the derivative by a complex step."""
    for f, x, slope in ((np.exp, 1.0, np.e), (np.sin, 0.7, np.cos(0.7)), (lambda v: v**3, -2.0, 12.0)):
        given = answer(f, x)
        expect(not isinstance(given, complex), "the derivative is a real number: which part of f(x + ih) holds it?")
        found = number(given)
        expect(found != 0, "at this h every difference is 0; look for an estimate without a subtraction")
        expect(abs(found) > 1e-100, "the h is still in it")
        expect(abs(found) < 1e100, "that is f(x) / h; look at the other part of the complex number")
        expect(abs(found - slope) < 1e-12, f"the derivative is {slope:.6f} here, and yours is {found:.6f}")


def _recipe_accepts(net, x, dy, h=1e-2, tolerance=1e-2):
    """Return whether dx is close to central differences of <dy, y>, element by element."""
    dx = net.backward(dy, net.forward(x, train=True)[1])
    numeric = np.empty_like(x)
    for i in range(x.size):
        kept, values = x.flat[i], []
        for step in (h, -h):
            x.flat[i] = kept + step
            values.append((net.forward(x, train=True)[0] * dy).sum())
        x.flat[i] = kept
        numeric.flat[i] = (values[0] - values[1]) / (2 * h)
    return np.allclose(dx, numeric, rtol=tolerance, atol=tolerance)


def _is_wrong_somewhere(answer):
    """Return whether values, gradients or tangents are not those of a LeakyReLU, for one of many inputs."""
    rng = np.random.default_rng(7)
    for a in (0.2, 1 / 3, 0.01):
        for batch in (1, 2, 3, 64, 300):
            for scale in (1e-6, 1e-3, 0.1, 1.0, 5.0, 30.0, 1e3, 1e6):
                for train in (True, False):
                    net = Network([answer(negative_slope=a)], (4,), rng=rng, dtype="float64", fast=False)
                    x, dy = rng.standard_normal((2, batch, 4))
                    x *= scale
                    slope = np.where(x > 0, 1, a)
                    y, caches = net.forward(x.copy(), train=train, rng=rng)
                    pairs = (y, slope * x), (net.backward(dy, caches), slope * dy), (net.jvp(dy, caches), slope * dy)
                    if not all(np.allclose(one, two, rtol=1e-9, atol=0) for one, two in pairs):
                        return True
    return False


def check_7(answer):
    """Check a bug that the first four checks of the chapter accept."""
    a_class = isinstance(answer, type) and issubclass(answer, LeakyReLU)
    expect(a_class, "give the class itself, one that inherits from LeakyReLU")
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 5, 4))
    x += 0.1 * np.sign(x)  # away from the kink
    for a in (0.2, 1 / 3):
        net = Network([answer(negative_slope=a)], (4,), rng=rng, dtype="float64", fast=False)
        y = net.forward(x.copy(), train=True)[0]
        expect(not np.allclose(y, np.minimum(x, a * x)), "that is the turned LeakyReLU of the table; find another bug")
        expect(_recipe_accepts(net, x, np.ones_like(dy)), "check 1 rejects it already: its dx is more than 1 % wrong")
        expect(_recipe_accepts(net, x, dy), "checks 2 and 3 reject it: dx is wrong for a random dy")
        _, *differences = check_network(net)
        expect(all(check.ok for check in differences), "check 4 rejects it: its tolerance is 1e-6, so hide it better")
    wrong = _is_wrong_somewhere(answer)
    expect(wrong, "nothing wrong was found in it, and we looked at many inputs; where does no check look?")


def check_8(answer):
    """Check a checker."""
    rng = np.random.default_rng(0)
    x, weights, calls = rng.standard_normal(30), rng.standard_normal(30), []

    def f(x):
        calls.append(x)
        return float((weights * np.sin(x)).sum())

    right = weights * np.cos(x)
    cases = {"the right gradient": right, "the wrong sign": -right, "a factor of 1.001": 1.001 * right}
    cases["two elements exchanged"] = right[[0, 1, 2, 4, 3, *range(5, 30)]]
    cases |= {f"an error of 0.1 in element {k}": right + 0.1 * np.eye(30)[k] for k in range(0, 30, 3)}
    for name, gradient in cases.items():
        calls.clear()
        verdict = answer(f, x.copy(), gradient.copy(), np.random.default_rng(1))
        expect(verdict is not ..., "open")
        expect(len(calls) <= 10, f"it called f {len(calls)} times; ten are allowed")
        expect(bool(np.all(verdict)) == (gradient is right), f"it {'accepts' if np.all(verdict) else 'rejects'} {name}")
