"""Instance noise: of the right size, new in every pass, none in eval, and nothing for the gradient."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.layers import GaussianNoise


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise(dtype, device, normal, rng):
    layer, x = GaussianNoise(std=0.3), normal(20, 20, 50, 1, dtype=dtype)
    (first, _), (second, _) = (layer.forward(x, train=True, rng=rng) for _ in range(2))
    assert first.dtype == dtype
    noise = to_host(first - x)
    assert noise.std() == pytest.approx(0.3, rel=0.02)
    assert abs(noise.mean()) < 0.01
    assert abs(np.corrcoef(noise.ravel(), to_host(second - x).ravel())[0, 1]) < 0.05
    again, _ = layer.forward(x, train=True, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(
        to_host(again), to_host(layer.forward(x, train=True, rng=np.random.default_rng(3))[0])
    )


def test_none_in_eval_nor_at_0(device, normal, rng):
    x = normal(4, 3)
    for layer, train in ((GaussianNoise(std=0.3), False), (GaussianNoise(std=0), True)):
        y, _ = layer.forward(x, train=train)
        np.testing.assert_array_equal(to_host(y), to_host(x))


def test_the_gradient_passes(device, normal, rng):
    layer, x, dy = GaussianNoise(std=2), normal(4, 3), normal(4, 3)
    _, cache = layer.forward(x, train=True, rng=rng)
    np.testing.assert_array_equal(to_host(layer.input_grad(dy, cache)), to_host(dy))


def test_refuses():
    with pytest.raises(InputError, match=r"std: expected a number of at least 0, got -0.1"):
        GaussianNoise(std=-0.1)
    with pytest.raises(InputError, match="rng: GaussianNoise in training draws"):
        GaussianNoise(std=1).forward(np.ones((2, 2)), train=True)
