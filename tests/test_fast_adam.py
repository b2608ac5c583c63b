"""The twin of Adam moves theta, both moments and the version as Adam does."""

import numpy as np
import pytest
from test_adam import adam_by_loop, check_step, network

from minigan.backend import to_device, to_host
from minigan.fast import adam as optimizers
from minigan.fast.adam import FastAdam
from minigan.layers import Dense
from minigan.network import Network
from minigan.optimizers import Adam

OPTIONS = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_floors_agree(dtype, device, rng):
    nets = [network(device, dtype=dtype) for _ in range(2)]
    adams = [Adam(net, **OPTIONS) for net in nets]
    steps = [adams[0].step, FastAdam(adams[1]).step]
    for _ in range(5):
        gradient = rng.standard_normal(nets[0].theta.size).astype(dtype)
        for net, step in zip(nets, steps, strict=True):
            net.dtheta[...] = to_device(gradient, device)
            step()
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for a, b in ((nets[0].theta, nets[1].theta), (adams[0].m, adams[1].m), (adams[0].v, adams[1].v)):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_allclose(to_host(b), to_host(a), rtol=tolerance, atol=tolerance)
    assert adams[0].t == adams[1].t == 5
    assert nets[0].version == nets[1].version == 5


def test_the_rate_is_that_of_adam(rng):
    net = network()
    fast = FastAdam(Adam(net, learning_rate=0.1))
    assert fast.network is net
    fast.learning_rate = 0.25
    assert fast.adam.learning_rate == fast.learning_rate == 0.25
    net.dtheta[...], before = 1, net.theta.copy()
    fast.step()
    np.testing.assert_allclose(net.theta, before - 0.25, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_is_in_place_and_counts(dtype, device, normal):
    check_step(lambda net: FastAdam(Adam(net, learning_rate=0.1)), dtype, device, normal)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("block", [1, 4, 7, 15, 1000])
def test_blocks_are_the_same_as_one_piece(block, dtype, rng, monkeypatch):
    whole, parts = network(dtype=dtype), network(dtype=dtype)
    assert whole.theta.size == 15 < optimizers.BLOCK
    gradients = rng.standard_normal((3, 15)).astype(dtype)

    def run(net):
        adam = FastAdam(Adam(net, learning_rate=0.1))
        for gradient in gradients:
            net.dtheta[...] = gradient
            adam.step()

    run(whole)
    monkeypatch.setattr(optimizers, "BLOCK", block)
    run(parts)
    np.testing.assert_array_equal(parts.theta, whole.theta)


def test_theta_larger_than_a_block(rng):
    net = Network([Dense(400)], (400,), rng=rng, dtype="float64")
    assert net.theta.size > optimizers.BLOCK
    before = net.theta.copy()
    gradients = rng.standard_normal((2, net.theta.size))
    adam = FastAdam(Adam(net, learning_rate=0.1))
    for gradient in gradients:
        net.dtheta[...] = gradient
        adam.step()
    some = np.r_[0:5, optimizers.BLOCK - 3 : optimizers.BLOCK + 3, net.theta.size - 5 : net.theta.size]
    expected = adam_by_loop(before[some], gradients[:, some], 0.1, 0.5, 0.999, 1e-8)
    np.testing.assert_allclose(net.theta[some], expected, rtol=1e-12)
