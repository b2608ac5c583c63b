"""The ensemble: each member is what it would be alone, fused and copied, and no parameter belongs to two."""

import re

import numpy as np
import pytest
import strict_cupy

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.fast.batch_norm import BatchNormLeakyReLU
from minigan.fast.dense import FastDense
from minigan.fast.dropout import LeakyReLUDropout
from minigan.gradient_check import check_directional
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    LeakyReLU,
    MinibatchStd,
    PackSamples,
    SpectralNorm,
    Tanh,
)
from minigan.network import Network

SHAPE = (6, 5, 2)


def slope():
    return LeakyReLU(negative_slope=0.2)


STACKS = [
    lambda: [Flatten(), Dense(4), slope(), Dense(1)],
    lambda: [Conv2D(3, 3, stride=2), BatchNorm(), slope(), Flatten(), SpectralNorm(Dense(2))],
    lambda: [Flatten(), Tanh()],
]
COLUMNS = [slice(0, 1), slice(1, 3), slice(3, 63)]


def network(layers, device, dtype="float64", shape=SHAPE, seed=0, fast=False):
    return Network(layers, shape, rng=np.random.default_rng(seed), dtype=dtype, device=device, fast=fast)


def team(device, dtype="float64", fast=False):
    """(all stacks as one network, each of them alone, and plain, with the same weights and statistics)"""
    whole = network([DiscriminatorEnsemble([make() for make in STACKS])], device, dtype, fast=fast)
    alone, first, first_stat = [], 0, 0
    for make in STACKS:
        member = network(make(), device, dtype, seed=5)
        end, end_stat = first + member.theta.size, first_stat + member.stats.size
        member.load(to_host(whole.theta)[first:end], to_host(whole.stats)[first_stat:end_stat])
        alone.append(member)
        first, first_stat = end, end_stat
    assert (first, first_stat) == (whole.theta.size, whole.stats.size)
    return whole, alone


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
@pytest.mark.parametrize("train", [True, False])
def test_each_stack_is_what_it_is_alone(train, fast, device, normal):
    whole, alone = team(device, fast=fast)
    x, x_dot, dy = normal(6, 5, 4, 2), normal(6, 5, 4, 2), normal(4, 63)
    y, caches = whole.forward(x, train=train)
    dx, y_dot = whole.backward(dy, caches), whole.jvp(x_dot, caches)
    [ensemble], [cache] = whole.computed, caches.layers
    np.testing.assert_allclose(to_host(ensemble.input_grad(dy, cache)), to_host(dx), rtol=1e-12, atol=1e-13)
    together = to_host(whole.dtheta).copy()
    ensemble.add_param_grads(dy, cache)
    np.testing.assert_allclose(to_host(whole.dtheta), 2 * together, rtol=1e-12, atol=1e-13)
    whole.dtheta /= 2
    np.testing.assert_array_equal(
        to_host(whole.backward(dy, caches, param_grads=False)), to_host(dx)
    )  # and dtheta, compared below, has not moved
    whole.update_stats(caches)
    expected = {"y": [], "y_dot": [], "dtheta": [], "stats": []}
    dx_sum = 0
    for net, columns in zip(alone, COLUMNS, strict=True):
        y_k, caches_k = net.forward(x, train=train)
        dx_sum = dx_sum + to_host(net.backward(dy[:, columns], caches_k))
        expected["y_dot"].append(to_host(net.jvp(x_dot, caches_k)))
        net.update_stats(caches_k)
        for name, value in (("y", y_k), ("dtheta", net.dtheta), ("stats", net.stats)):
            expected[name].append(to_host(value))
    np.testing.assert_allclose(to_host(dx), dx_sum, rtol=1e-12, atol=1e-13)
    for name, got in (("y", y), ("y_dot", y_dot), ("dtheta", whole.dtheta), ("stats", whole.stats)):
        np.testing.assert_allclose(
            to_host(got), np.concatenate(expected[name], axis=-1), rtol=1e-12, atol=1e-13, err_msg=name
        )


def test_tangent_gradients_are_those_of_each_stack(device, normal, rng):
    make = [STACKS[0], lambda: [Conv2D(3, 3, stride=2), slope(), Flatten(), SpectralNorm(Dense(2))]]
    net = network([DiscriminatorEnsemble([each() for each in make])], device)
    net.theta += normal(net.theta.size) / 5
    x, x_dot, dy = normal(6, 5, 4, 2), normal(6, 5, 4, 2), normal(4, 3)
    net.add_tangent_grads(x_dot, dy, net.forward(x, train=True)[1])
    theta, dtheta = net.theta.copy(), net.dtheta.copy()

    def slope_along(value):
        net.theta[...] = value
        return float((net.jvp(x_dot, net.forward(x, train=True)[1]) * dy).sum())

    check = check_directional("dtheta", slope_along, theta, dtheta, rng=rng)
    assert check.ok, check


def test_stacks_of_one_list_have_weights_of_their_own(device):
    layers = [Dense(8), slope(), Dense(1)]
    net = network([DiscriminatorEnsemble([layers] * 3)], device, shape=(5,))
    [ensemble] = net.layers
    assert net.theta.size == 3 * (5 * 8 + 8 + 8 + 1)
    for i in (0, 2):
        w = [to_host(member.children[i].w) for member in ensemble.children]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert (w[a] != w[b]).all()
    for member in ensemble.children:
        assert member.children[0] is not layers[0]


def test_a_copy_is_independent(device, normal):
    whole, _ = team(device)
    x, twin = normal(6, 5, 4, 2), whole.copy()
    expected = to_host(whole.forward(x, train=True)[0])
    np.testing.assert_array_equal(to_host(twin.forward(x, train=True)[0]), expected)
    twin.theta += 1
    twin.update_stats(twin.forward(x, train=True)[1])
    np.testing.assert_array_equal(to_host(whole.forward(x, train=True)[0]), expected)


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_neighbours_are_fused_and_dropout_is_drawn_for_each(fast, device, normal):
    stack = [Dense(40), slope(), Dropout(rate=0.5), Dense(4), BatchNorm(), slope()]
    net = network([DiscriminatorEnsemble([stack] * 2)], device, shape=(5,), fast=fast)
    fused = [FastDense, LeakyReLUDropout, FastDense, BatchNormLeakyReLU]
    for member in net.computed[0].children:
        assert [type(each) for each in member.children] == (fused if fast else list(map(type, stack)))
    _, caches = net.forward(normal(4, 5), train=True, rng=np.random.default_rng(0))
    zeros = [to_host(cache[1 if fast else 2]) == 0 for cache in caches.layers[0]]
    assert 0.2 < (zeros[0] != zeros[1]).mean() < 0.8


@pytest.mark.parametrize(
    ("stack", "linear", "couples"),
    [
        ([Dense(2), slope()], True, False),
        ([PackSamples(2), Dense(2)], True, True),
        ([Dense(2), MinibatchStd(), Dense(2)], False, True),
        ([Dense(2), BatchNorm()], False, True),
        ([Tanh()], False, False),
    ],
)
def test_what_holds_of_all_stacks_and_of_any(stack, linear, couples):
    other = [Dense(2)]
    for stacks in ([other, stack], [stack, other], [stack]):
        ensemble = DiscriminatorEnsemble(stacks)
        assert (ensemble.piecewise_linear, ensemble.couples_samples) == (linear, couples)


@pytest.mark.parametrize("train", [True, False])
def test_the_host_never_waits_for_the_device(train, monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    stack = [Conv2D(3, 3, stride=2), slope(), Dropout(rate=0.5), Flatten(), SpectralNorm(Dense(1))]
    net = network([DiscriminatorEnsemble([stack] * 2)], "cuda", "float32")
    x, dy = (cupy.asarray(rng.standard_normal(s, dtype="float32")) for s in ((6, 5, 4, 2), (4, 2)))
    with strict_cupy.count() as counts:
        _, caches = net.forward(x, train=train, rng=rng)
        net.backward(dy, caches)
        net.jvp(x, caches)
        net.add_tangent_grads(x, dy, caches)
        net.update_stats(caches)
    assert counts.synchronisations == 0


def test_gradients_lie_in_the_flat_vectors(device):
    whole, _ = team(device)
    xp = get_array_module(whole.theta)
    whole.theta[...] = xp.arange(whole.theta.size, dtype="float64")
    owners = [each for each in whole.layers[0].walk() if each.params]
    assert [type(each).__name__ for each in owners] == [
        *("Dense", "Dense"),
        *("Conv2D", "BatchNorm", "Dense", "SpectralNorm"),
    ]
    flat = [to_host(getattr(each, name)).ravel() for each in owners for name in each.params]
    np.testing.assert_array_equal(np.concatenate(flat), np.arange(whole.theta.size))
    owners[0].dw[...] = 7
    assert (to_host(whole.dtheta)[:240] == 7).all()
    assert not to_host(whole.dtheta)[240:].any()
    whole.zero_grad()
    assert not to_host(owners[0].dw).any()


@pytest.mark.parametrize("members", [[], [[]], [[Dense(1)], []], None])
def test_refuses_empty_stacks(members):
    expected = re.escape(f"members: expected stacks of at least one layer each, got {members!r}")
    with pytest.raises(InputError, match=f"^{expected}$"):
        DiscriminatorEnsemble(members)


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_images_stand_side_by_side_on_the_channel_axis(fast, device, normal):
    net = network([DiscriminatorEnsemble([[Conv2D(3, 3)], [Tanh()]])], device, fast=fast)
    assert net.output_shape == (6, 5, 5)
    x, dy, x_dot = normal(6, 5, 4, 2), normal(6, 5, 4, 5), normal(6, 5, 4, 2)
    y, caches = net.forward(x, train=True)
    dx, y_dot = net.backward(dy, caches), net.jvp(x_dot, caches)
    conv = network([Conv2D(3, 3)], device)
    conv.load(to_host(net.theta), to_host(conv.stats))
    y_conv, cache = conv.forward(x, train=True)
    slopes = 1 - np.tanh(to_host(x)) ** 2
    expected = {
        "y": (y, np.concatenate([to_host(y_conv), np.tanh(to_host(x))], axis=-1)),
        "y_dot": (y_dot, np.concatenate([to_host(conv.jvp(x_dot, cache)), slopes * to_host(x_dot)], axis=-1)),
        "dx": (dx, to_host(conv.backward(dy[..., :3], cache)) + slopes * to_host(dy)[..., 3:]),
    }
    for name, (got, want) in expected.items():
        np.testing.assert_allclose(to_host(got), want, rtol=1e-11, atol=1e-12, err_msg=name)


def test_backward_adds_the_gradients_unless_told_and_refuses_caches_of_another(rng):
    net = network([DiscriminatorEnsemble([[Dense(1)], [Dense(2)]])], "cpu", shape=(3,))
    [ensemble], x, dy = net.layers, rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    _, caches = ensemble.forward(x, train=True)
    ensemble.backward(dy, caches, param_grads=False)
    assert not net.dtheta.any()
    ensemble.backward(dy, caches)
    assert net.dtheta.all()
    for call in (ensemble.backward, ensemble.input_grad, ensemble.jvp):
        with pytest.raises(ValueError, match="zip"):
            call(x if call == ensemble.jvp else dy, caches[:1])
    with pytest.raises(ValueError, match="zip"):
        ensemble.update_stats(caches[:1])


def test_refuses_what_does_not_fit(rng):
    with pytest.raises(InputError, match=r"only in channels, got \[\(6, 5, 2\), \(6, 3, 2\)\]"):  # one axis is enough
        Network([DiscriminatorEnsemble([[Conv2D(2, 3)], [Conv2D(2, (1, 3), padding=0)]])], SHAPE, rng=rng)
    with pytest.raises(InputError, match=r"^layer 0: member 1, layer 2: Dense: expected an input of shape \(C,\)"):
        Network([DiscriminatorEnsemble([[Flatten(), Dense(1)], [Conv2D(2, 3), slope(), Dense(1)]])], SHAPE, rng=rng)
    with pytest.raises(
        InputError, match=r"^layer 0: members: expected .* only in channels, got \[\(6, 5, 2\), \(3, 3, 2\)\]"
    ):
        Network([DiscriminatorEnsemble([[Conv2D(2, 3)], [Conv2D(2, 3, stride=2)]])], SHAPE, rng=rng)


def test_repr_and_summary(rng):
    stack = [Flatten(), Dense(3), slope(), Dense(1)]
    net = Network([DiscriminatorEnsemble([stack] * 3)], SHAPE, rng=rng)
    assert repr(net.layers[0]) == "DiscriminatorEnsemble(3 * [[Flatten, Dense, LeakyReLU, Dense]])"
    assert repr(DiscriminatorEnsemble([[Tanh()], [Dense(1)]])) == "DiscriminatorEnsemble([[Tanh], [Dense]])"
    assert repr(DiscriminatorEnsemble([[Dense(1)], [Dense(2)]])) == "DiscriminatorEnsemble([[Dense], [Dense]])"
    assert net.summary().splitlines()[3].split()[-5:] == ["(N,", "3)", "561", "fused,", "threads"]
