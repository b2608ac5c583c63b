"""Rescaling: values, gradients, and arguments."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.gradient_check import check_layer
from minigan.layers import Rescaling
from minigan.models import build_networks
from minigan.network import Network


@pytest.mark.parametrize(("scale", "offset"), [(1, 1), (0.5, 0.5), (-2, 0), (0, 3)])
@pytest.mark.parametrize("shape", [(5,), (3, 4, 2)])
def test_value_and_gradients(shape, scale, offset, device, normal, rng):
    net = Network([Rescaling(scale=scale, offset=offset)], shape, rng=rng, dtype="float64", device=device)
    x = normal(*shape[:-1], 4, shape[-1])
    y, _ = net.forward(x, train=True)
    np.testing.assert_allclose(to_host(y), scale * to_host(x) + offset, rtol=1e-15)
    for check in check_layer(Rescaling(scale=scale, offset=offset), shape, device=device):
        assert check.ok, check


@pytest.mark.parametrize("model", ["mlp", "hybrid"])
def test_black_pixels_send_no_gradient_to_the_dense_discriminator(model, rng):
    """What it is there for: on a black image the first weights of D have gradient 0."""
    _, d = build_networks(model, (8, 8, 1), rng=rng)
    logits, caches = d.forward(np.full((8, 8, 3, 1), -1, dtype=np.float32), train=True)
    d.backward(np.ones_like(logits), caches)
    first = next(layer for layer in d.layers if layer.params)
    assert not first.dw.any()
    assert first.db.any()


@pytest.mark.parametrize("name", ["scale", "offset"])
@pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf")])
def test_refuses(name, value):
    with pytest.raises(InputError, match=f"{name}: expected a finite number"):
        Rescaling(**{name: value})


def test_repr_and_defaults():
    assert repr(Rescaling()) == "Rescaling(scale=1, offset=0)"
    assert repr(Rescaling(scale=0.5, offset=-2)) == "Rescaling(scale=0.5, offset=-2)"


def test_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        Rescaling(1, 1)
