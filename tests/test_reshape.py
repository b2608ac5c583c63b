"""Flatten and Reshape: which element goes where, and that each is the other's inverse."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_layer
from minigan.layers import Flatten, Reshape
from minigan.network import Network

SHAPES = [(3, 4, 2), (1, 1, 5), (2, 3, 1), (1, 4, 3)]


def network(layers, shape, device):
    return Network(layers, shape, rng=np.random.default_rng(0), dtype="float64", device=device)


def rows_by_loop(x):
    """Element (h, w, c) of sample n stands in row n, column (h W + w) C + c."""
    height, width, n, channels = x.shape
    rows = np.full((n, height * width * channels), np.nan)
    for h, w, i, c in np.ndindex(x.shape):
        rows[i, (h * width + w) * channels + c] = x[h, w, i, c]
    return rows


@pytest.mark.parametrize("shape", SHAPES)
def test_flatten(shape, device, normal):
    net = network([Flatten()], shape, device)
    x = normal(*shape[:2], 3, shape[2])
    y, caches = net.forward(x, train=True)
    assert net.output_shape == (np.prod(shape),)
    np.testing.assert_array_equal(to_host(y), rows_by_loop(to_host(x)))
    np.testing.assert_array_equal(to_host(net.backward(y, caches)), to_host(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_reshape(shape, device, normal):
    net = network([Reshape(shape)], (int(np.prod(shape)),), device)
    x = normal(3, int(np.prod(shape)))
    y, caches = net.forward(x, train=True)
    assert net.output_shape == shape
    assert y.shape == (*shape[:2], 3, shape[2])
    np.testing.assert_array_equal(rows_by_loop(to_host(y)), to_host(x))
    np.testing.assert_array_equal(to_host(net.backward(y, caches)), to_host(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_there_and_back(shape, device, normal):
    net = network([Flatten(), Reshape(shape)], shape, device)
    x, dy = normal(*shape[:2], 3, shape[2]), normal(*shape[:2], 3, shape[2])
    y, caches = net.forward(x, train=True)
    np.testing.assert_array_equal(to_host(y), to_host(x))
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), to_host(dy))
    np.testing.assert_array_equal(to_host(net.jvp(dy, caches)), to_host(dy))


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape, device):
    for layer, input_shape in ((Flatten(), shape), (Reshape(shape), (int(np.prod(shape)),))):
        for check in check_layer(layer, input_shape, device=device):
            assert check.ok, check


def test_flattening_what_reshape_made_copies_nothing(device, normal):
    net = network([Reshape((3, 4, 2)), Flatten()], (24,), device)
    x = normal(5, 24)
    y, _ = net.forward(x, train=True)
    assert get_array_module(x).may_share_memory(x, y)


def test_refuses_inputs(rng):
    with pytest.raises(InputError, match=r"layer 0: Flatten: expected an input of shape \(H, W, C\), got \(4,\)"):
        Network([Flatten()], (4,), rng=rng)
    with pytest.raises(
        InputError, match=r"^layer 0: Reshape\(3, 4, 2\): expected an input of shape \(24,\), got \(23,\)"
    ):
        Network([Reshape((3, 4, 2))], (23,), rng=rng)
    with pytest.raises(InputError, match=r"expected an input of shape \(24,\), got \(3, 4, 2\)"):
        Network([Reshape((3, 4, 2))], (3, 4, 2), rng=rng)


@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 3, 4), ()])
def test_refuses_shapes_that_are_no_image(shape):
    with pytest.raises(InputError, match=r"shape: expected \(H, W, C\), got"):
        Reshape(shape)


@pytest.mark.parametrize("size", [0, -1, 2.0, True])
def test_refuses_sizes(size):
    with pytest.raises(InputError, match="shape: expected an integer of at least 1"):
        Reshape((3, size, 2))


def test_repr():
    assert (repr(Flatten()), repr(Reshape((7, 7, 128)))) == ("Flatten()", "Reshape((7, 7, 128))")
