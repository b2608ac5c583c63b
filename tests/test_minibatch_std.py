"""Minibatch standard deviation: values by a loop over groups, gradients, and batches that do not fit."""

import numpy as np
import pytest
import strict_cupy

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_layer
from minigan.layers import MinibatchStd
from minigan.network import Network

SHAPES = [pytest.param((3,), id="dense"), pytest.param((4, 3, 2), id="image"), pytest.param((1, 1, 1), id="one number")]
GROUPS = [pytest.param(*case, id=f"{case[1]} in groups of {case[0]}") for case in [(4, 4), (4, 8), (3, 6), (2, 6)]]


def network(shape, device, dtype="float64", **options):
    return Network([MinibatchStd(**options)], shape, rng=np.random.default_rng(0), dtype=dtype, device=device)


def samples(normal, shape, n, dtype="float64"):
    return normal(*shape[:-1], n, shape[-1], dtype=dtype)


def by_loop(x, group, eps):
    """Group after group, feature after feature, the biased standard deviation; its mean behind every sample."""
    y = np.zeros((*x.shape[:-1], x.shape[-1] + 1))
    y[..., :-1] = x
    for first in range(0, x.shape[-2], group):
        members, found = range(first, first + group), []
        for where in np.ndindex(*x.shape[:-2], x.shape[-1]):
            values = [x[(*where[:-1], n, where[-1])] for n in members]
            mean = sum(values) / group
            found.append(np.sqrt(sum((value - mean) ** 2 for value in values) / group + eps))
        for n in members:
            y[..., n, -1] = sum(found) / len(found)
    return y


@pytest.mark.parametrize("eps", [1e-8, 9e-3])
@pytest.mark.parametrize(("group_size", "n"), GROUPS)
@pytest.mark.parametrize("shape", SHAPES)
def test_value(shape, group_size, n, eps, device, normal):
    net = network(shape, device, group_size=group_size, eps=eps)
    x = 3 + 2 * samples(normal, shape, n)
    assert net.output_shape == (*shape[:-1], shape[-1] + 1)
    expected = by_loop(to_host(x), group_size, eps)
    for train in (True, False):
        np.testing.assert_allclose(to_host(net.forward(x, train=train)[0]), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_batch_is_one_group(shape, device, normal):
    x = samples(normal, shape, 3)
    y, _ = network(shape, device).forward(x, train=True)
    np.testing.assert_allclose(to_host(y), by_loop(to_host(x), 3, 1e-8), rtol=1e-12)


@pytest.mark.parametrize(("group_size", "n"), [*GROUPS, pytest.param(4, 3, id="a small batch")])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape, group_size, n, device):
    for check in check_layer(MinibatchStd(group_size=group_size), shape, batch=n, device=device):
        assert check.ok, check


def test_input_gradient_by_the_full_jacobian(device, normal):
    net = network((2,), device, group_size=3)
    x, dy = samples(normal, (2,), 6), samples(normal, (3,), 6)
    _, caches = net.forward(x, train=True)
    dx, host = to_host(net.backward(dy, caches)), to_host(x)
    for where in np.ndindex(host.shape):
        moved = []
        for h in (1e-6, -1e-6):
            x_h = host.copy()
            x_h[where] += h
            moved.append(by_loop(x_h, 3, 1e-8))
        expected = ((moved[0] - moved[1]) / 2e-6 * to_host(dy)).sum()
        np.testing.assert_allclose(dx[where], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("train", [True, False])
def test_a_sample_meets_its_group_and_no_other(train, device, normal):
    net = network((2, 2, 3), device, group_size=2)
    x = samples(normal, (2, 2, 3), 6)
    other = x.copy()
    other[..., 2, :] = samples(normal, (2, 2, 3), 1)[..., 0, :]
    y, y_other = (to_host(net.forward(a, train=train)[0]) for a in (x, other))
    changed = (y != y_other).any(axis=(0, 1, 3))
    assert changed.tolist() == [False, False, True, True, False, False]


def test_the_gradient_of_s_draws_no_group_anywhere(device, normal):
    """s does not change when a whole group moves by one vector."""
    net = network((3,), device, group_size=4)
    _, caches = net.forward(samples(normal, (3,), 8), train=True)
    dy = samples(normal, (4,), 8)
    dy[:, :-1] = 0
    dx = to_host(net.backward(dy, caches)).reshape(2, 4, 3)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-14)
    assert abs(dx).max() > 1e-2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_samples_stay_finite(dtype, device, normal):
    net = network((3,), device, dtype)
    x = normal(1, 3, dtype=dtype) + get_array_module(net.theta).zeros((4, 3), dtype=dtype)
    y, caches = net.forward(x, train=True)
    np.testing.assert_allclose(to_host(y)[:, -1], 1e-4, rtol=1e-3)
    dx = to_host(net.backward(samples(normal, (4,), 4, dtype), caches))
    assert y.dtype == dx.dtype == dtype
    assert np.isfinite(dx).all()


def test_several_passes_are_alive_at_once(device, normal):
    net = network((2, 1, 3), device, group_size=2)
    xs, dy = [samples(normal, (2, 1, 3), 4) for _ in range(2)], samples(normal, (2, 1, 4), 4)
    alone = [to_host(net.backward(dy, net.forward(x, train=True)[1])) for x in xs]
    together = [net.forward(x, train=True)[1] for x in xs]
    for caches, expected in zip(together, alone, strict=True):
        np.testing.assert_array_equal(to_host(net.backward(dy, caches)), expected)


def test_couples_samples():
    assert MinibatchStd.couples_samples


def test_the_host_never_waits_for_the_device(monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    net = network((4, 3, 2), "cuda", "float32", group_size=2)
    x, dy = (cupy.asarray(rng.standard_normal((4, 3, 6, c), dtype="float32")) for c in (2, 3))
    with strict_cupy.count() as counts:
        _, caches = net.forward(x, train=True)
        net.backward(dy, caches)
        net.jvp(x, caches)
    assert counts.synchronisations == counts.uploads == 0


@pytest.mark.parametrize(("group_size", "n"), [(4, 6), (4, 5), (2, 3), (3, 7)])
@pytest.mark.parametrize("shape", SHAPES)
def test_refuses_a_batch_that_does_not_divide(shape, group_size, n, device, normal):
    net = network(shape, device, group_size=group_size)
    expected = f"^x: expected a batch of a multiple of group_size={group_size} samples, got {n}$"
    with pytest.raises(InputError, match=expected):
        net.forward(samples(normal, shape, n), train=True)


@pytest.mark.parametrize("group_size", [0, -1, 2.0, None, True])
def test_refuses_group_size(group_size):
    with pytest.raises(InputError, match="group_size: expected an integer of at least 1"):
        MinibatchStd(group_size=group_size)


@pytest.mark.parametrize("eps", [0, -1e-5, 0.8, None, float("nan")])
def test_refuses_eps(eps):
    with pytest.raises(InputError, match=r"eps: expected a small number in \(0, 0.01\)"):
        MinibatchStd(eps=eps)


def test_options_are_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        MinibatchStd(4)


def test_repr_and_defaults():
    assert repr(MinibatchStd(group_size=8, eps=1e-3)) == "MinibatchStd(group_size=8, eps=0.001)"
    assert repr(MinibatchStd()) == "MinibatchStd(group_size=4, eps=1e-08)"
