"""Clipping: the gradient before the optimiser, the weights after it, and nothing else."""

import numpy as np
import pytest
import strict_cupy

from minigan import InputError, StaleCacheError
from minigan.backend import to_device, to_host
from minigan.layers import Dense, Flatten
from minigan.network import Network
from minigan.optimizers import SGD, Adam
from minigan.optimizers.clipping import Clipped, clip_gradient_norm, clip_gradient_value, clip_weights


@pytest.fixture
def net(device, normal, rng):
    net = Network([Dense(5), Dense(3)], (4,), rng=rng, dtype="float64", device=device)
    net.dtheta[...] = normal(net.theta.size)
    return net


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0.5), (1.0, 1.0), (3.0, 1.0)])
def test_gradient_norm(share, expected, net):
    before = to_host(net.dtheta).copy()
    clip_gradient_norm(net, share * float(np.linalg.norm(before)))
    np.testing.assert_allclose(to_host(net.dtheta), expected * before, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bound", [1e-24, 1e-12, 1.0, 1e12, 1e25])
@pytest.mark.parametrize("size", [1e-24, 1e-18, 1.0, 1e18, 1e25])
def test_a_norm_whose_square_has_no_place_in_the_type(size, bound, dtype, net):
    """In float32 the squares of 1e-24 are 0 and those of 1e25 infinite; the norm itself is an ordinary number."""
    net = net.copy(dtype=dtype)
    g = (size * np.random.default_rng(0).standard_normal(net.dtheta.shape)).astype(dtype)
    net.dtheta[...] = to_device(g, net.device)
    clip_gradient_norm(net, bound)
    norm = np.linalg.norm(g.astype("float64"))
    clipped = to_host(net.dtheta)
    assert clipped.dtype == dtype
    if norm <= bound:
        np.testing.assert_array_equal(clipped, g)
    elif bound / size > 1e-36:
        np.testing.assert_allclose(clipped.astype("float64"), g * (bound / norm), rtol=1e-5)
    else:  # the factor itself has hardly a digit in float32, or is 0
        assert np.linalg.norm(clipped.astype("float64")) <= bound * 1.01


@pytest.mark.parametrize("bound", [1e-300, 5e-324, 1e300])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_bound_that_float32_does_not_know(value, bound, net):
    net = net.copy(dtype="float32")
    net.dtheta[...] = value
    clip_gradient_norm(net, bound)
    np.testing.assert_allclose(to_host(net.dtheta), value if bound > 1 else 0, atol=1e-37)


@pytest.mark.parametrize("bound", [1e-3, 1e3])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_gradient_that_is_not_finite_stays_so(value, bound, net):
    net.dtheta[3] = value
    clip_gradient_norm(net, bound)
    assert np.isnan(to_host(net.dtheta)).all()


def test_a_network_without_parameters(rng):
    clip_gradient_norm(Network([Flatten()], (4, 4, 1), rng=rng), 1)


def test_clipping_the_norm_never_waits_for_the_device(monkeypatch, rng):
    strict_cupy.install(monkeypatch)
    net = Network([Dense(5)], (4,), rng=rng, device="cuda")
    with strict_cupy.count() as counts:
        clip_gradient_norm(net, 0.1)
    assert (counts.synchronisations, counts.uploads) == (0, 0)


def test_a_gradient_of_0_stays_0(net):
    net.zero_grad()
    clip_gradient_norm(net, 1e-3)
    assert not to_host(net.dtheta).any()


def test_gradient_value(net):
    before = to_host(net.dtheta).copy()
    clip_gradient_value(net, 0.5)
    np.testing.assert_array_equal(to_host(net.dtheta), np.clip(before, -0.5, 0.5))
    assert (abs(before) > 0.5).any()


def test_weights(net):
    before = to_host(net.theta).copy()
    _, caches = net.forward(net.dtheta[:8].reshape(2, 4).copy(), train=True)
    theta = net.theta
    clip_weights(net, 0.2)
    np.testing.assert_array_equal(to_host(net.theta), np.clip(before, -0.2, 0.2))
    assert net.theta is theta
    with pytest.raises(StaleCacheError):  # the weights have changed
        net.backward(net.dtheta[:6].reshape(2, 3).copy(), caches)


def test_clipped_clips_value_then_norm_then_steps_then_weights(net):
    theta, g = to_host(net.theta).copy(), np.clip(to_host(net.dtheta), -0.5, 0.5)
    g *= min(1, 0.7 / np.linalg.norm(g))
    Clipped(SGD(net, learning_rate=0.3), gradient_value=0.5, gradient_norm=0.7, weights=0.4).step()
    np.testing.assert_allclose(to_host(net.theta), np.clip(theta - 0.3 * g, -0.4, 0.4), rtol=1e-12)


def test_clipped_hands_on_the_network_and_the_rate(net):
    sgd = SGD(net, learning_rate=0.3)
    clipped = Clipped(sgd)
    assert clipped.network is net
    assert clipped.learning_rate == 0.3
    clipped.learning_rate = 0.1
    assert clipped.learning_rate == sgd.learning_rate == 0.1


def test_only_moved_weights_count(net):
    """A clipped gradient makes no pass stale; a step counts once, and the clipping of weights once more."""
    clip_gradient_value(net, 0.1)
    clip_gradient_norm(net, 0.1)
    assert net.version == 0
    Clipped(SGD(net, learning_rate=0.1), gradient_value=1, gradient_norm=1).step()
    assert net.version == 1
    Clipped(SGD(net, learning_rate=0.1), weights=0.1).step()
    assert net.version == 3


def test_clipped_by_nothing_is_the_optimizer(net):
    twin = net.copy()
    twin.dtheta[...] = net.dtheta
    Clipped(Adam(net, learning_rate=0.1)).step()
    Adam(twin, learning_rate=0.1).step()
    np.testing.assert_array_equal(to_host(net.theta), to_host(twin.theta))


@pytest.mark.parametrize("name", ["gradient_value", "gradient_norm", "weights"])
@pytest.mark.parametrize("bound", [0, -1, float("nan")])
def test_refuses(name, bound, net):
    with pytest.raises(InputError, match=rf"^{name}: expected a positive number, got {bound}"):
        Clipped(SGD(net, learning_rate=1), **{name: bound})
