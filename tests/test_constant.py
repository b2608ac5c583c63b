"""Constant: one learned vector for every sample, whatever the input."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.layers import Constant, ones
from minigan.network import Network


@pytest.mark.parametrize("shape", [(1,), (3,)])
def test_values_and_gradients(shape, device, normal, rng):
    net = Network([Constant(2)], shape, rng=rng, dtype="float64", device=device)
    net.theta[...] = normal(2)
    x, dy = normal(4, *shape), normal(4, 2)
    y, caches = net.forward(x, train=True)
    np.testing.assert_array_equal(to_host(y), [to_host(net.theta)] * 4)
    dx = net.backward(dy, caches)
    assert dx.shape == x.shape
    assert not to_host(dx).any()
    np.testing.assert_allclose(to_host(net.dtheta), [sum(column) for column in to_host(dy).T], rtol=1e-12)
    y_dot = net.jvp(x, caches)
    assert y_dot.shape == (4, 2)
    assert not to_host(y_dot).any()


def test_it_is_piecewise_linear_and_its_tangent_has_no_gradient(device, normal, rng):
    net = Network([Constant(2)], (3,), rng=rng, dtype="float64", device=device)
    net.add_tangent_grads(normal(4, 3), normal(4, 2), net.forward(normal(4, 3), train=True)[1])
    assert not to_host(net.dtheta).any()


def test_the_initializer_gets_its_shape_and_fans(rng):
    asked = []

    def spy(rng, shape, *fans):
        asked.append((shape, *fans))
        return ones(rng, shape, *fans)

    net = Network([Constant(3, initializer=spy)], (5,), rng=rng)
    assert asked == [((3,), 1, 3)]
    np.testing.assert_array_equal(net.layers[0].b, np.ones(3))


@pytest.mark.parametrize("units", [0, -1, 2.0, True])
def test_refuses_units(units):
    with pytest.raises(InputError, match="units: expected an integer of at least 1"):
        Constant(units)


def test_repr():
    assert repr(Constant(3)) == "Constant(3)"
