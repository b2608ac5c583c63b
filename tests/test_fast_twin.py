"""The twins of single layers (dense, batch norm, LeakyReLU) are the plain ones on any number of threads."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast import threads as parallel
from minigan.fast.activations import FastLeakyReLU, FastRescaling, FastTanh
from minigan.fast.batch_norm import FastBatchNorm
from minigan.fast.dense import FastDense
from minigan.fast.threads import threads
from minigan.fast.twin import LinearTwin, Twin
from minigan.layers import BatchNorm, Conv2D, Dense, Dropout, LeakyReLU, ReLU, Rescaling, Tanh
from minigan.network import Network

SINGLES = [
    pytest.param(*case, id=f"{case[0]} {case[1]}")
    for case in [
        (Dense(30), (20,), FastDense),
        (Dense(1), (20,), FastDense),
        (Dense(20, use_bias=False), (1,), FastDense),
        (BatchNorm(), (5,), FastBatchNorm),
        (BatchNorm(eps=9e-3), (4, 3, 5), FastBatchNorm),
        (LeakyReLU(negative_slope=0.2), (4, 3, 5), FastLeakyReLU),
        (LeakyReLU(negative_slope=0), (7,), FastLeakyReLU),
        (ReLU(), (4, 3, 5), FastLeakyReLU),
        (Tanh(), (4, 3, 5), FastTanh),
        (Rescaling(scale=0.5, offset=2.0), (4, 3, 5), FastRescaling),
    ]
]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("layer", "shape", "twin"), SINGLES)
def test_everything_that_a_layer_computes(layer, shape, twin, count, device, normal, rng, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_TASK_FLOPS", 1 << 6)
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        fast = Network([layer], shape, rng=rng, dtype=dtype, device=device)
        fast.theta[...] = normal(fast.theta.size, dtype=dtype)
        fast.stats[...] = 0.5 + normal(fast.stats.size, dtype=dtype) ** 2
        nets = fast.copy(fast=False), fast
        assert [type(net.computed[0]) for net in nets] == [type(layer), twin]
        x, x_dot = (normal(*shape[:-1], 16, shape[-1], dtype=dtype) for _ in range(2))
        dy = normal(*fast.output_shape[:-1], 16, fast.output_shape[-1], dtype=dtype)
        for train in (True, False):
            results = []
            for net in nets:
                with threads(count, device=device):
                    [computed], (y, caches) = net.computed, net.forward(x, train=train)
                    net.zero_grad()
                    arrays = [y, net.backward(dy, caches), net.dtheta.copy(), net.jvp(x_dot, caches)]
                    arrays += [computed.input_grad(dy, caches.layers[0]), net.backward(dy, caches, param_grads=False)]
                    net.zero_grad()
                    computed.add_param_grads(dy, caches.layers[0])
                    arrays.append(net.dtheta.copy())
                    computed.add_tangent_param_grads(dy, x_dot, caches.layers[0])
                    net.update_stats(caches)
                results.append([*arrays, net.dtheta.copy(), net.stats.copy()])
            for expected, got in zip(*results, strict=True):
                assert got.dtype == dtype
                scale = 1 + abs(to_host(expected)).max(initial=0)
                np.testing.assert_allclose(to_host(got), to_host(expected), rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize(
    ("layers", "params", "linear", "couples", "text"),
    [
        (
            [Dense(2), BatchNorm()],
            ("w", "b", "gamma", "beta"),
            False,
            True,
            "Dense(2) + BatchNorm(decay=0.9, eps=1e-05)",
        ),
        ([ReLU(), Dropout(rate=0.5)], (), True, False, "ReLU() + Dropout(rate=0.5)"),
        ([Dense(1, use_bias=False)], ("w",), True, False, "Dense(1, use_bias=False)"),
    ],
)
def test_a_twin_has_the_properties_of_what_it_wraps(layers, params, linear, couples, text):
    class Pair(Twin):
        forward = input_grad = jvp = None

    twin = Pair(*layers)
    assert twin.originals == tuple(layers)
    assert (twin.params, twin.piecewise_linear, twin.couples_samples, repr(twin)) == (params, linear, couples, text)


def test_a_linear_twin_has_the_arrays_of_its_layer(rng):
    for layer, shape in ((Dense(3), (2,)), (Conv2D(3, 3), (4, 4, 2))):
        net = Network([layer], shape, rng=rng)
        [plain], [twin] = net.layers, net.computed
        assert isinstance(twin, LinearTwin)
        assert twin.w is plain.w
        assert twin.dw is plain.dw
        assert twin.layer is plain


@pytest.mark.parametrize(("layer", "shape"), [(Dense(3), (4,)), (Conv2D(3, 2), (5, 4, 2)), (Dense(3), None)])
def test_long_halves_are_handed_over_and_short_ones_are_not(layer, shape, rng, monkeypatch):
    """Rows of y times weights: that is what dw costs, or dx."""
    layers = [layer] if shape else [layer, ReLU()]
    net = Network(layers, shape or (4,), rng=rng)
    [twin] = net.computed
    assert isinstance(twin, LinearTwin)
    x = np.ones((*net.input_shape[:-1], 5, net.input_shape[-1]), dtype=np.float32)
    y, caches = net.forward(x, train=True)
    seen = []

    def later(tasks):
        seen.append(len(tasks))
        for task in tasks:
            task()

    least = y.size // 3 * net.layers[0].w.size
    for limit, handed in ((least, 1), (least + 1, 0)):
        monkeypatch.setattr("minigan.fast.twin.LEAST", limit)
        for compute in (twin.backward, twin.add_param_grads):
            net.zero_grad()
            compute(y, caches.layers[0], later=later)
            assert len(seen) == handed
            seen.clear()
            assert abs(net.dtheta).max() > 0
        expected = twin.backward(y, caches.layers[0])
        np.testing.assert_array_equal(net.backward(y, caches, param_grads=False), expected)
        np.testing.assert_array_equal(twin.input_grad(y, caches.layers[0]), expected)
