"""The door of the fast floor: which layers have twins, and that a twin computes what it wraps."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast.twin import Twin
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    LeakyReLU,
    ReLU,
    SpectralNorm,
    Tanh,
)
from minigan.layers.cases import LAYER_CASES
from minigan.network import Network


def test_which_neighbours_are_fused(rng):
    layers = [
        Flatten(), BatchNorm(), LeakyReLU(negative_slope=0.2), Dropout(rate=0.5), Dense(3), ReLU(), Dropout(rate=0.5),
        BatchNorm(), Tanh(), BatchNorm(), BatchNorm(), ReLU(), ReLU(), LeakyReLU(negative_slope=0.1),
    ]  # fmt: skip
    net = Network(layers, (2, 2, 3), rng=rng)
    names = (
        "Flatten BatchNormLeakyReLU Dropout FastDense LeakyReLUDropout FastBatchNorm FastTanh "
        "FastBatchNorm BatchNormLeakyReLU FastLeakyReLU FastLeakyReLU"
    )
    assert [type(unit).__name__ for unit in net.computed] == names.split()
    assert [type(layer) for layer in net.layers] == [type(layer) for layer in layers]
    assert net.computed[1].norm is net.layers[1]


def test_the_twins_of_children(rng):
    net = Network(
        [DiscriminatorEnsemble([[SpectralNorm(Dense(3)), LeakyReLU(negative_slope=0.2)], [Dense(1)]])], (4,), rng=rng
    )
    first, second = net.computed[0].children
    assert [type(each).__name__ for each in first.walk()] == [
        "FastDense",
        "SpectralNorm",
        "FastLeakyReLU",
        "Sequential",
    ]
    assert [type(each).__name__ for each in second.walk()] == ["FastDense", "Sequential"]
    assert type(net.layers[0].children[0].children[0].layer) is Dense
    assert first.children[0].u is net.layers[0].children[0].children[0].u


def test_a_subclass_stays_what_it_is(rng):
    class Doubled(Dense):
        def forward(self, x, *, train, rng=None):
            y, cache = super().forward(x, train=train)
            return 2 * y, cache

    net = Network([Doubled(3), LeakyReLU(negative_slope=0.1)], (4,), rng=rng)
    assert net.computed[0] is net.layers[0]


def test_without_fast_the_layers_themselves_compute(rng):
    net = Network([Dense(3), BatchNorm(), ReLU()], (4,), rng=rng, fast=False)
    assert net.computed == net.layers
    assert not any(isinstance(layer, Twin) for layer in net.computed)
    assert net.copy(fast=True).computed[0].originals[0] is not net.layers[0]


def test_the_summary_says_how_each_layer_is_computed(rng):
    layers = [Conv2D(8, 3), BatchNorm(), ReLU(), Flatten(), SpectralNorm(Dense(1)), Tanh()]
    words = ["im2col", "fused with the next", "fused with the one before", "plain", "threads", "in place"]
    rows = Network(layers, (6, 6, 1), rng=rng).summary().splitlines()[3:9]
    assert all(row.endswith(word) for row, word in zip(rows, words, strict=True))
    assert all(
        row.endswith("plain") for row in Network(layers, (6, 6, 1), rng=rng, fast=False).summary().splitlines()[3:9]
    )


def everything(net, x, dy, x_dot, train):
    """Whatever a pass computes."""
    y, caches = net.forward(x, train=train, rng=np.random.default_rng(5))
    net.zero_grad()
    dx = net.backward(dy, caches)
    both = net.dtheta.copy()
    net.zero_grad()
    net.add_param_grads(dy, caches)
    results = {"y": y, "dx": dx, "dtheta": both, "param grads alone": net.dtheta.copy()}
    results |= {"y_dot": net.jvp(x_dot, caches), "dx alone": net.backward(dy, caches, param_grads=False)}
    if all(layer.piecewise_linear for layer in net.layers):
        net.zero_grad()
        net.add_tangent_grads(x_dot, dy, caches)
        results["tangent grads"] = net.dtheta.copy()
    net.update_stats(caches)
    return {**results, "stats": net.stats.copy()}


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_both_floors_agree_on_every_layer(case, dtype, tolerance, train, normal, device):
    fast = Network(case.make(), case.input_shape, rng=np.random.default_rng(0), dtype=dtype, device=device)
    fast.theta += 0.1 * normal(fast.theta.size, dtype=dtype)
    fast.stats += 0.3 * normal(fast.stats.size, dtype=dtype) ** 2
    plain = fast.copy(fast=False)
    x, x_dot = (normal(*fast.input_shape[:-1], 4, fast.input_shape[-1], dtype=dtype) for _ in range(2))
    dy = normal(*fast.forward(x, train=train, rng=np.random.default_rng(5))[0].shape, dtype=dtype)
    expected = everything(plain, x, dy, x_dot, train)
    for name, got in everything(fast, x, dy, x_dot, train).items():
        want = to_host(expected[name])
        assert got.dtype == dtype
        np.testing.assert_allclose(
            to_host(got), want, rtol=tolerance, atol=tolerance * (1 + abs(want).max(initial=0)), err_msg=name
        )
