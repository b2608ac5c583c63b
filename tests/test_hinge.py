"""The hinge objective: literal numbers, the corners among them, and its formulas for random logits."""

import numpy as np

from minigan.backend import to_device, to_host
from minigan.objectives import Hinge


def test_literal_values(device):
    """At the corners, s = 1 for real samples and s = -1 for fakes, the derivative is 0."""
    s = to_device(np.array([[-3.0], [-1.0], [0.0], [0.5], [1.0], [3.0]]), device)
    for losses, expected, slopes in (
        (Hinge().real_loss(s), [4, 2, 1, 0.5, 0, 0], [-1, -1, -1, -1, 0, 0]),
        (Hinge().fake_loss(s), [0, 0, 1, 1.5, 2, 4], [0, 0, 1, 1, 1, 1]),
        (Hinge().generator_loss(s), [3, 1, 0, -0.5, -1, -3], [-1, -1, -1, -1, -1, -1]),
    ):
        np.testing.assert_array_equal(to_host(losses[0])[:, 0], expected)
        np.testing.assert_array_equal(to_host(losses[1])[:, 0], slopes)


def test_formulas(device, normal):
    """(Lim & Ye 2017), with batches of different sizes."""
    real, fake = 2 * normal(40, 1), 2 * normal(50, 1)
    loss, ds_real, ds_fake = Hinge().discriminator(real, fake)
    r, f = to_host(real), to_host(fake)
    expected = np.maximum(0, 1 - r).sum() / 40 + np.maximum(0, 1 + f).sum() / 50
    np.testing.assert_allclose(to_host(loss), expected, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_real), np.where(r < 1, -1 / 40, 0), rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_fake), np.where(f > -1, 1 / 50, 0), rtol=1e-13)
    loss, ds = Hinge().generator(fake)
    np.testing.assert_allclose(to_host(loss), -f.sum() / 50, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds), np.full((50, 1), -1 / 50), rtol=1e-13)


def test_the_logit_is_a_score():
    assert not Hinge().log_odds
