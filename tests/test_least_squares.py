"""The least-squares objective: literal numbers, and its formulas for random logits."""

import numpy as np

from minigan.backend import to_device, to_host
from minigan.objectives import LeastSquares


def test_literal_values(device):
    s = to_device(np.array([[-1.0], [0.0], [3.0]]), device)
    for losses, expected, slopes in (
        (LeastSquares().real_loss(s), [2, 0.5, 2], [-2, -1, 2]),
        (LeastSquares().fake_loss(s), [0.5, 0, 4.5], [-1, 0, 3]),
        (LeastSquares().generator_loss(s), [2, 0.5, 2], [-2, -1, 2]),
    ):
        np.testing.assert_array_equal(to_host(losses[0])[:, 0], expected)
        np.testing.assert_array_equal(to_host(losses[1])[:, 0], slopes)


def test_formulas(device, normal):
    """(Mao et al. 2017, eq. 9), with batches of different sizes."""
    real, fake = 2 * normal(40, 1), 2 * normal(50, 1)
    loss, ds_real, ds_fake = LeastSquares().discriminator(real, fake)
    r, f = to_host(real), to_host(fake)
    np.testing.assert_allclose(to_host(loss), ((r - 1) ** 2).sum() / 80 + (f**2).sum() / 100, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_real), (r - 1) / 40, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_fake), f / 50, rtol=1e-13)
    loss, ds = LeastSquares().generator(fake)
    np.testing.assert_allclose(to_host(loss), ((f - 1) ** 2).sum() / 100, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds), (f - 1) / 50, rtol=1e-13)


def test_the_logit_is_a_score():
    assert not LeastSquares().log_odds
