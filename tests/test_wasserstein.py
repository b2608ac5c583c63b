"""The Wasserstein objective: literal numbers, and its formulas for random logits."""

import numpy as np

from minigan.backend import to_device, to_host
from minigan.objectives import Wasserstein


def test_literal_values(device):
    s = to_device(np.array([[-1.0], [0.0], [3.0]]), device)
    for losses, expected, slope in (
        (Wasserstein().real_loss(s), [1, 0, -3], -1),
        (Wasserstein().fake_loss(s), [-1, 0, 3], 1),
        (Wasserstein().generator_loss(s), [1, 0, -3], -1),
    ):
        np.testing.assert_array_equal(to_host(losses[0])[:, 0], expected)
        np.testing.assert_array_equal(to_host(losses[1])[:, 0], [slope] * 3)


def test_formulas(device, normal):
    """(Arjovsky et al. 2017, eq. 2), with batches of different sizes."""
    real, fake = 2 * normal(40, 1), 2 * normal(50, 1)
    loss, ds_real, ds_fake = Wasserstein().discriminator(real, fake)
    np.testing.assert_allclose(to_host(loss), to_host(fake).sum() / 50 - to_host(real).sum() / 40, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_real), np.full((40, 1), -1 / 40), rtol=1e-15)
    np.testing.assert_allclose(to_host(ds_fake), np.full((50, 1), 1 / 50), rtol=1e-15)
    loss, ds = Wasserstein().generator(fake)
    np.testing.assert_allclose(to_host(loss), -to_host(fake).sum() / 50, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds), np.full((50, 1), -1 / 50), rtol=1e-15)


def test_the_logit_is_a_score():
    assert not Wasserstein().log_odds
