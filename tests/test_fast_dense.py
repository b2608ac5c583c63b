"""The twins of a dense layer compute what the plain layers compute, however their arrays lie in memory."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast import dense
from minigan.fast import threads as parallel
from minigan.fast.dense import DenseLeakyReLU, FastDense
from minigan.fast.threads import threads
from minigan.layers import Dense, Dropout, LeakyReLU, ReLU
from minigan.network import Network

ACTIVATIONS = {"LeakyReLU": LeakyReLU(negative_slope=0.3), "slope 0": LeakyReLU(negative_slope=0), "ReLU": ReLU()}


def everything(net, x, dy, x_dot):
    y, caches = net.forward(x, train=True)
    net.zero_grad()
    results = [y, net.backward(dy, caches), net.backward(dy, caches, param_grads=False), net.dtheta.copy()]
    net.add_param_grads(dy, caches)
    results.append(net.dtheta.copy())
    net.add_tangent_grads(x_dot, dy, caches)
    return [*results, net.dtheta.copy(), net.jvp(x_dot, caches)]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("long", [1, 1000])
@pytest.mark.parametrize("units", [1, 12])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_twins(activation, use_bias, units, long, order, count, normal, rng, device, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_TASK_FLOPS", 50)
    monkeypatch.setattr(dense, "LONG", long)
    layers = [Dense(units, use_bias=use_bias), *([ACTIVATIONS[activation]] if activation else [])]
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        fast = Network(layers, (20,), rng=rng, dtype=dtype, device=device)
        fast.theta[...] = normal(fast.theta.size, dtype=dtype)
        assert [type(each) for each in fast.computed] == [DenseLeakyReLU if activation else FastDense]
        x, x_dot = (normal(7, 20, dtype=dtype).copy(order=order) for _ in range(2))
        dy = normal(7, units, dtype=dtype).copy(order=order)
        expected = everything(fast.copy(fast=False), x, dy, x_dot)
        with threads(count, device=device):
            got = everything(fast, x, dy, x_dot)
        for a, b in zip(got, expected, strict=True):
            assert a.dtype == dtype
            scale = 1 + abs(to_host(b)).max()
            np.testing.assert_allclose(to_host(a), to_host(b), rtol=tolerance, atol=tolerance * scale)


def test_an_infinite_sum_stays_infinite_in_relu(rng):
    net = Network([Dense(1), ReLU()], (1,), rng=rng)
    net.theta[...] = np.array([1, 0])
    y, _ = net.forward(np.array([[np.inf], [-np.inf]], dtype=np.float32), train=False)
    np.testing.assert_array_equal(y, [[np.inf], [0]])


def test_dx_lies_in_memory_as_x_or_as_is_faster(rng, monkeypatch):
    monkeypatch.setattr(dense, "LONG", 5)
    for units, order in ((4, "C"), (4, "F"), (5, "C")):
        net = Network([Dense(units)], (3,), rng=rng)
        y, caches = net.forward(np.ones((2, 3), dtype=np.float32, order=order), train=True)
        dx = net.backward(y, caches)
        assert dx.flags["F_CONTIGUOUS"] == (units == 5 or order == "F")


def test_an_activation_goes_rather_with_the_dropout_after_it(rng):
    for layers, names in (
        ([Dense(2), ReLU(), Dropout(rate=0.5)], ["FastDense", "LeakyReLUDropout"]),
        ([Dense(2), ReLU(), Dense(2)], ["DenseLeakyReLU", "FastDense"]),
        ([Dense(2), ReLU(), ReLU(), Dropout(rate=0.5)], ["DenseLeakyReLU", "LeakyReLUDropout"]),
    ):
        assert [type(each).__name__ for each in Network(layers, (3,), rng=rng).computed] == names
