"""Weights from PyTorch: there and back changes no bit, and nothing is written unless everything fits."""

import io

import numpy as np
import pytest

from minigan import layers as L
from minigan.backend import to_host
from minigan.errors import InputError, StaleCacheError
from minigan.exchange import from_torch, to_torch
from minigan.exchange.to_torch import to_nchw
from minigan.layers.cases import LAYER_CASES
from minigan.models import MODELS, build_networks
from minigan.network import Network

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.parity


def there_and_back(net, rng):
    """A network with other weights that took those of `net` through a file of PyTorch."""
    net.theta[...] = rng.standard_normal(net.theta.size)
    net.stats[...] = rng.uniform(0.5, 2, net.stats.size)
    file = io.BytesIO()
    torch.save(to_torch(net).state_dict(), file)
    file.seek(0)
    other = net.copy()
    other.theta[...] = other.stats[...] = 7
    from_torch(other, torch.load(file, weights_only=True))
    return other


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_every_layer_comes_back(case, dtype, rng):
    net = Network(case.make(), case.input_shape, rng=rng, dtype=dtype)
    other = there_and_back(net, rng)
    np.testing.assert_array_equal(other.theta, net.theta)
    np.testing.assert_array_equal(other.stats, net.stats)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_comes_back(model, rng):
    for net in build_networks(model, MODELS[model].example_shape(8), rng=rng):
        other = there_and_back(net, rng)
        np.testing.assert_array_equal(other.theta, net.theta)
        np.testing.assert_array_equal(other.stats, net.stats)


def test_what_pytorch_trained(rng):
    """After steps in PyTorch the network computes what its twin computes."""
    layers = [
        L.Conv2D(4, 4, stride=2),
        L.BatchNorm(decay=0.5),
        L.LeakyReLU(negative_slope=0.2),
        L.Flatten(),
        L.Dense(1),
    ]
    net = Network(layers, (6, 5, 2), rng=rng, dtype="float64")
    twin, x = to_torch(net), rng.standard_normal((6, 5, 8, 2))
    weights = list(twin.parameters())
    for _ in range(3):
        slopes = torch.autograd.grad(twin(to_nchw(x)).square().mean(), weights)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes, strict=True):
                weight -= 0.1 * slope
    before = net.forward(x, train=False)[0]
    from_torch(net, twin)
    y = net.forward(x, train=False)[0]
    np.testing.assert_allclose(y, twin.eval()(to_nchw(x)).detach().numpy(), rtol=1e-12, atol=1e-12)
    assert abs(y - before).max() > 0.01


def test_on_every_device(device):
    draws = (np.random.default_rng(seed) for seed in (0, 1))
    net, other = (Network([L.SpectralNorm(L.Conv2D(2, 3))], (4, 4, 1), rng=own, device=device) for own in draws)
    from_torch(other, to_torch(net))
    np.testing.assert_array_equal(to_host(other.theta), to_host(net.theta))


def test_an_older_pass_is_refused(rng):
    net = Network([L.Dense(1)], (3,), rng=rng)
    y, caches = net.forward(np.ones((2, 3), dtype=np.float32), train=True)
    from_torch(net, to_torch(net))
    with pytest.raises(StaleCacheError):
        net.backward(y, caches)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("1.bias"), r"source: expected float32 \(2,\) for '1.bias', got none"),
        (lambda state: state.update({"9.weight": state["1.bias"]}), "of this network, got '9.weight' besides"),
        (lambda state: state.update({3: 4}), "of this network, got 3 besides"),
        (lambda state: state.update({"1.bias": torch.ones(3)}), r"float32 \(2,\) for '1.bias', got float32 \(3,\)"),
        (lambda state: state.update({"1.bias": torch.ones(2).double()}), r"for '1.bias', got float64 \(2,\)"),
        (lambda state: state.update({"1.bias": np.ones(2)}), r"for '1.bias', got float64 \(2,\)"),
        (lambda state: state.update({"1.bias": "1"}), "for '1.bias', got '1'"),
    ],
)
def test_what_does_not_fit(change, message, rng):
    net = Network([L.Dense(3), L.Dense(2)], (4,), rng=rng)
    state = to_torch(Network([L.Dense(3), L.Dense(2)], (4,), rng=rng)).state_dict()
    change(state)
    before = net.theta.copy()
    with pytest.raises(InputError, match=message):
        from_torch(net, state)
    np.testing.assert_array_equal(net.theta, before)
    assert net.version == 0


def test_something_else(rng):
    with pytest.raises(InputError, match=r"source: expected a module of PyTorch or its state dict, got 'generator.pt'"):
        from_torch(Network([L.Dense(3)], (4,), rng=rng), "generator.pt")
