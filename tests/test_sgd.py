"""Gradient descent: its one formula, in place."""

import numpy as np
import pytest
from test_adam import check_quadratic, check_step, network

from minigan import InputError
from minigan.backend import to_host
from minigan.optimizers import SGD


def test_formula(device, normal):
    net = network(device)
    gradient = normal(net.theta.size)
    expected = to_host(net.theta) - 0.3 * to_host(gradient)
    net.dtheta[...] = gradient
    sgd = SGD(net, learning_rate=0.3)
    sgd.step()
    np.testing.assert_allclose(to_host(net.theta), expected, rtol=1e-15)
    sgd.learning_rate = 0.5
    sgd.step()
    np.testing.assert_allclose(to_host(net.theta), expected - 0.5 * to_host(gradient), rtol=1e-14)
    assert sgd.network is net
    assert net.version == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_is_in_place_and_counts(dtype, device, normal):
    check_step(lambda net: SGD(net, learning_rate=0.1), dtype, device, normal)


def test_converges_on_a_quadratic(device, normal):
    check_quadratic(lambda net: SGD(net, learning_rate=0.5), device, normal)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_refuses(value):
    with pytest.raises(InputError, match=f"^learning_rate: expected a positive number, got {value}$"):
        SGD(network(), learning_rate=value)


def test_the_rate_is_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        SGD(network(), 1e-3)
