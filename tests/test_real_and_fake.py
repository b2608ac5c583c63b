"""Real samples and fakes through D: in one pass or in two, with the same outputs and gradients."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.layers import BatchNorm, Dense, Dropout, LeakyReLU
from minigan.network import Network
from minigan.training.real_and_fake import backward_real_and_fake, forward_real_and_fake

LAYERS = {
    "one pass": lambda: [Dense(6), LeakyReLU(negative_slope=0.2), Dense(2)],
    "two passes": lambda: [Dense(6), BatchNorm(), LeakyReLU(negative_slope=0.2), Dense(2)],
}


@pytest.mark.parametrize("kind", LAYERS)
def test_outputs_and_gradients_are_those_of_two_passes(kind, device, normal):
    """With batches of different sizes, so that none can be taken for the other."""
    d = Network(LAYERS[kind](), (3,), rng=np.random.default_rng(0), dtype="float64", device=device)
    x_real, x_fake, ds_real, ds_fake = normal(4, 3), normal(5, 3), normal(4, 2), normal(5, 2)
    d.zero_grad()
    expected = []
    for x, ds in ((x_real, ds_real), (x_fake, ds_fake)):
        outputs, caches = d.forward(x, train=True)
        d.add_param_grads(ds, caches)
        expected.append(to_host(outputs))
    gradient = to_host(d.dtheta).copy()
    d.zero_grad()
    outputs_real, outputs_fake, passes = forward_real_and_fake(d, x_real, x_fake, rng=None)
    backward_real_and_fake(d, ds_real, ds_fake, passes)
    assert len(passes) == (1 if kind == "one pass" else 2)
    for got, wanted in zip((outputs_real, outputs_fake), expected, strict=True):
        np.testing.assert_allclose(to_host(got), wanted, rtol=1e-12)
    np.testing.assert_allclose(to_host(d.dtheta), gradient, rtol=1e-12, atol=1e-13)


def test_a_real_sample_does_not_depend_on_the_fakes_behind_batch_norm(normal, device):
    d = Network(LAYERS["two passes"](), (3,), rng=np.random.default_rng(0), dtype="float64", device=device)
    assert d.couples_samples
    x_real, x_fake = normal(4, 3), normal(5, 3)
    first, other = (forward_real_and_fake(d, x_real, x, rng=None)[0] for x in (x_fake, 3 * x_fake))
    np.testing.assert_array_equal(to_host(first), to_host(other))


@pytest.mark.parametrize("layer", [Dropout(rate=0.5), BatchNorm()], ids=repr)
def test_the_draws_are_for_real_samples_first(layer, normal, device):
    d = Network(
        [Dropout(rate=0.5), layer, Dense(1)], (8,), rng=np.random.default_rng(0), dtype="float64", device=device
    )
    x_real, x_fake = normal(4, 8), normal(4, 8)
    outputs_real, *_ = forward_real_and_fake(d, x_real, x_fake, rng=np.random.default_rng(3))
    if d.couples_samples:
        expected = d.forward(x_real, train=True, rng=np.random.default_rng(3))[0]
        np.testing.assert_array_equal(to_host(outputs_real), to_host(expected))
    again, *_ = forward_real_and_fake(d, x_real, x_fake, rng=np.random.default_rng(3))
    other, *_ = forward_real_and_fake(d, x_real, x_fake, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(to_host(again), to_host(outputs_real))
    assert (to_host(other) != to_host(outputs_real)).any()
