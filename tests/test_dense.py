"""The dense layer: values by a literal loop, gradients by identity and by finite differences."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.gradient_check import check_layer
from minigan.layers import Dense
from minigan.network import Network


def dense_by_loop(x, w, b):
    y = np.zeros((len(x), w.shape[1]))
    for n in range(len(x)):
        for f in range(w.shape[1]):
            y[n, f] = b[f] + sum(x[n, c] * w[c, f] for c in range(x.shape[1]))
    return y


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("c", "f"), [(1, 1), (3, 5), (7, 2)])
def test_value(c, f, use_bias, device, normal, rng):
    net = Network([Dense(f, use_bias=use_bias)], (c,), rng=rng, dtype="float64", device=device)
    net.theta[...] = normal(net.theta.size)
    x = normal(4, c)
    y, _ = net.forward(x, train=True)
    layer = net.layers[0]
    b = to_host(layer.b) if use_bias else np.zeros(f)
    np.testing.assert_allclose(to_host(y), dense_by_loop(to_host(x), to_host(layer.w), b), rtol=1e-12)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_gradients(use_bias, train, device):
    for check in check_layer(Dense(3, use_bias=use_bias), (5,), train=train, device=device):
        assert check.ok, check


def test_gradients_add_up(device, normal, rng):
    net = Network([Dense(2)], (3,), rng=rng, dtype="float64", device=device)
    y, caches = net.forward(normal(4, 3), train=True)
    dy = normal(*y.shape)
    net.backward(dy, caches)
    once = net.dtheta.copy()
    net.backward(dy, caches)
    np.testing.assert_allclose(to_host(net.dtheta), 2 * to_host(once), rtol=1e-12)


def test_refuses_images(rng):
    with pytest.raises(InputError, match=r"layer 0: Dense: expected an input of shape \(C,\), got \(4, 4, 1\)"):
        Network([Dense(2)], (4, 4, 1), rng=rng)


@pytest.mark.parametrize("units", [0, -1, 2.5, True, None])
def test_refuses_units(units):
    with pytest.raises(InputError, match="units: expected an integer of at least 1"):
        Dense(units)
