"""The twin of Adam moves theta, both moments and the version as Adam does."""

import numpy as np
import pytest
from test_adam import adam_by_loop, check_step, network

from minigan.backend import to_device, to_host
from minigan.fast import adam as optimizers
from minigan.fast.adam import FastAdam
from minigan.layers import Dense
from minigan.network import Network
from minigan.optimizers import Adam, RunningAverage

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


@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_average_follows_in_the_same_pass(dtype, beta1, device, rng):
    """The average that `update` moves alone, and the one that the twin moves."""
    nets = [network(device, dtype=dtype) for _ in range(2)]
    averages = [RunningAverage(net, decay=0.8) for net in nets]
    alone, moved = (FastAdam(Adam(net, **OPTIONS | {"beta1": beta1})) for net in nets)
    moved.average = averages[1]
    for step in range(12):
        gradient = to_device(rng.standard_normal(nets[0].theta.size).astype(dtype), device)
        for net, adam in zip(nets, (alone, moved), strict=True):
            net.dtheta[...] = gradient
            net.stats += 1
            adam.step()
        assert moved.average.followed == nets[1].version
        assert abs(to_host(averages[0].network.theta - averages[1].network.theta)).max() > 0
        for average in averages:
            average.update()
        if step == 6:  # an update without a step moves the average further
            for average in averages:
                average.update()
        for a, b in zip(*((average.network.theta, average.network.stats) for average in averages), strict=True):
            np.testing.assert_allclose(to_host(a), to_host(b), rtol=1e-6 if dtype == "float32" else 1e-13)
    assert averages[0].t == averages[1].t == 13
    assert averages[0].network.version == averages[1].network.version
    np.testing.assert_array_equal(to_host(nets[0].theta), to_host(nets[1].theta))


def test_without_beta1_the_first_moment_is_the_gradient(device, rng):
    net = network(device)
    adam = Adam(net, **OPTIONS | {"beta1": 0.0})
    for _ in range(2):
        net.dtheta[...] = to_device(rng.standard_normal(net.theta.size).astype(np.float32), device)
        FastAdam(adam).step()
        np.testing.assert_array_equal(to_host(adam.m), to_host(net.dtheta))


@pytest.mark.parametrize(
    ("size", "lengths"), [(0, []), (5, [5]), (50, [50]), (51, [32, 19]), (100, [64, 36]), (101, [32, 32, 32, 5])]
)
def test_parts_are_nearly_equal_and_begin_at_multiples_of_16(size, lengths, monkeypatch):
    monkeypatch.setattr(optimizers, "PART", 50)
    found = optimizers.parts(size, like=np.zeros(0))
    assert [part.stop - part.start for part in found] == lengths
    assert all(part.start % 16 == 0 for part in found)


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
@pytest.mark.parametrize("part", [1, 4, 7, 15, 1000])
def test_parts_are_the_same_as_one_piece(part, dtype, rng, monkeypatch):
    monkeypatch.setattr(optimizers, "ALIGNED", 1)
    whole, parts = network(dtype=dtype), network(dtype=dtype)
    assert whole.theta.size == 15 < optimizers.PART
    gradients = rng.standard_normal((3, 15)).astype(dtype)

    def run(net):
        adam = FastAdam(Adam(net, learning_rate=0.1))
        for gradient in gradients:
            net.dtheta[...] = gradient
            adam.step()

    run(whole)
    monkeypatch.setattr(optimizers, "PART", part)
    run(parts)
    np.testing.assert_array_equal(parts.theta, whole.theta)


def test_theta_larger_than_a_part(rng):
    net = Network([Dense(700)], (700,), rng=rng, dtype="float64")
    cut = optimizers.parts(net.theta.size, like=net.theta)[0].stop
    assert cut < net.theta.size
    before = net.theta.copy()
    gradients = rng.standard_normal((2, net.theta.size))
    adam = FastAdam(Adam(net, learning_rate=0.1))
    for gradient in gradients:
        net.dtheta[...] = gradient
        adam.step()
    some = np.r_[0:5, cut - 3 : cut + 3, net.theta.size - 5 : net.theta.size]
    expected = adam_by_loop(before[some], gradients[:, some], 0.1, 0.5, 0.999, 1e-8)
    np.testing.assert_allclose(net.theta[some], expected, rtol=1e-12)
