"""The plan of a network for PyTorch: its tensors are those of the modules, in PyTorch's layouts."""

import numpy as np
import pytest

from minigan import layers as L
from minigan.exchange.torch_plan import make_plan
from minigan.network import Network


def network(rng):
    stack = [L.SpectralNorm(L.Conv2D(4, 3, stride=2)), L.BatchNorm(), L.Flatten(), L.Dense(2, use_bias=False)]
    return Network([L.Rescaling(offset=1), L.DiscriminatorEnsemble([stack, stack])], (6, 5, 3), rng=rng)


def test_names_and_layouts(rng):
    net = network(rng)
    places = dict(make_plan(net).places())
    first = [name for name in places if name.startswith("1.0.")]
    assert first == [
        "1.0.1.parametrizations.weight.original", "1.0.1.parametrizations.weight.0._u", "1.0.1.bias", "1.0.2.weight",
        "1.0.2.bias", "1.0.2.running_mean", "1.0.2.running_var", "1.0.5.weight",
    ]  # fmt: skip
    kernel = places["1.1.1.parametrizations.weight.original"]
    assert kernel.read().shape == (4, 3, 3, 3)
    np.testing.assert_array_equal(kernel.read()[3, 2, 0, 1], kernel.layer.w[0, 1, 2, 3])
    dense = places["1.0.5.weight"]
    np.testing.assert_array_equal(dense.read(), dense.layer.w.T)


def test_arrays_come_to_the_host(device):
    net = Network([L.SpectralNorm(L.Dense(2))], (3,), rng=np.random.default_rng(0), device=device)
    for _, place in make_plan(net).places():
        assert type(place.read()) is np.ndarray


def test_every_array_has_a_place(rng):
    net = network(rng)
    places = [(id(place.layer), place.name) for _, place in make_plan(net).places()]
    expected = [(id(o), name) for layer in net.layers for o in layer.walk() for name in (*o.params, *o.stats)]
    assert sorted(places) == sorted(expected)


@pytest.mark.parity
def test_the_names_are_those_of_the_modules(rng):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from minigan.exchange import to_torch

    net = network(rng)
    theirs = [name for name in to_torch(net).state_dict() if not name.endswith(("num_batches_tracked", "_v"))]
    assert sorted(theirs) == sorted(name for name, _ in make_plan(net).places())
