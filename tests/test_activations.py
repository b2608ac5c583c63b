"""Activations: values against their formulas, the far ends of the number line, slopes, and gradients."""

import math
import warnings

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_layer
from minigan.layers import LeakyReLU, ReLU, Sigmoid, Tanh
from minigan.layers.activations import sigmoid
from minigan.network import Network


def logistic(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


ACTIVATIONS = [  # layer, f, f'
    pytest.param(lambda: LeakyReLU(negative_slope=0.2), lambda x: x if x > 0 else 0.2 * x, None, id="leaky 0.2"),
    pytest.param(lambda: LeakyReLU(negative_slope=0), lambda x: x if x > 0 else 0.0, None, id="leaky 0"),
    pytest.param(lambda: LeakyReLU(negative_slope=0.99), lambda x: x if x > 0 else 0.99 * x, None, id="leaky 0.99"),
    pytest.param(ReLU, lambda x: x if x > 0 else 0.0, None, id="relu"),
    pytest.param(Tanh, math.tanh, lambda x: 1 - math.tanh(x) ** 2, id="tanh"),
    pytest.param(Sigmoid, logistic, lambda x: logistic(x) * logistic(-x), id="sigmoid"),
]
POINTS = [-30.0, -3.0, -1.0, -0.5, -1e-3, -1e-12, 1e-12, 1e-3, 0.5, 1.0, 3.0, 30.0]


def run(make, values, device, dtype="float64"):
    """y and dy/dx at each of the values, of the plain layer and of what computes it: both must be the same."""
    net = Network([make()], (1,), rng=np.random.default_rng(0), dtype=dtype, device=device)
    x, two = (to_device(np.asarray(a, dtype)[:, None], device) for a in (values, np.full_like(values, 2)))
    results = []
    for each in (net.copy(fast=False), net):
        y, caches = each.forward(x, train=True)
        slope, y_dot = each.backward(two, caches) / 2, each.jvp(two, caches) / 2
        assert y.dtype == slope.dtype == dtype
        np.testing.assert_array_equal(to_host(y_dot), to_host(slope))
        results.append([to_host(y)[:, 0], to_host(slope)[:, 0]])
    for plain, fast in zip(*results, strict=True):
        eps = np.finfo(dtype).eps  # a GPU rounds once in a y^2 + b, so the slope 1 - y^2 of tanh may differ by eps
        np.testing.assert_allclose(fast, plain, rtol=2 * eps, atol=eps)
    return results[0]


@pytest.mark.parametrize(("make", "f", "derivative"), ACTIVATIONS)
def test_value(make, f, derivative, device):
    y, _ = run(make, POINTS, device)
    np.testing.assert_allclose(y, [f(x) for x in POINTS], rtol=1e-14, atol=0)


@pytest.mark.parametrize(("make", "f", "derivative"), ACTIVATIONS)
def test_slope(make, f, derivative, device):
    _, slope = run(make, POINTS, device)
    derivative = derivative or (lambda x: f(math.copysign(1, x)) * math.copysign(1, x))  # linear on either side
    np.testing.assert_allclose(slope, [derivative(x) for x in POINTS], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("shape", [(5,), (3, 2, 4)])
@pytest.mark.parametrize(("make", "f", "derivative"), ACTIVATIONS)
def test_gradients(make, f, derivative, shape, train, device):
    for check in check_layer(make(), shape, train=train, device=device):
        assert check.ok, check


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("make", "slope_at_0"),
    [(lambda: LeakyReLU(negative_slope=0.25), 0.25), (ReLU, 0), (Tanh, 1), (Sigmoid, 0.25)],
    ids=["leaky", "relu", "tanh", "sigmoid"],
)
def test_slope_at_0(make, slope_at_0, dtype, device):
    y, slope = run(make, [0.0, -0.0], device, dtype)
    assert slope.tolist() == [slope_at_0] * 2
    assert y.tolist() == [0.5 if make is Sigmoid else 0] * 2


@pytest.mark.parametrize("negative_slope", [0.01, 0.1, 0.2, 0.3, 1 / 3, 0.7])
def test_leaky_slopes_are_exact(negative_slope, device):
    for dtype in ("float32", "float64"):
        y, slope = run(lambda: LeakyReLU(negative_slope=negative_slope), [-2.0, 2.0], device, dtype)
        np.testing.assert_allclose(slope, [negative_slope, 1], rtol=2 * np.finfo(dtype).eps)
        np.testing.assert_allclose(y, [-2 * negative_slope, 2], rtol=2 * np.finfo(dtype).eps)


def test_leaky_relu_at_the_smallest_numbers(device):
    """The cache is y, so its sign must be that of x even where slope * x rounds to 0."""
    tiny = 5e-324
    _, slope = run(lambda: LeakyReLU(negative_slope=0.2), [-tiny, tiny], device)
    np.testing.assert_allclose(slope, [0.2, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_far_out(dtype, device):
    x = to_device(np.asarray([-np.inf, -1000, -100, 0, 100, 1000, np.inf], dtype), device)
    y = to_host(sigmoid(x))
    assert y.dtype == dtype
    assert y[[0, 1, 3, 4, 5, 6]].tolist() == [0, 0, 0.5, 1, 1, 1]
    if dtype == "float64":
        np.testing.assert_allclose(y[2], math.exp(-100), rtol=1e-13)
    elif device == "cpu":
        np.testing.assert_allclose(y[2], math.exp(-100), rtol=0.02)  # a subnormal number has few digits
    else:
        assert 0 <= y[2] < np.finfo("float32").tiny  # a GPU may take a subnormal number for 0


def test_sigmoid_keeps_its_digits_in_the_tails(device):
    x = np.linspace(-700, 700, 1401)
    y = to_host(sigmoid(to_device(x, device)))
    np.testing.assert_allclose(y, [logistic(v) for v in x], rtol=1e-14)
    np.testing.assert_allclose(y + y[::-1], 1, rtol=1e-14)
    assert (np.diff(y) >= 0).all()


@pytest.mark.parametrize(("make", "f", "derivative"), ACTIVATIONS)
def test_no_warning_and_no_nan_far_out_in_float32(make, f, derivative, device):
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        y, slope = run(make, [-1000, -100, -88.8, 88.8, 100, 1000], device, "float32")
    assert np.isfinite(y).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("negative_slope", [-0.1, 1, 1.5, float("nan"), float("inf")])
def test_refuses_negative_slope(negative_slope):
    with pytest.raises(InputError, match=r"^negative_slope: expected a number in \[0, 1\)"):
        LeakyReLU(negative_slope=negative_slope)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        LeakyReLU(0.2)
    with pytest.raises(TypeError):
        LeakyReLU()


def test_repr():
    assert [repr(layer) for layer in (LeakyReLU(negative_slope=0.2), ReLU(), Tanh(), Sigmoid())] == [
        "LeakyReLU(negative_slope=0.2)",
        "ReLU()",
        "Tanh()",
        "Sigmoid()",
    ]
