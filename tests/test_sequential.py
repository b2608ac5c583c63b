"""Layers in a row: every map is a loop over the layers, and no more of it is walked than is asked for."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, LeakyReLU, MinibatchStd, SpectralNorm, Tanh
from minigan.layers.sequential import Sequential, has_params
from minigan.network import Network

SHAPE = (4, 4, 2)


def row(rng, device="cpu"):
    """A row with every kind of state, as the one layer of a plain network."""
    layers = [
        Conv2D(3, 3),
        LeakyReLU(negative_slope=0.2),
        Dropout(rate=0.3),
        Flatten(),
        SpectralNorm(Dense(4)),
        Dense(2),
    ]
    net = Network([Sequential(layers)], SHAPE, rng=rng, dtype="float64", device=device, fast=False)
    return net, net.layers[0]


def test_every_map_is_a_loop(device, normal, rng):
    net, layer = row(rng, device)
    x, x_dot, dy = normal(4, 4, 3, 2), normal(4, 4, 3, 2), normal(3, 2)
    y, caches = layer.forward(x, train=True, rng=np.random.default_rng(0))

    h, h_dot, draws, each_cache, tangents = x, x_dot, np.random.default_rng(0), [], []
    for each in layer.children:
        h, cache = each.forward(h, train=True, rng=draws)
        each_cache.append(cache)
        tangents.append(h_dot)
        h_dot = each.jvp(h_dot, cache)
    net.zero_grad()
    dh, upstream = dy, []
    for each, cache in zip(reversed(layer.children), reversed(each_cache), strict=True):
        upstream.insert(0, dh)
        each.add_param_grads(dh, cache)
        dh = each.input_grad(dh, cache)
    dtheta = to_host(net.dtheta).copy()
    net.zero_grad()
    for each, d, tangent, cache in zip(layer.children, upstream, tangents, each_cache, strict=True):
        each.add_tangent_param_grads(d, tangent, cache)
    tangent_dtheta = to_host(net.dtheta).copy()

    def added(call):
        net.zero_grad()
        call()
        return to_host(net.dtheta).copy()

    assert len(caches) == len(layer.children)
    results = {"y": (y, h), "y_dot": (layer.jvp(x_dot, caches), h_dot), "dx": (layer.input_grad(dy, caches), dh)}
    results["dx of both"] = layer.backward(dy, caches), dh
    results["dx alone"] = layer.backward(dy, caches, param_grads=False), dh
    for name, (got, expected) in results.items():
        np.testing.assert_array_equal(to_host(got), to_host(expected), err_msg=name)
    np.testing.assert_array_equal(added(lambda: layer.backward(dy, caches)), dtheta)
    np.testing.assert_array_equal(added(lambda: layer.add_param_grads(dy, caches)), dtheta)
    np.testing.assert_array_equal(added(lambda: layer.add_tangent_param_grads(dy, x_dot, caches)), tangent_dtheta)
    for call in (
        lambda: layer.backward(dy, caches, param_grads=False),
        lambda: layer.input_grad(dy, caches),
        lambda: layer.jvp(x_dot, caches),
    ):
        assert not added(call).any()


def test_statistics_of_every_layer_move(normal, rng):
    net = Network([Sequential([BatchNorm(), Tanh(), BatchNorm()])], (3,), rng=rng, dtype="float64", fast=False)
    before = net.stats.copy()
    net.update_stats(net.forward(rng.standard_normal((5, 3)), train=True)[1])
    assert (net.stats != before).all()


@pytest.mark.parametrize(
    ("layers", "first"),
    [
        ([Tanh(), Flatten(), Dense(3), Dense(2)], 2),
        ([Conv2D(2, 3), Flatten(), Dense(2)], 0),
        ([Flatten(), Tanh()], None),
    ],
)
def test_parameter_gradients_alone_walk_back_as_far_as_the_first_weights(layers, first, rng, monkeypatch):
    net = Network([Sequential(layers)], SHAPE, rng=rng, dtype="float64", fast=False)
    [layer], asked = net.layers, []

    def spy(i, name, call):
        def noted(*args):
            asked.append((i, name))
            return call(*args)

        return noted

    for i, each in enumerate(layer.children):
        for name in ("input_grad", "add_param_grads"):
            monkeypatch.setattr(each, name, spy(i, name, getattr(each, name)))
    y, caches = layer.forward(rng.standard_normal((4, 4, 3, 2)), train=True)
    assert layer.add_param_grads(y, caches) is None
    expected = {(i, name) for i in range(len(layers)) for name in ("input_grad", "add_param_grads")}
    end = len(layers) if first is None else first
    assert set(asked) == {(i, name) for i, name in expected if i > end or (i, name) == (first, "add_param_grads")}


@pytest.mark.parametrize(
    ("layers", "linear", "couples", "learns"),
    [
        ([Dense(2), LeakyReLU(negative_slope=0.2)], True, False, True),
        ([LeakyReLU(negative_slope=0.2), Tanh()], False, False, False),
        ([Tanh(), LeakyReLU(negative_slope=0.2)], False, False, False),
        ([Tanh(), MinibatchStd()], False, True, False),
        ([BatchNorm(), Tanh()], False, True, True),
        ([Sequential([Dense(2)])], True, False, True),
    ],
)
def test_what_holds_of_all_layers_and_of_any(layers, linear, couples, learns):
    layer = Sequential(layers)
    assert (layer.piecewise_linear, layer.couples_samples, has_params(layer)) == (linear, couples, learns)


def test_sizes():
    layer = Sequential([Conv2D(3, 3, stride=2), Flatten(), Dense(5)])
    assert layer.build(SHAPE) == (5,)
    assert layer.shapes == [(2, 2, 3), (12,), (5,)]


def test_refuses(rng):
    for none in ([], ()):
        with pytest.raises(InputError, match=r"^layers: expected at least one layer, got none$"):
            Sequential(none)
    inner = Sequential([Flatten(), Dense(2), Flatten()])
    with pytest.raises(
        InputError, match=r"^layer 1: layer 2: Flatten: expected an input of shape \(H, W, C\), got \(2,\)$"
    ):
        Network([Conv2D(1, 3), inner], SHAPE, rng=rng)


def test_refuses_caches_of_another_row(rng):
    _, layer = row(rng)
    y, caches = layer.forward(np.zeros((4, 4, 3, 2)), train=False)
    for call in (layer.backward, layer.input_grad):
        with pytest.raises(ValueError, match="zip"):
            call(y, caches[1:])


def test_repr():
    assert repr(Sequential([Dense(3), Tanh()])) == "Sequential([Dense(3), Tanh()])"
