"""Hidden features: the outputs of the layers inside a network, pooled, whatever computes them."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.datasets import mnist_5k
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    GaussianNoise,
    LeakyReLU,
    MinibatchStd,
    PackSamples,
    RandomShift,
    ReLU,
    Rescaling,
    Tanh,
)
from minigan.metrics.hidden_features import flatten, hidden_features, pool
from minigan.models import build_networks
from minigan.network import Network

DIGITS = mnist_5k().images[:12]


def network(layers, *, device="cpu", fast=True, shape=(28, 28, 1)):
    return Network(layers, shape, rng=np.random.default_rng(0), device=device, fast=fast)


def convolutional():
    return [
        Rescaling(offset=1),
        Conv2D(3, 4, stride=2),
        LeakyReLU(negative_slope=0.2),
        Conv2D(5, 4, stride=2),
        BatchNorm(),
        ReLU(),
        Dropout(rate=0.5),
        Flatten(),
        Dense(7),
        Tanh(),
        Dense(1),
    ]


@pytest.mark.parametrize("fast", [False, True])
def test_equal_the_outputs_of_the_layers(device, fast):
    net = network(convolutional(), device=device, fast=fast)
    net.stats += 0.3
    x = DIGITS[..., None] / np.float32(127.5) - 1
    expected = []
    plain = net.copy(device="cpu", fast=False)
    y = x.transpose(1, 2, 0, 3)
    for layer in plain.layers:
        y, _ = layer.forward(y, train=False)
        if isinstance(layer, (LeakyReLU, Tanh)):
            expected.append(y.copy())
    found = hidden_features(net, DIGITS)
    assert [each.shape for each in found] == [(12, 4 * 4 * 3), (12, 4 * 4 * 5), (12, 7)]
    for each, want in zip(found, expected, strict=True):
        assert each.dtype == np.float32
        np.testing.assert_allclose(to_host(each), flatten(pool(want, 4)), rtol=0, atol=1e-5)


def test_chunks_and_forms_of_images():
    net = network(convolutional())
    many = np.tile(DIGITS, (50, 1, 1))  # 600, more than are taken at once
    for whole, first in zip(hidden_features(net, many), hidden_features(net, DIGITS), strict=True):
        np.testing.assert_allclose(whole[-12:], first, rtol=0, atol=1e-5)
    floating = DIGITS[..., None] / np.float32(127.5) - 1
    before = floating.copy()
    for a, b in zip(hidden_features(net, floating), hidden_features(net, DIGITS), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(floating, before)


def test_noise_and_shifts_are_off():
    net = network([RandomShift(2), GaussianNoise(std=1.0), Flatten(), Dense(4), ReLU(), Dense(1)])
    (first,), (again,) = hidden_features(net, DIGITS), hidden_features(net, DIGITS)
    np.testing.assert_array_equal(first, again)


def test_members_of_an_ensemble_stand_side_by_side():
    stack = [Flatten(), Dense(4), ReLU(), Dense(3), ReLU(), Dense(1)]
    both = network([Rescaling(offset=1), DiscriminatorEnsemble([stack, stack])])
    found = hidden_features(both, DIGITS)
    assert [each.shape for each in found] == [(12, 8), (12, 6)]
    assert not np.allclose(found[0][:, :4], found[0][:, 4:])


def test_discriminators_of_the_models():
    for options, shapes in (({}, [(512,), (256,)]), ({"discriminators": 3, "spectral_norm": True}, [(1536,), (768,)])):
        _, d = build_networks("mlp", (28, 28, 1), rng=np.random.default_rng(0), **options)
        assert [each.shape[1:] for each in hidden_features(d, DIGITS)] == shapes


def test_pool_keeps_the_maximum_of_each_window(rng):
    x = rng.standard_normal((7, 14, 2, 3))
    found = pool(x, 4)
    rows, columns = ((0, 2), (1, 4), (3, 6), (5, 7)), ((0, 4), (3, 7), (7, 11), (10, 14))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            np.testing.assert_array_equal(found[i, j], x[top:bottom, left:right].max(axis=(0, 1)))
    for small in (x[:4, :3], rng.standard_normal((5, 9))):
        assert pool(small, 4) is small


def test_flatten_keeps_samples_apart(rng):
    x = rng.standard_normal((2, 3, 4, 5))
    np.testing.assert_array_equal(flatten(x)[1], x[:, :, 1].reshape(-1))


@pytest.mark.parametrize("layer", [PackSamples(2), MinibatchStd()])
def test_refuses_a_network_that_compares_images(layer):
    net = network([Flatten(), layer, Dense(4), ReLU(), Dense(1)])
    with pytest.raises(InputError, match=f"judges each image alone, got one with {type(layer).__name__}"):
        hidden_features(net, DIGITS)


def test_refuses_a_network_without_hidden_layers():
    with pytest.raises(InputError, match="network: expected a hidden layer with an activation, got none"):
        hidden_features(network([Flatten(), Dense(1)]), DIGITS)
    with pytest.raises(InputError, match="grid: expected an integer of at least 1, got 0"):
        hidden_features(network(convolutional()), DIGITS, grid=0)
