"""Instance noise: of the right size, new in every pass, none in eval, and nothing for the gradient."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.layers import DiscriminatorEnsemble, GaussianNoise
from minigan.network import Network


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


def test_the_std_may_be_lowered_as_training_goes_on(device, normal, rng):
    """Between two steps, in the layer itself or in a member of an ensemble."""
    net = Network([GaussianNoise(std=1), DiscriminatorEnsemble([[GaussianNoise(std=1)]])], (3,), rng=rng,
                  dtype="float64", device=device)  # fmt: skip
    x, [first, ensemble] = normal(4, 3), net.layers
    assert (to_host(net.forward(x, train=True, rng=rng)[0]) != to_host(x)).all()
    first.std = ensemble.children[0].children[0].std = 0
    np.testing.assert_array_equal(to_host(net.forward(x, train=True, rng=rng)[0]), to_host(x))


def test_numbers_of_one_seed(device, normal):
    """std times the single-precision draws of the host's generator, whatever the device and the type of x."""
    x = normal(4, 3)
    y, _ = GaussianNoise(std=0.3).forward(x, train=True, rng=np.random.default_rng(3))
    noise = np.float32(0.3) * np.random.default_rng(3).standard_normal((4, 3), dtype=np.float32)
    np.testing.assert_allclose(to_host(y), to_host(x) + noise, rtol=1e-7)


def test_repr():
    assert repr(GaussianNoise(std=0.25)) == "GaussianNoise(std=0.25)"


def test_refuses():
    with pytest.raises(InputError, match=r"^std: expected a number of at least 0, got -0.1"):
        GaussianNoise(std=-0.1)
    with pytest.raises(
        InputError, match=r"^rng: expected a Generator, since GaussianNoise draws noise in training, got None$"
    ):
        GaussianNoise(std=1).forward(np.ones((2, 2)), train=True)
