"""The stack of a network gives the same gradients as its layers one by one, on any number of threads."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast import Stack, twin
from minigan.fast.threads import threads
from minigan.layers import BatchNorm, Conv2D, Dense, DiscriminatorEnsemble, Flatten, LeakyReLU, ReLU, SpectralNorm
from minigan.layers.sequential import Sequential
from minigan.network import Network

NETWORKS = {
    "dense": ([Dense(30), ReLU(), Dense(20), BatchNorm(), ReLU(), Dense(1)], (7,)),
    "images": ([Conv2D(6, 3), BatchNorm(), LeakyReLU(negative_slope=0.2), Flatten(), Dense(5)], (8, 8, 2)),
    "first without parameters": ([Flatten(), Dense(9), ReLU(), SpectralNorm(Dense(2))], (4, 4, 1)),
    "an ensemble": ([DiscriminatorEnsemble([[Dense(9), ReLU(), Dense(1)]] * 2)], (5,)),
    "no parameters": ([ReLU(), Flatten()], (3, 3, 2)),
}


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradients_are_those_of_the_layers_one_by_one(name, count, normal, rng, device, monkeypatch):
    monkeypatch.setattr(twin, "LEAST", 1)
    layers, shape = NETWORKS[name]
    net = Network(layers, shape, rng=rng, dtype="float64", device=device)
    net.theta[...] = 0.3 * normal(net.theta.size)
    assert type(net._stack) is Stack
    x = normal(*shape[:-1], 6, shape[-1])
    y, caches = net.forward(x, train=True)
    dy = normal(*y.shape)
    net.zero_grad()
    dx = Sequential(net.computed).backward(dy, caches.layers)
    expected = dx, net.dtheta.copy()
    with threads(count, device=device):
        net.zero_grad()
        got = net.backward(dy, caches), net.dtheta.copy()
        net.zero_grad()
        net.add_param_grads(dy, caches)
        alone = net.dtheta.copy()
        dx_alone = net.backward(dy, caches, param_grads=False)
    for a, b in zip((*got, alone, dx_alone), (*expected, expected[1], dx), strict=True):
        np.testing.assert_array_equal(to_host(a), to_host(b))
    np.testing.assert_array_equal(to_host(net.dtheta), to_host(alone))


def test_no_dx_for_the_first_layer_with_parameters(rng, monkeypatch):
    net = Network([Flatten(), Dense(3), ReLU(), Dense(2)], (2, 2, 1), rng=rng)
    y, caches = net.forward(np.ones((2, 2, 5, 1), dtype=np.float32), train=True)
    first, second = net.computed[1:]
    asked = []
    for layer in (first, second):
        halves = layer.halves

        def watched(dy, cache, layer=layer, halves=halves):
            input_grad, tasks = halves(dy, cache)
            return lambda: (asked.append(layer), input_grad())[1], tasks

        monkeypatch.setattr(layer, "halves", watched)
    net.add_param_grads(y, caches)
    assert asked == [second]
