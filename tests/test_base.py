"""The layer protocol: what a layer has by itself, what it says without a network, and how layers are copied."""

import copy
import math
import pickle

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.errors import UnboundLayerError
from minigan.fast.elementwise import column_sums
from minigan.layers import (
    BatchNorm,
    Constant,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DiscriminatorEnsemble,
    Flatten,
    Layer,
    LeakyReLU,
    Reshape,
    SpectralNorm,
    Tanh,
)
from minigan.layers.base import SymmetricLayer, sum_over_rows
from minigan.layers.sequential import Sequential
from minigan.network import Network

ROWS, IMAGES = np.ones((4, 3)), np.ones((4, 4, 2, 3))
NEEDS_ARRAYS = [  # layer, x, what it misses first
    (Dense(3), ROWS, "w"),
    (Dense(3, use_bias=False), ROWS, "w"),
    (Constant(3), ROWS, "b"),
    (Conv2D(3, 3), IMAGES, "w"),
    (Conv2DTranspose(3, 4, stride=2), IMAGES, "w"),
    (BatchNorm(), ROWS, "gamma"),
    (SpectralNorm(Dense(3)), ROWS, "u"),
    (SpectralNorm(Conv2D(3, 3)), IMAGES, "u"),
]
each_layer = pytest.mark.parametrize(
    ("layer", "x", "missing"), [pytest.param(*case, id=repr(case[0])) for case in NEEDS_ARRAYS]
)


@each_layer
def test_a_layer_alone_says_where_it_belongs(layer, x, missing):
    with pytest.raises(UnboundLayerError) as caught:
        layer.forward(x, train=True)
    assert str(caught.value) == (
        f"{layer!r}: expected a layer in a Network, got a layer alone, without {missing!r}; put it in a Network first"
    )
    with pytest.raises(InputError, match="put it in a Network"):
        layer.initialize(np.random.default_rng(0))
    assert not any(hasattr(layer, prefix + name) for name in layer.params for prefix in ("", "d"))
    assert not any(hasattr(layer, name) for name in layer.stats)


def test_batch_norm_alone_in_eval_misses_its_statistics():
    with pytest.raises(UnboundLayerError, match="got a layer alone, without 'running_mean'; put it in a Network first"):
        BatchNorm().forward(ROWS, train=False)


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda: Dense(3).input_grad(ROWS, ROWS), "w"),
        (lambda: Dense(3).add_param_grads(ROWS, ROWS), "dw"),
        (lambda: Dense(3).jvp(ROWS, ROWS), "w"),
        (lambda: Conv2D(3, 3).add_param_grads(IMAGES, IMAGES), "dw"),
        (lambda: Conv2DTranspose(3, 3).geometry, "geometry"),
        (lambda: BatchNorm().dbeta, "dbeta"),
        (lambda: Flatten().input_grad(np.ones((2, 48)), None), "shape"),
        (lambda: DiscriminatorEnsemble([[Tanh()]]).input_grad(ROWS, [[ROWS]]), "columns"),
    ],
)
def test_so_does_every_other_map(call, missing):
    with pytest.raises(UnboundLayerError, match=f"got a layer alone, without '{missing}'; put it in a Network first"):
        call()


@pytest.mark.parametrize("layer", [DiscriminatorEnsemble([[Dense(2)]]), Sequential([Tanh(), Dense(2)])])
def test_an_array_that_is_missing_inside_is_named_with_its_owner(layer):
    with pytest.raises(
        UnboundLayerError, match=r"^Dense\(2\): expected a layer in a Network, got a layer alone, without 'w';"
    ):
        layer.forward(ROWS, train=True)


def test_layers_without_arrays_work_alone():
    y, cache = LeakyReLU(negative_slope=0.5).forward(-ROWS, train=True)
    np.testing.assert_array_equal(y, -ROWS / 2)
    np.testing.assert_array_equal(LeakyReLU(negative_slope=0.5).backward(ROWS, cache), ROWS / 2)
    reshape = Reshape((1, 1, 3))
    np.testing.assert_array_equal(reshape.backward(reshape.forward(ROWS, train=True)[0], None), ROWS)


def test_the_error_is_of_both_kinds():
    """An ``InputError`` for whoever calls, an ``AttributeError`` so that ``hasattr`` says False."""
    assert issubclass(UnboundLayerError, InputError)
    assert issubclass(UnboundLayerError, AttributeError)


@pytest.mark.parametrize("name", ["weight", "W", "dW", "ddw", "d", "_w", "bias", "ww"])
def test_a_misspelled_attribute_is_an_attribute_error(name, rng):
    for layer in (Dense(3), Network([Dense(3)], (2,), rng=rng).layers[0]):
        with pytest.raises(AttributeError, match=f"^'Dense' object has no attribute '{name}'$") as caught:
            getattr(layer, name)
        assert not isinstance(caught.value, UnboundLayerError)
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'b'"):
        _ = Dense(3, use_bias=False).b


def test_a_network_gives_arrays_to_its_copies_alone(rng):
    layer = Dense(3)
    net = Network([layer], (2,), rng=rng)
    assert hasattr(net.layers[0], "w")
    assert not hasattr(layer, "w")


@pytest.mark.parametrize("layer", [Dense(3), BatchNorm(), SpectralNorm(Dense(2)), DiscriminatorEnsemble([[Dense(1)]])])
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_the_explanation_stands_in_no_copys_way(duplicate, layer):
    assert repr(duplicate(layer)) == repr(layer)
    assert type(duplicate(layer)) is type(layer)


# layers inside layers


def draws():
    return np.random.default_rng(3)


def family():
    return SpectralNorm(Dense(2)), LeakyReLU(negative_slope=0.2)


def test_walk_yields_children_first():
    norm, relu = family()
    row = Sequential([norm, relu])
    assert list(row.walk()) == [norm.children[0], norm, relu, row]
    assert list(relu.walk()) == [relu]


def test_copy_has_the_same_options_and_children_of_its_own():
    row = Sequential(family())
    twin = row.copy()
    assert repr(twin) == repr(row)
    pairs = list(zip(row.walk(), twin.walk(), strict=True))
    assert len(pairs) == 4
    assert all(a is not b and type(a) is type(b) for a, b in pairs)
    twin.children[1].negative_slope = 0.9
    assert row.children[1].negative_slope == 0.2


def test_with_children_keeps_arrays_and_options(rng):
    net = Network([SpectralNorm(Dense(2), eps=1e-3)], (3,), rng=rng, fast=False)
    [layer], other = net.layers, Dense(2, use_bias=False)
    twin = layer.with_children([other])
    assert twin.children == (other,)
    assert layer.children[0] is not other
    assert twin is not layer
    assert (twin.b is layer.b, twin.u is layer.u, twin.eps) == (True, True, 1e-3)


def test_children_are_initialised_and_in_their_order(rng):
    net = Network(
        [Sequential([Dense(2), DiscriminatorEnsemble([[Dense(1)], [Dense(3)]])])], (4,), rng=draws(), fast=False
    )
    again, owners = draws(), [each for each in net.layers[0].walk() if each.params]
    assert [each.units for each in owners] == [2, 1, 3]
    for each in owners:
        w = each.w.copy()
        each.initialize(again)
        np.testing.assert_array_equal(each.w, w)
        assert (w != 0).all()


# what a layer has by itself


class Doubling(SymmetricLayer):
    """The least that a layer must say."""

    def forward(self, x, *, train, rng=None):
        return 2 * x, None

    def input_grad(self, dy, cache):
        return 2 * dy


class Learning(Doubling):
    params = ("w",)
    seen = 0

    def add_param_grads(self, dy, cache):
        self.seen += 1


def test_defaults(rng):
    layer = Doubling()
    assert (layer.params, layer.stats, layer.children) == ((), (), ())
    assert not layer.piecewise_linear
    assert not layer.couples_samples
    assert layer.build((4, 3, 2)) == (4, 3, 2)
    assert layer.initialize(rng) is None
    assert layer.update_stats(None) is layer.add_param_grads(ROWS, None) is None
    assert layer.add_tangent_param_grads(ROWS, ROWS, None) is None
    np.testing.assert_array_equal(layer.jvp(ROWS, None), 2 * ROWS)
    np.testing.assert_array_equal(layer.backward(ROWS, None), 2 * ROWS)
    assert repr(layer) == "Doubling()"


def test_backward_adds_the_gradients_of_the_parameters_unless_told():
    layer = Learning()
    np.testing.assert_array_equal(layer.backward(ROWS, None, param_grads=False), 2 * ROWS)
    assert layer.seen == 0
    np.testing.assert_array_equal(layer.backward(ROWS, None), 2 * ROWS)
    assert layer.seen == 1


@pytest.mark.parametrize("missing", ["forward", "input_grad", "jvp"])
def test_a_layer_must_define_three_maps(missing):
    maps = {name: lambda self: None for name in ("forward", "input_grad", "jvp") if name != missing}
    with pytest.raises(TypeError, match=missing):
        type("Half", (Layer,), maps)()


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 4, 3), (0, 3), (3, 1000, 3), (2048, 3), (2049, 3)])
@pytest.mark.parametrize("total", [sum_over_rows, column_sums], ids=["plain", "fast"])
def test_sum_over_rows(total, shape, device, normal):
    x = normal(*shape)
    expected = [math.fsum(column) for column in to_host(x).reshape(-1, 3).T]
    np.testing.assert_allclose(to_host(total(x)), expected, rtol=1e-12, atol=1e-11)


def test_a_sum_over_many_rows_keeps_its_digits(device, normal):
    """400,007 rows of numbers around 5 in float32; one long sum is off by 4e-6 and more."""
    assert error_of_a_long_sum(sum_over_rows, normal) < 1e-6


def test_so_does_the_fast_sum_on_the_cpu(rng):
    assert error_of_a_long_sum(column_sums, lambda *shape, dtype: rng.standard_normal(shape).astype(dtype)) < 1e-6


def error_of_a_long_sum(total, normal):
    x = 5 + normal(400_007, 2, dtype="float32")
    expected = to_host(x).sum(axis=0, dtype="float64")
    return abs(to_host(total(x)) / expected - 1).max()
