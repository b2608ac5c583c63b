"""Batch norm over all ranks: equal to batch norm on the whole batch, and its gradient by finite differences."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.distributed import ALONE, run_ranks
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import BatchNorm, Dense, LeakyReLU, SynchronisedBatchNorm, with_synchronised_batch_norm
from minigan.network import Network

N = 4  # samples of a rank
SHAPES = [pytest.param((3,), id="dense"), pytest.param((4, 3, 2), id="image")]
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_size = pytest.mark.parametrize("size", [2, 3])


def arrays(shape, size, count=3):
    """Random arrays (size, H, W, N, C); the mean, and more so the spread, differ between the ranks."""
    rng = np.random.default_rng(7)
    shapes = (size, *shape[:-1], N, shape[-1])
    first = 3 + rng.standard_normal(shapes) * (1 + np.arange(size)).reshape(-1, *[1] * (len(shapes) - 1))
    return [first, *(rng.standard_normal(shapes) for _ in range(count - 1))]


def network(layer, shape, device="cpu"):
    rng = np.random.default_rng(8)
    net = Network([layer], shape, rng=rng, dtype="float64", device=device, fast=False)
    net.theta[...] = to_device(rng.standard_normal(net.theta.size), device)
    net.stats[...] = to_device(0.5 + rng.random(net.stats.size), device)
    return net


def one_pass(net, x, dy, x_dot, train=True):
    y, caches = net.forward(x, train=train)
    net.zero_grad()
    dx = net.backward(dy, caches)
    y_dot = net.jvp(x_dot, caches)
    net.update_stats(caches)
    return {"y": y, "dx": dx, "y_dot": y_dot, "dtheta": net.dtheta, "stats": net.stats}


def on_ranks(shape, stacks, device="cpu", train=True):
    """Return what each rank computes, as host arrays."""

    def work(ranks):
        net = network(SynchronisedBatchNorm(ranks), shape, device)
        own = [to_device(np.ascontiguousarray(stack[ranks.rank]), device) for stack in stacks]
        return {name: to_host(value).copy() for name, value in one_pass(net, *own, train=train).items()}

    return run_ranks(len(stacks[0]), work)


def together(stack):
    """Join the samples of all ranks: (size, ..., N, C) -> (..., size N, C)."""
    return np.concatenate(list(stack), axis=-2)


@each_size
@each_shape
def test_it_is_batch_norm_on_the_whole_batch(shape, size, device):
    stacks = arrays(shape, size)
    ranks = on_ranks(shape, stacks, device)
    whole = one_pass(network(BatchNorm(), shape), *map(together, stacks))
    for name in ("y", "dx", "y_dot"):
        got = together([rank[name] for rank in ranks])
        np.testing.assert_allclose(got, whole[name], rtol=1e-12, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(sum(rank["dtheta"] for rank in ranks), whole["dtheta"], rtol=1e-12, atol=1e-12)
    for rank in ranks:
        np.testing.assert_allclose(rank["stats"], whole["stats"], rtol=1e-12)
        np.testing.assert_array_equal(rank["stats"], ranks[0]["stats"])  # to the bit


@each_size
@each_shape
def test_batch_norm_on_each_shard_is_something_else(shape, size):
    stacks = arrays(shape, size)
    own = one_pass(network(BatchNorm(), shape), *(stack[0] for stack in stacks))
    synchronised = on_ranks(shape, stacks)[0]
    for name, value in own.items():
        assert abs(value - synchronised[name]).max() > 1e-3, name


@each_size
@each_shape
def test_gradients_by_finite_differences(shape, size, rng):
    """The loss is that of all ranks, so a rank's sample acts also through the outputs of the others."""
    stacks = x, dy, _ = arrays(shape, size)
    ranks = on_ranks(shape, stacks)
    dx = np.stack([rank["dx"] for rank in ranks])
    dtheta = sum(rank["dtheta"] for rank in ranks)

    def loss(x, theta=None):
        def work(communicator):
            net = network(SynchronisedBatchNorm(communicator), shape)
            if theta is not None:
                net.theta[...] = theta
            y, _ = net.forward(x[communicator.rank], train=True)
            return float((y * dy[communicator.rank]).sum())

        return sum(run_ranks(size, work))

    theta = network(BatchNorm(), shape).theta
    checks = [
        check_directional("dx", loss, x, dx, rng=rng),
        check_elementwise("dx", loss, x, dx, rng=rng),
        check_directional("dtheta", lambda theta: loss(x, theta), theta, dtheta, rng=rng),
    ]
    assert all(check.ok for check in checks), checks
    without = np.stack([one_pass(network(BatchNorm(), shape), *own)["dx"] for own in zip(*stacks, strict=True)])
    assert not check_directional("dx", loss, x, without, rng=rng).ok  # a gradient within each rank is found wrong


@each_size
@each_shape
def test_the_jvp_is_the_transpose(shape, size):
    stacks = _, dy, x_dot = arrays(shape, size)
    ranks = on_ranks(shape, stacks)
    backwards = sum(float((rank["dx"] * x_dot[r]).sum()) for r, rank in enumerate(ranks))
    forwards = sum(float((rank["y_dot"] * dy[r]).sum()) for r, rank in enumerate(ranks))
    assert forwards == pytest.approx(backwards, rel=1e-11)


@each_shape
def test_evaluation_exchanges_nothing(shape):
    stacks = arrays(shape, 2)

    def work(ranks):
        if ranks.rank == 0:  # rank 1 never calls, and nobody waits for it
            return one_pass(network(SynchronisedBatchNorm(ranks), shape), *(s[0] for s in stacks), train=False)
        return None

    got, _ = run_ranks(2, work)
    own = one_pass(network(BatchNorm(), shape), *(stack[0] for stack in stacks), train=False)
    for name, value in own.items():
        np.testing.assert_array_equal(got[name], value)


def test_a_large_mean_costs_no_digits():
    """In float32, mean(x^2) - mean^2 would have no right digit here."""
    rng = np.random.default_rng(0)
    x = (1000 + rng.standard_normal((2, 50, 3)) + [[[0.0]], [[0.5]]]).astype(np.float32)

    def work(ranks):
        return SynchronisedBatchNorm(ranks).moments(x[ranks.rank])

    exact = x.astype(np.float64)
    for mean, var in run_ranks(2, work):
        assert mean.dtype == var.dtype == np.float32
        np.testing.assert_allclose(mean, exact.mean(axis=(0, 1)), rtol=1e-6)
        np.testing.assert_allclose(var, exact.var(axis=(0, 1)), rtol=1e-3)
    assert (abs((x**2).mean(axis=(0, 1)) - x.mean(axis=(0, 1)) ** 2 - 1) > 0.1).any()


def test_one_row_on_each_of_two_ranks_is_enough():
    def work(ranks):
        return SynchronisedBatchNorm(ranks).moments(np.array([[float(ranks.rank)]]))

    assert run_ranks(2, work) == [(0.5, 0.25)] * 2
    with pytest.raises(InputError, match="expected at least 2 rows"):
        SynchronisedBatchNorm(ALONE).moments(np.zeros((1, 1)))


def test_replacement():
    layers = [Dense(3), BatchNorm(decay=0.5, eps=1e-3), LeakyReLU(negative_slope=0.2), SynchronisedBatchNorm(ALONE)]
    replaced = with_synchronised_batch_norm(layers, ALONE)
    assert [layers[i] is replaced[i] for i in range(4)] == [True, False, True, True]
    assert repr(replaced[1]) == "SynchronisedBatchNorm(decay=0.5, eps=0.001, ranks=1)"
    net = Network(replaced, (2,), rng=np.random.default_rng(0))
    assert type(net.computed[1]) is SynchronisedBatchNorm  # the fast floor leaves it plain
    assert net.copy().layers[1].communicator is ALONE
    assert get_array_module(net.theta) is np
