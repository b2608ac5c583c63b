"""Initial weights: spread and limits as their papers say, and the fans that each layer hands over."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.layers import Constant, Conv2D, Conv2DTranspose, Dense, glorot_uniform, he_normal, normal, ones
from minigan.network import Network

SHAPE = (100, 200)
N = 20_000

# layer, input shape, shape of w, fan in, fan out
FANS = [
    pytest.param(lambda i: Dense(7, initializer=i), (5,), (5, 7), 5, 7, id="dense"),
    pytest.param(lambda i: Conv2D(7, 3, initializer=i), (4, 4, 5), (3, 3, 5, 7), 45, 63, id="conv"),
    pytest.param(lambda i: Conv2D(7, (2, 3), initializer=i), (4, 4, 1), (2, 3, 1, 7), 6, 42, id="conv 2x3"),
    pytest.param(lambda i: Conv2DTranspose(7, 3, initializer=i), (4, 4, 5), (3, 3, 7, 5), 45, 63, id="transposed"),
]


def check_moments(w, mean, std, kurtosis):
    """Mean and standard deviation within five sigma; ``kurtosis`` E[w^4] / std^4 gives the sigma of the latter."""
    assert abs(w.mean() - mean) < 5 * std / w.size**0.5
    assert abs(w.std() - std) < 5 * std * ((kurtosis - 1) / 4 / w.size) ** 0.5


@pytest.mark.parametrize("std", [0.02, 1.0])
def test_normal(std, rng):
    w = normal(std)(rng, SHAPE, 100, 200)
    assert w.shape == SHAPE
    check_moments(w, 0, std, kurtosis=3)
    assert np.abs(w).max() > 3.2 * std  # tails: not cut off


def test_normal_ignores_the_fans(rng):
    first, second = (normal(0.5)(np.random.default_rng(0), SHAPE, *fans) for fans in ((1, 1), (900, 3)))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(100, 200), (9, 576), (784, 1)])
def test_glorot_uniform(fan_in, fan_out, rng):
    w = glorot_uniform(rng, SHAPE, fan_in, fan_out)
    limit = (6 / (fan_in + fan_out)) ** 0.5
    check_moments(w, 0, (2 / (fan_in + fan_out)) ** 0.5, kurtosis=1.8)
    assert np.abs(w).max() <= limit
    assert w.max() > limit * (1 - 20 / N)
    assert w.min() < -limit * (1 - 20 / N)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(100, 200), (9, 576), (784, 1)])
def test_he_normal(fan_in, fan_out, rng):
    check_moments(he_normal(rng, SHAPE, fan_in, fan_out), 0, (2 / fan_in) ** 0.5, kurtosis=3)


def test_he_normal_keeps_the_variance_through_relu_layers():
    """What it is for: E[y^2] of pre-activations stays put over ten wide ReLU layers."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 300))
    sizes = []
    for _ in range(10):
        x = np.maximum(x, 0) @ he_normal(rng, (300, 300), 300, 300)
        sizes.append((x**2).mean())
    assert 0.4 < min(sizes) < max(sizes) < 2.5


@pytest.mark.parametrize(("make", "input_shape", "w_shape", "fan_in", "fan_out"), FANS)
def test_fans(make, input_shape, w_shape, fan_in, fan_out, rng):
    asked = []

    def spy(rng, shape, *fans):
        asked.append((shape, *fans))
        return np.zeros(shape)

    Network([make(spy)], input_shape, rng=rng)
    assert asked == [(w_shape, fan_in, fan_out)]


@pytest.mark.parametrize("initializer", [glorot_uniform, he_normal, normal(0.02)])
def test_one_seed_gives_one_network_on_every_device(initializer, device):
    def theta(device, seed, dtype="float64"):
        layers = [Conv2D(3, 3, initializer=initializer), Conv2DTranspose(2, 2, initializer=initializer)]
        return to_host(Network(layers, (4, 4, 2), rng=np.random.default_rng(seed), device=device, dtype=dtype).theta)

    np.testing.assert_array_equal(theta(device, 0), theta("cpu", 0))
    np.testing.assert_array_equal(theta(device, 0, "float32"), theta("cpu", 0).astype("float32"))
    assert (theta(device, 0) != theta(device, 1)).any()


@pytest.mark.parametrize(("make", "input_shape", "w_shape", "fan_in", "fan_out"), FANS)
def test_biases_start_at_0(make, input_shape, w_shape, fan_in, fan_out, rng, device):
    net = Network([make(glorot_uniform)], input_shape, rng=rng, device=device)
    layer = net.layers[0]
    net.theta[...] = 1
    layer.initialize(rng)
    assert to_host(layer.b).tolist() == [0] * 7
    assert (to_host(layer.w) != 1).all()


def test_ones():
    net = Network([Dense(2, initializer=ones)], (3,), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(net.theta, [1] * 6 + [0] * 2)


@pytest.mark.parametrize("initializer", [glorot_uniform, he_normal, normal(0.5)])
def test_values_of_one_seed(initializer):
    """The very numbers of the host's generator, stretched."""
    w, rng = initializer(np.random.default_rng(7), (3, 4), 6, 18), np.random.default_rng(7)
    expected = {
        glorot_uniform: lambda: (2 * rng.random((3, 4)) - 1) * 0.5,  # sqrt(6 / 24)
        he_normal: lambda: rng.standard_normal((3, 4)) / 3**0.5,
    }.get(initializer, lambda: rng.standard_normal((3, 4)) / 2)
    np.testing.assert_allclose(w, expected(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "default"),
    [
        (lambda **i: Dense(7, **i), glorot_uniform),
        (lambda **i: Conv2D(7, 3, **i), glorot_uniform),
        (lambda **i: Conv2DTranspose(7, 3, **i), glorot_uniform),
        (lambda **i: Constant(7, **i), normal(1.0)),
    ],
    ids=["dense", "conv", "transposed", "constant"],
)
def test_defaults(make, default):
    shape = (4, 4, 5) if "Conv" in repr(make()) else (5,)
    nets = [Network([make(**i)], shape, rng=np.random.default_rng(0)) for i in ({}, {"initializer": default})]
    np.testing.assert_array_equal(nets[0].theta, nets[1].theta)
    assert np.abs(nets[0].theta[:7]).min() > 0
