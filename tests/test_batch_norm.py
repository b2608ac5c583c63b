"""Batch normalisation: values by a loop over channels, both modes, running statistics, and what hides its bugs."""

from contextlib import nullcontext

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_layer
from minigan.layers import BatchNorm
from minigan.layers.batch_norm import check_rows
from minigan.network import Network

SHAPES = [pytest.param((3,), id="dense"), pytest.param((4, 3, 2), id="image"), pytest.param((1, 1, 5), id="one pixel")]


each_floor = pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])


def network(shape, rng, device, normal, dtype="float64", fast=False, **options):
    """One batch norm with random gain, shift and statistics; the running variance is positive."""
    net = Network([BatchNorm(**options)], shape, rng=rng, dtype=dtype, device=device, fast=fast)
    net.theta[...] = normal(net.theta.size, dtype=dtype)
    net.layers[0].running_mean[...] = normal(shape[-1], dtype=dtype)
    net.layers[0].running_var[...] = 0.5 + normal(shape[-1], dtype=dtype) ** 2
    return net


def samples(normal, shape, n, dtype="float64"):
    return normal(*shape[:-1], n, shape[-1], dtype=dtype)


def by_loop(x, gamma, beta, eps, mean=None, var=None):
    """One channel after the other; the batch's own mean and variance unless they are given."""
    y = np.zeros_like(x)
    for c in range(x.shape[-1]):
        values = x[..., c].ravel().tolist()
        m = sum(values) / len(values) if mean is None else mean[c]
        v = sum((value - m) ** 2 for value in values) / len(values) if var is None else var[c]
        for where in np.ndindex(x.shape[:-1]):
            y[(*where, c)] = gamma[c] * (x[(*where, c)] - m) / np.sqrt(v + eps) + beta[c]
    return y


@each_floor
@pytest.mark.parametrize("eps", [1e-5, 9e-3])
@pytest.mark.parametrize("shape", SHAPES)
def test_value_in_training(shape, eps, fast, device, normal, rng):
    net = network(shape, rng, device, normal, eps=eps, fast=fast)
    x, layer = 3 + 2 * samples(normal, shape, 4), net.layers[0]
    y, _ = net.forward(x, train=True)
    expected = by_loop(to_host(x), to_host(layer.gamma), to_host(layer.beta), eps)
    np.testing.assert_allclose(to_host(y), expected, rtol=1e-12, atol=1e-12)


@each_floor
@pytest.mark.parametrize("eps", [1e-5, 9e-3])
@pytest.mark.parametrize("shape", SHAPES)
def test_value_in_eval(shape, eps, fast, device, normal, rng):
    net = network(shape, rng, device, normal, eps=eps, fast=fast)
    x, layer = samples(normal, shape, 1), net.layers[0]
    y, _ = net.forward(x, train=False)
    gamma, beta, mean, var = map(to_host, (layer.gamma, layer.beta, layer.running_mean, layer.running_var))
    np.testing.assert_allclose(to_host(y), by_loop(to_host(x), gamma, beta, eps, mean, var), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_normalises(shape, device, normal, rng):
    net = Network([BatchNorm(eps=1e-12)], shape, rng=rng, dtype="float64", device=device)
    y = to_host(net.forward(5 - 3 * samples(normal, shape, 6), train=True)[0])
    axes = tuple(range(y.ndim - 1))
    np.testing.assert_allclose(y.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axes), 1, rtol=1e-9)


@each_floor
def test_a_large_mean_does_not_swallow_the_variance(fast, device, normal, rng):
    net = Network([BatchNorm()], (2,), rng=rng, device=device, fast=fast)
    x = 1000 + normal(64, 2, dtype="float32")
    y = to_host(net.forward(x, train=True)[0])
    exact = to_host(x).astype("float64")
    np.testing.assert_allclose(y, (exact - exact.mean(0)) / np.sqrt(exact.var(0) + 1e-5), atol=1e-3)


@each_floor
def test_many_rows_keep_their_digits(fast, rng):
    """60,000 rows in float32 whose mean is 10 standard deviations from 0, against float64."""
    x = (10 + rng.standard_normal((60_000, 8))).astype(np.float32)
    dy = (1 + rng.standard_normal(x.shape)).astype(np.float32)
    results = []
    for dtype in ("float32", "float64"):
        net = Network([BatchNorm()], (8,), rng=rng, dtype=dtype, fast=fast)
        y, caches = net.forward(x.astype(dtype), train=True)
        results.append((y, net.backward(dy.astype(dtype), caches), net.layers[0].dbeta))
    (y, dx, dbeta), (exact_y, exact_dx, exact_dbeta) = results
    assert abs(y - exact_y).max() < 5e-6
    assert abs(dx - exact_dx).max() < 2e-5
    assert abs(dbeta / exact_dbeta - 1).max() < 5e-7


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("eps", [1e-5, 9e-3])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape, eps, train, device):
    for check in check_layer(BatchNorm(eps=eps), shape, train=train, device=device):
        assert check.ok, check


@each_floor
@pytest.mark.parametrize("train", [True, False])
def test_input_gradient_by_the_full_jacobian(train, fast, device, normal, rng):
    net = network((2,), rng, device, normal, fast=fast)
    x, dy, layer = samples(normal, (2,), 4), samples(normal, (2,), 4), net.layers[0]
    _, caches = net.forward(x, train=train)
    dx, host = to_host(net.backward(dy, caches)), to_host(x)
    gamma, beta, mean, var = map(to_host, (layer.gamma, layer.beta, layer.running_mean, layer.running_var))
    fixed = {} if train else {"mean": mean, "var": var}
    for where in np.ndindex(host.shape):
        moved = []
        for h in (1e-6, -1e-6):
            x_h = host.copy()
            x_h[where] += h
            moved.append(by_loop(x_h, gamma, beta, layer.eps, **fixed))
        expected = ((moved[0] - moved[1]) / 2e-6 * to_host(dy)).sum()
        np.testing.assert_allclose(dx[where], expected, rtol=1e-6, atol=1e-7)


def test_a_constant_upstream_gradient_hides_everything(device, normal, rng):
    """sum y = M beta whatever x is: with dy = 1 every dx is right that is 0, so checks need a random dy."""
    net = network((3, 2, 4), rng, device, normal)
    x = samples(normal, (3, 2, 4), 5)
    y, caches = net.forward(x, train=True)
    assert abs(to_host(net.backward(get_array_module(y).ones_like(y), caches))).max() < 1e-12
    assert abs(to_host(net.backward(samples(normal, (3, 2, 4), 5), caches))).max() > 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_dx_neither_shifts_nor_stretches_the_batch(shape, device, normal, rng):
    net = network(shape, rng, device, normal, eps=1e-12)
    x, dy = samples(normal, shape, 5), samples(normal, shape, 5)
    _, caches = net.forward(x, train=True)
    x, dx = to_host(x), to_host(net.backward(dy, caches))
    axes = tuple(range(x.ndim - 1))
    np.testing.assert_allclose(dx.sum(axes), 0, atol=1e-10)
    np.testing.assert_allclose((dx * (x - x.mean(axes))).sum(axes), 0, atol=1e-9)


@each_floor
@pytest.mark.parametrize("train", [True, False])
def test_halves_of_the_backward_pass_agree_with_the_whole(train, fast, device, normal, rng):
    net = network((3, 2, 4), rng, device, normal, fast=fast)
    layer, dy = net.computed[0], samples(normal, (3, 2, 4), 5)
    _, caches = net.forward(samples(normal, (3, 2, 4), 5), train=train)
    dx, both = to_host(net.backward(dy, caches)), to_host(net.dtheta).copy()
    np.testing.assert_array_equal(to_host(layer.input_grad(dy, caches.layers[0])), dx)
    np.testing.assert_array_equal(to_host(net.dtheta), both)
    net.zero_grad()
    layer.add_param_grads(dy, caches.layers[0])
    np.testing.assert_allclose(to_host(net.dtheta), both, rtol=1e-12, atol=1e-13)


@each_floor
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_parameter_gradients_by_sums(shape, train, fast, device, normal, rng):
    """dbeta = sum dy, dgamma = sum dy x_hat, with x_hat from the formula."""
    net = network(shape, rng, device, normal, fast=fast, eps=9e-3)
    x, dy, layer = samples(normal, shape, 4), samples(normal, shape, 4), net.layers[0]
    net.backward(dy, net.forward(x, train=train)[1])
    mean, var = map(to_host, (layer.running_mean, layer.running_var))
    fixed = {} if train else {"mean": mean, "var": var}
    x_hat = by_loop(to_host(x), np.ones(shape[-1]), np.zeros(shape[-1]), 9e-3, **fixed)
    axes = tuple(range(len(shape)))
    np.testing.assert_allclose(to_host(layer.dbeta), to_host(dy).sum(axes), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(to_host(layer.dgamma), (to_host(dy) * x_hat).sum(axes), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.9])
@pytest.mark.parametrize("shape", SHAPES)
def test_running_statistics(shape, decay, device, normal, rng):
    """decay * old + (1 - decay) * batch with the biased variance, pass after pass."""
    net = network(shape, rng, device, normal, decay=decay)
    layer, axes = net.layers[0], tuple(range(len(shape)))
    mean, var = to_host(layer.running_mean).copy(), to_host(layer.running_var).copy()
    for _ in range(3):
        x = 2 + 3 * samples(normal, shape, 4)
        _, caches = net.forward(x, train=True)
        net.update_stats(caches)
        mean = decay * mean + (1 - decay) * to_host(x).mean(axes)
        var = decay * var + (1 - decay) * to_host(x).var(axes, ddof=0)
        np.testing.assert_allclose(to_host(layer.running_mean), mean, rtol=1e-12)
        np.testing.assert_allclose(to_host(layer.running_var), var, rtol=1e-12)


def test_only_update_stats_moves_the_statistics(device, normal, rng):
    net = network((3,), rng, device, normal)
    before = to_host(net.stats).copy()
    for train in (True, False):
        y, caches = net.forward(normal(5, 3), train=train)
        net.backward(y, caches)
        np.testing.assert_array_equal(to_host(net.stats), before)
    net.update_stats(caches)  # an eval pass has no statistics of its own
    np.testing.assert_array_equal(to_host(net.stats), before)
    net.update_stats(net.forward(normal(5, 3), train=True)[1])
    assert (to_host(net.stats) != before).all()


def test_moved_statistics_leave_an_older_eval_pass_alone(device, normal, rng):
    net = network((3,), rng, device, normal)
    x, dy = normal(5, 3), normal(5, 3)
    _, caches = net.forward(x, train=False)
    dx = to_host(net.backward(dy, caches)).copy()
    net.update_stats(net.forward(10 * x, train=True)[1])
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), dx)


def test_starts_as_the_identity(device, normal, rng):
    net = Network([BatchNorm(eps=1e-15)], (3,), rng=rng, dtype="float64", device=device)
    layer, x = net.layers[0], normal(5, 3)
    started = [to_host(a).tolist() for a in (layer.gamma, layer.beta, layer.running_mean, layer.running_var)]
    assert started == [[1] * 3, [0] * 3, [0] * 3, [1] * 3]
    np.testing.assert_allclose(to_host(net.forward(x, train=False)[0]), to_host(x), rtol=1e-12)


@each_floor
def test_training_needs_two_rows(fast, device, normal, rng):
    net = network((3,), rng, device, normal, fast=fast)
    with pytest.raises(
        InputError, match=r"^x: expected at least 2 rows for batch norm in training, got shape \(1, 3\)$"
    ):
        net.forward(normal(1, 3), train=True)
    net.forward(normal(1, 3), train=False)
    network((2, 1, 3), rng, device, normal).forward(normal(2, 1, 1, 3), train=True)  # one image of two pixels
    for rows, refused in ((0, True), (1, True), (2, False)):
        with pytest.raises(InputError) if refused else nullcontext():
            check_rows(np.zeros((rows, 1, 3)))


def test_a_constant_batch_stays_finite(device, rng):
    net = Network([BatchNorm()], (3,), rng=rng, device=device)
    xp = get_array_module(net.theta)
    y, caches = net.forward(xp.full((4, 3), 7, dtype="float32"), train=True)
    np.testing.assert_array_equal(to_host(y), np.zeros((4, 3)))
    assert np.isfinite(to_host(net.backward(xp.ones_like(y), caches))).all()


@pytest.mark.parametrize("decay", [-0.1, 1, 1.5, float("nan")])
def test_refuses_decay(decay):
    with pytest.raises(InputError, match=r"^decay: expected a number in \[0, 1\)"):
        BatchNorm(decay=decay)


@pytest.mark.parametrize("eps", [0, -1e-5, 0.8, 1, None, float("nan")])
def test_refuses_eps(eps):
    with pytest.raises(InputError, match=r"^eps: expected a small number in \(0, 0.01\)"):
        BatchNorm(eps=eps)


def test_options_are_keyword_only():
    """A well-known repository passes 0.8 by position, and it becomes epsilon."""
    with pytest.raises(TypeError):
        BatchNorm(0.8)


def test_repr_and_defaults():
    assert repr(BatchNorm(decay=0.8, eps=1e-3)) == "BatchNorm(decay=0.8, eps=0.001)"
    assert (BatchNorm().decay, BatchNorm().eps) == (0.9, 1e-5)
