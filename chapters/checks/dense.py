"""The checks of chapter 02, the dense layer, the bend and the chain rule."""

import numpy as np

from minigan import Network, gradient_check
from minigan.layers import Dense, Layer, LeakyReLU
from minigan.notebook import expect, numbers


def check_1(answer):
    """The shapes of three gradients."""
    shapes = list(answer.values()) if isinstance(answer, dict) else answer
    expect(isinstance(shapes, tuple | list) and len(shapes) == 3, "three shapes: of dx, dw and db")
    dx, dw, db = (tuple(int(size) for size in np.ravel(shape)) for shape in shapes)
    expect(dx != (64, 16), "(64, 16) is the shape of y and dy; dx has the shape of x")
    expect(dx == (64, 2), "dx: a gradient has the shape of its array, and x is (N, C)")
    expect(dw != (16, 2), "dw: this is the shape of the transpose of w")
    expect(dw == (2, 16), "dw: w is (C, F)")
    expect(db not in ((64, 16), (64,)), "db: all samples share the bias, so no axis of samples is left")
    expect(db in ((16,), (1, 16)), "db: there is one bias per output")


def check_2(answer):
    """Back through a LeakyReLU, whose output is given."""
    dx = numbers(answer, 3)
    expect(not np.isclose(dx[1], 1), "look at the middle one: at 0 the package takes the slope on the left")
    expect(not np.isclose(dx[1], 0), "the second element: neither slope is 0")
    expect(not np.isclose(dx[0], -0.08), "dx is dy times the slope; y only tells the side")
    expect(not np.isclose(dx[0], 5), "the slope on the left multiplies the gradient, in both directions")
    expect(np.allclose(dx, [0.2, 0.2, 2.0]), "on which side was each element? The sign of y tells")


def check_3(answer):
    """The input gradient of y = x + x w."""
    draw = np.random.default_rng(3)
    x, w, dy = draw.normal(size=(5, 3)), draw.normal(size=(3, 3)), draw.normal(size=(5, 3))
    dx = np.asarray(answer(dy, x, w))
    expect(dx.shape == x.shape, f"dx has the shape of x, {x.shape}, not {dx.shape}")
    expect(not np.allclose(dx, dy @ w.T), "x reaches y by two ways; you took one")
    expect(
        not np.allclose(dx, dy + dy @ w), "w and its transpose have the same shape here; which one does (2.5) ask for?"
    )
    expect(not np.allclose(dx, 1 + dy @ w.T), "the derivative of the first way is 1; what does it multiply?")
    expect(np.allclose(dx, _by_differences(lambda: (dy * (x + x @ w)).sum(), x), rtol=1e-5, atol=1e-8), "not yet dx")


def check_4(answer):
    """The weight gradient of y = x w w^T."""
    draw = np.random.default_rng(4)
    x, w, dy = draw.normal(size=(5, 3)), draw.normal(size=(3, 2)), draw.normal(size=(5, 3))
    dw = np.asarray(answer(dy, x, w))
    expect(dw.shape == w.shape, f"dw has the shape of w, {w.shape}, not {dw.shape}")
    first, second = x.T @ dy @ w, dy.T @ x @ w
    expect(not np.allclose(dw, first), "w stands there twice; you moved the first one only")
    expect(not np.allclose(dw, second), "w stands there twice; you moved the second one only")
    doubled = np.allclose(dw, 2 * first) or np.allclose(dw, 2 * second)
    expect(not doubled, "the two places of w do not give the same share; move each by itself")
    truth = _by_differences(lambda: (dy * (x @ w @ w.T)).sum(), w)
    expect(np.allclose(dw, truth, rtol=1e-5, atol=1e-8), "differences of the loss say something else")


def check_5(answer):
    """Both batches in one pass."""
    draw = np.random.default_rng(5)
    real, fake = draw.normal(1, 0.4, (40, 2)), draw.normal(-0.5, 0.4, (24, 2))
    D = Network([Dense(8), LeakyReLU(negative_slope=0.2), Dense(1)], (2,), rng=draw, dtype="float64", fast=False)
    for x, target in ((real, 1), (fake, 0)):
        s, caches = D.forward(x, train=True)
        D.add_param_grads((s - target) / len(x), caches)
    truth = D.dtheta.copy()
    D.dtheta[...] = 1e3  # what an earlier step left there
    walks = []
    D.forward = lambda *args, **options: walks.append("forward") or Network.forward(D, *args, **options)
    D.backward = lambda *args, **options: walks.append("backward") or Network.backward(D, *args, **options)
    D.add_param_grads = lambda *args: walks.append("backward") or Network.add_param_grads(D, *args)
    dtheta = answer(D, real, fake)
    seen = ", ".join(walks) or "none"
    expect(walks == ["forward", "backward"], f"one forward and one backward are allowed; your walks: {seen}")
    expect(np.array_equal(dtheta, D.dtheta), "leave the gradient in D.dtheta, and return it")
    expect(np.abs(dtheta).max() < 100, "gradients add up: what stood in D.dtheta before?")
    expect(np.sign(truth) @ np.sign(dtheta) > 0, "the signs are wrong: which rows of the scores are the real ones?")
    expect(np.allclose(dtheta, truth, rtol=1e-8, atol=1e-12), "each batch is a mean over its own size: 40 and 24")


def check_6(answer):
    """A layer in the package's protocol."""
    gain, draw = answer(), np.random.default_rng(5)
    expect(not isinstance(gain, type), "return an instance: put () behind the name of the class")
    expect(isinstance(gain, Layer), "derive your class from Layer")
    net = Network([gain], (2, 2, 3), rng=draw, dtype="float64", fast=False)
    (gain,) = net.layers  # a copy, with arrays
    in_theta = isinstance(gain.g, np.ndarray) and np.shares_memory(gain.g, net.theta)
    expect(in_theta, "self.g = ... replaces the view into theta, and no optimizer finds it; write into self.g[...]")
    expect(gain.g.shape == (3,), f"g should have one factor per channel, (3,), and it has the shape {gain.g.shape}")
    expect((gain.g == 1).all(), "initialize should set g to 1; write into it with self.g[...]")
    gain.g[...] = draw.normal(size=3)
    first, second = draw.normal(size=(2, 2, 2, 5, 3))
    (y, kept), _ = gain.forward(first, train=True), gain.forward(second, train=True)
    expect(np.allclose(y, first * gain.g), "forward: y = x g")
    gain.add_param_grads(first, kept)  # dy = x, say
    once = gain.dg.copy()
    gain.add_param_grads(first, kept)
    expect(
        np.allclose(once, (first**2).sum(axis=(0, 1, 2))), "dg: sum over every axis but that of g, with x of that pass"
    )
    expect(np.allclose(gain.dg, 2 * once), "a second pass has erased the gradient of the first")
    for shape in ((3,), (2, 2, 3)):
        wrong = [check.name for check in gradient_check.check_layer(answer(), shape) if not check.ok]
        expect(not wrong, f"the gradient check rejects {', '.join(wrong)}")


def _by_differences(loss, array, h=1e-5):
    """Return the derivative of loss() with respect to every element of array."""
    slopes = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        saved = array[i]
        array[i] = saved + h
        above = loss()
        array[i] = saved - h
        slopes[i] = (above - loss()) / (2 * h)
        array[i] = saved
    return slopes
