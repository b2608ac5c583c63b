"""Adam against the paper's algorithm, one number at a time."""

import numpy as np
import pytest

from minigan import InputError, StaleCacheError
from minigan.backend import to_device, to_host
from minigan.layers import Dense
from minigan.network import Network
from minigan.optimizers import Adam


def network(device="cpu", dtype="float64", units=3):
    return Network([Dense(units)], (4,), rng=np.random.default_rng(0), dtype=dtype, device=device)


def adam_by_loop(theta, gradients, learning_rate, beta1, beta2, eps):
    """Algorithm 1 of Kingma & Ba 2015, literally."""
    theta = [float(p) for p in theta]
    m, v = [0.0] * len(theta), [0.0] * len(theta)
    for t, gradient in enumerate(gradients, start=1):
        for i, g in enumerate(gradient):
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = beta2 * v[i] + (1 - beta2) * g**2
            m_hat = m[i] / (1 - beta1**t)
            v_hat = v[i] / (1 - beta2**t)
            theta[i] -= learning_rate * m_hat / (v_hat**0.5 + eps)
    return np.array(theta)


def check_step(make, dtype, device, normal):
    """One step of ``make(network)``, at a rate of 0.1: in place, counted, and only theta moves."""
    net = network(device, dtype=dtype)
    y, caches = net.forward(normal(2, 4, dtype=dtype), train=True)
    theta, dtheta, w = net.theta, net.dtheta, net.layers[0].w
    net.dtheta[...] = 1
    before = to_host(w).copy()
    make(net).step()
    assert net.theta is theta
    assert net.dtheta is dtheta
    assert net.layers[0].w is w
    assert theta.dtype == dtheta.dtype == dtype
    assert net.version == 1
    np.testing.assert_allclose(to_host(w), before - 0.1, rtol=1e-4)  # the layer's view moved along
    np.testing.assert_array_equal(to_host(net.dtheta), np.ones(15))
    with pytest.raises(StaleCacheError, match="run forward again"):
        net.backward(y, caches)


def check_quadratic(make, device, normal):
    """1/2 sum c (theta - goal)^2 with curvatures from 0.5 to 2: 300 steps find the goal."""
    net = network(device)
    goal = normal(net.theta.size)
    curvature = to_device(np.linspace(0.5, 2, net.theta.size), device)
    optimizer = make(net)
    for _ in range(300):
        net.dtheta[...] = curvature * (net.theta - goal)
        optimizer.step()
    np.testing.assert_allclose(to_host(net.theta), to_host(goal), atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 0.1},
        {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3},
        {"learning_rate": 1e-3, "beta1": 0.0, "beta2": 0.0, "eps": 1e-10},
    ],
)
def test_adam_is_the_papers(options, device, rng):
    net = network(device)
    adam = Adam(net, **options)
    gradients = rng.standard_normal((10, net.theta.size)) * 10.0 ** rng.integers(-4, 3, net.theta.size)
    expected = adam_by_loop(to_host(net.theta), gradients, **{"beta1": 0.5, "beta2": 0.999, "eps": 1e-8, **options})
    for gradient in gradients:
        net.dtheta[...] = to_device(gradient, device)
        adam.step()
    np.testing.assert_allclose(to_host(net.theta), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_first_adam_step_has_the_size_of_the_learning_rate(size, device, normal):
    net = network(device)
    before = to_host(net.theta).copy()
    net.dtheta[...] = size * (normal(net.theta.size) + 5)
    Adam(net, learning_rate=0.01).step()
    np.testing.assert_allclose(before - to_host(net.theta), 0.01, rtol=1e-3)


def test_adam_stays_at_rest_without_a_gradient(device):
    net = network(device, dtype="float32")
    before = to_host(net.theta).copy()
    adam = Adam(net, learning_rate=0.1)
    for _ in range(3):
        adam.step()
    np.testing.assert_array_equal(to_host(net.theta), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_is_in_place_and_counts(dtype, device, normal):
    check_step(lambda net: Adam(net, learning_rate=0.1), dtype, device, normal)


def test_converges_on_a_quadratic(device, normal):
    check_quadratic(lambda net: Adam(net, learning_rate=0.05), device, normal)


def test_the_moments_and_a_new_learning_rate(device):
    """By hand, for the gradients 2 and then -1: m, v and the two steps at rates 0.1 and 0.2."""
    net = network(device)
    adam, before = Adam(net, learning_rate=0.1, beta1=0.5, beta2=0.75), to_host(net.theta).copy()
    assert (adam.t, adam.network, adam.eps) == (0, net, 1e-8)
    for gradient, rate, m, v, moved in ((2.0, 0.1, 1, 1, 0.1), (-1.0, 0.2, 0, 1, 0.1)):
        net.dtheta[...], adam.learning_rate = gradient, rate
        adam.step()
        np.testing.assert_allclose(to_host(adam.m), m, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(to_host(adam.v), v, rtol=1e-14)
        np.testing.assert_allclose(to_host(net.theta), before - moved, rtol=1e-6)
    assert adam.t == net.version == 2


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *[("learning_rate", bad, "a positive number") for bad in (0, -1, float("nan"), float("inf"))],
        *[(beta, bad, r"a number in \[0, 1\)") for beta in ("beta1", "beta2") for bad in (-0.1, 1, 1.5, float("nan"))],
        *[("eps", bad, r"a small number in \(0, 0.01\)") for bad in (0, -1e-8, 0.01, 0.8, float("nan"))],
    ],
)
def test_adam_refuses(name, value, expected):
    with pytest.raises(InputError, match=f"^{name}: expected {expected}, got {value}$"):
        Adam(network(), **{"learning_rate": 0.1, name: value})


def test_hyperparameters_are_keyword_only():
    """0.8, meant for beta1, was passed as eps by position in twenty files of a famous repository."""
    for wrong in (lambda: Adam(network(), 1e-3, 0.5, 0.999, 0.8), lambda: Adam(network(), 1e-3)):
        with pytest.raises(TypeError, match="positional"):
            wrong()
    with pytest.raises(TypeError, match="learning_rate"):
        Adam(network())
