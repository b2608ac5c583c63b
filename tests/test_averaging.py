"""The running average against its formula, one number at a time."""

import numpy as np
import pytest

from minigan import InputError, StaleCacheError
from minigan.backend import to_host
from minigan.layers import BatchNorm, Dense
from minigan.network import Network
from minigan.optimizers.averaging import RunningAverage


@pytest.fixture
def net(device, rng):
    return Network([Dense(3), BatchNorm()], (2,), rng=rng, dtype="float64", device=device)


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9, 0.999])
def test_formula(decay, net, normal):
    average = RunningAverage(net, decay=decay)
    expected = {name: [float(a) for a in to_host(getattr(net, name))] for name in ("theta", "stats")}
    for t in range(12):
        net.theta[...] = normal(net.theta.size)
        net.stats[...] = normal(net.stats.size)
        average.update()
        d = min(decay, (1 + t) / (10 + t))
        for name, numbers in expected.items():
            for i, new in enumerate(to_host(getattr(net, name))):
                numbers[i] = d * numbers[i] + (1 - d) * new
            np.testing.assert_allclose(to_host(getattr(average.network, name)), numbers, rtol=1e-12, atol=1e-14)


def test_starts_as_the_network_and_follows_it_at_first(net, normal):
    average = RunningAverage(net, decay=0.999)
    np.testing.assert_array_equal(to_host(average.network.theta), to_host(net.theta))
    np.testing.assert_array_equal(to_host(average.network.stats), to_host(net.stats))
    old = to_host(net.theta).copy()
    net.theta[...] = normal(net.theta.size)
    average.update()
    np.testing.assert_allclose(to_host(average.network.theta), 0.1 * old + 0.9 * to_host(net.theta), rtol=1e-12)


def test_independent_of_its_source(net, normal):
    average = RunningAverage(net, decay=0.9)
    before, source = to_host(average.network.theta).copy(), to_host(net.theta).copy()
    net.theta += 1
    net.stats += 1
    np.testing.assert_array_equal(to_host(average.network.theta), before)
    assert average.network.layers[0] is not net.layers[0]
    average.update()
    average.network.theta[...] = 7
    average.network.layers[0].w[...] = 8
    np.testing.assert_allclose(to_host(net.theta), source + 1, rtol=1e-15)


def test_the_averaged_network_computes_with_the_average(net, normal):
    average = RunningAverage(net, decay=0.5)
    net.theta[...] = normal(net.theta.size)
    average.update()
    x = normal(4, 2)
    y, _ = average.network.forward(x, train=False)
    dense, norm = average.network.layers
    by_hand = (to_host(x) @ to_host(dense.w) + to_host(dense.b)) / np.sqrt(1 + 1e-5) * to_host(norm.gamma)
    np.testing.assert_allclose(to_host(y), by_hand + to_host(norm.beta), rtol=1e-12)


def test_update_is_in_place_and_counts(net, normal):
    average = RunningAverage(net, decay=0.5)
    theta, version = average.network.theta, average.network.version
    y, caches = average.network.forward(normal(4, 2), train=True)
    source_version = net.version
    average.update()
    assert average.network.theta is theta
    assert average.network.version == version + 1
    assert net.version == source_version
    with pytest.raises(StaleCacheError):
        average.network.backward(y, caches)


def test_float32_stays_float32(rng):
    net = Network([Dense(3), BatchNorm()], (2,), rng=rng)
    average = RunningAverage(net, decay=0.5)
    average.update()
    assert average.network.theta.dtype == average.network.stats.dtype == np.float32


@pytest.mark.parametrize("decay", [-0.1, 1, 1.5, float("nan")])
def test_refuses_decay(decay, rng):
    net = Network([Dense(3)], (2,), rng=rng)
    with pytest.raises(InputError, match=rf"^decay: expected a number in \[0, 1\), got {decay}"):
        RunningAverage(net, decay=decay)


def test_decay_is_keyword_only(rng):
    with pytest.raises(TypeError, match="positional"):
        RunningAverage(Network([Dense(3)], (2,), rng=rng), 0.9)
