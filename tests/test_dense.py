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


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("c", "f"), [(1, 1), (3, 5), (7, 2), (7, 1)])
def test_value(c, f, use_bias, fast, device, normal, rng):
    """y, dx, dw, db, the tangent and the gradient of its image, each as sums of products."""
    net = Network([Dense(f, use_bias=use_bias)], (c,), rng=rng, dtype="float64", device=device, fast=fast)
    net.theta[...] = normal(net.theta.size)
    x, x_dot, dy = normal(4, c), normal(4, c), normal(4, f)
    y, caches = net.forward(x, train=True)
    [layer] = net.layers
    w, b = to_host(layer.w), to_host(layer.b) if use_bias else np.zeros(f)
    results = {"y": (y, dense_by_loop(to_host(x), w, b))}
    results["dx"] = net.backward(dy, caches), dense_by_loop(to_host(dy), w.T, np.zeros(c))
    results["dw"] = layer.dw.copy(), dense_by_loop(to_host(x).T, to_host(dy), np.zeros(f))
    if use_bias:
        results["db"] = layer.db.copy(), [sum(column) for column in to_host(dy).T]
    results["y_dot"] = net.jvp(x_dot, caches), dense_by_loop(to_host(x_dot), w, np.zeros(f))
    net.dtheta[...] = 3  # to which it is added
    net.add_tangent_grads(x_dot, dy, caches)
    results["tangent dw"] = layer.dw, 3 + dense_by_loop(to_host(x_dot).T, to_host(dy), np.zeros(f))
    if use_bias:
        results["tangent db"] = layer.db, 3 + np.zeros(f)
    for name, (got, expected) in results.items():
        np.testing.assert_allclose(to_host(got), expected, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_the_gradient_of_the_bias_keeps_its_digits_on_many_rows(fast, rng):
    net = Network([Dense(2)], (1,), rng=rng, fast=fast)
    dy = (1 + rng.standard_normal((200_000, 2))).astype(np.float32)
    net.add_param_grads(dy, net.forward(np.ones((200_000, 1), dtype=np.float32), train=True)[1])
    np.testing.assert_allclose(net.layers[0].db, dy.sum(axis=0, dtype=np.float64), rtol=1e-6)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_gradients(use_bias, train, device):
    for check in check_layer(Dense(3, use_bias=use_bias), (5,), train=train, device=device):
        assert check.ok, check


def test_refuses_images(rng):
    with pytest.raises(
        InputError, match=r"^layer 0: Dense: expected an input of shape \(C,\), got \(4, 4, 1\); put Flatten before it$"
    ):
        Network([Dense(2)], (4, 4, 1), rng=rng)


@pytest.mark.parametrize("units", [0, -1, 2.5, True, None])
def test_refuses_units(units):
    with pytest.raises(InputError, match=r"^units: expected an integer of at least 1"):
        Dense(units)


def test_repr():
    assert (repr(Dense(3)), repr(Dense(3, use_bias=False))) == ("Dense(3)", "Dense(3, use_bias=False)")
