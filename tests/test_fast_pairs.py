"""A fused pair is the twin of its two layers."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast import elementwise as blocks
from minigan.gradient_check import check_network, report
from minigan.layers import BatchNorm, Dropout, LeakyReLU, ReLU
from minigan.network import Network

PAIRS = {
    "batch norm, LeakyReLU": [BatchNorm(eps=1e-3), LeakyReLU(negative_slope=0.3)],
    "batch norm, ReLU": [BatchNorm(), ReLU()],
    "LeakyReLU, dropout": [LeakyReLU(negative_slope=0.2), Dropout(rate=0.3)],
    "LeakyReLU, no dropout": [LeakyReLU(negative_slope=0.2), Dropout(rate=0)],
}
PAIR = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
SHAPE = pytest.mark.parametrize("shape", [(5,), (3, 4, 6)], ids=["dense", "image"])


@pytest.fixture(params=[(1 << 18, 1 << 13), (16, 8), (1, 1)], ids=lambda sizes: f"block={sizes[0]}")
def block(request, monkeypatch):
    """Blocks, and rows, of every size, down to one row of one sample."""
    monkeypatch.setattr(blocks, "BLOCK", request.param[0])
    monkeypatch.setattr(blocks, "ROW", request.param[1])


def both(pair, shape, normal, rng, device, dtype="float64"):
    """The network as it computes, and as its layers do one by one, with the same random arrays."""
    net = Network(pair, shape, rng=rng, dtype=dtype, device=device)
    net.theta[...] = normal(net.theta.size, dtype=dtype)
    net.stats[...] = 0.5 + normal(net.stats.size, dtype=dtype) ** 2
    plain = net.copy(fast=False)
    return net, plain


@PAIR
@SHAPE
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
def test_twins(pair, shape, train, dtype, tolerance, block, normal, rng, device):
    x = 3 + 2 * normal(*shape[:-1], 7, shape[-1], dtype=dtype)
    dy, x_dot = normal(*x.shape, dtype=dtype), normal(*x.shape, dtype=dtype)
    results = []
    for net in both(pair, shape, normal, rng, device, dtype):
        y, caches = net.forward(x, train=train, rng=np.random.default_rng(3))
        dx = net.backward(dy, caches)
        net.update_stats(caches)
        results.append([to_host(a) for a in (y, dx, net.dtheta, net.stats, net.jvp(x_dot, caches))])
    for got, expected in zip(*results, strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * max(1, abs(expected).max(initial=0)))


@PAIR
@SHAPE
@pytest.mark.parametrize("train", [True, False])
def test_gradients(pair, shape, train, device):
    """Against finite differences, and the adjoint identity: of what is computed, not of its twin."""
    net = Network(pair, shape, rng=np.random.default_rng(0), dtype="float64", device=device)
    checks = check_network(net, train=train)
    assert all(check.ok for check in checks), report(checks)


@PAIR
@SHAPE
def test_either_half_of_the_backward_pass(pair, shape, normal, rng, device):
    net, _ = both(pair, shape, normal, rng, device)
    x, dy = (normal(*shape[:-1], 4, shape[-1]) for _ in range(2))
    _, caches = net.forward(x, train=True, rng=np.random.default_rng(3))
    dx = net.backward(dy, caches)
    gradient = to_host(net.dtheta).copy()
    net.zero_grad()
    np.testing.assert_array_equal(to_host(net.backward(dy, caches, param_grads=False)), to_host(dx))
    assert not to_host(net.dtheta).any()
    assert net.add_param_grads(dy, caches) is None
    np.testing.assert_array_equal(to_host(net.dtheta), gradient)


@PAIR
def test_the_input_is_left_alone(pair, normal, rng, device):
    net, _ = both(pair, (3, 2, 4), normal, rng, device)
    arrays = x, dy = normal(3, 2, 5, 4), normal(3, 2, 5, 4)
    before = [to_host(a).copy() for a in arrays]
    _, caches = net.forward(x, train=True, rng=np.random.default_rng(0))
    first = to_host(net.backward(dy, caches))
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), first)  # nor is the cache
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(to_host(now), then)
