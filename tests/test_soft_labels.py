"""Soft labels: values by literal numbers and by the cross-entropy, random labels in their ranges, and refusals."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_directional
from minigan.objectives import OBJECTIVES, Minimax, SoftLabels, get_objective
from minigan.objectives.cross_entropy import sigmoid_cross_entropy


def soft(name="non-saturating", seed=0, **options):
    return SoftLabels(get_objective(name), rng=np.random.default_rng(seed), **options)


def test_literal_values(device):
    """With labels 0.75 and 0.25 at s = 2: t real_loss + (1 - t) fake_loss of the least squares."""
    s = to_device(np.array([[2.0]]), device)
    objective = soft("least-squares", real=0.75, fake=0.25)
    for (loss, ds), expected, slope in (
        (objective.real_loss(s), 0.75 * 0.5 + 0.25 * 2, 0.75 * 1 + 0.25 * 2),
        (objective.fake_loss(s), 0.25 * 0.5 + 0.75 * 2, 0.25 * 1 + 0.75 * 2),
        (objective.generator_loss(s), 0.5, 1),
    ):
        assert (to_host(loss).item(), to_host(ds).item()) == (expected, slope)


@pytest.mark.parametrize(("real", "fake"), [(0.9, 0), (0.8, 0.1), (1, 0)])
def test_smoothing_is_cross_entropy_with_the_label(real, fake, device, normal):
    s = 3 * normal(6, 1)
    objective = soft(real=real, fake=fake)
    for got, target in (
        (objective.real_loss(s), real),
        (objective.fake_loss(s), fake),
        (objective.generator_loss(s), 1),
    ):
        for a, b in zip(got, sigmoid_cross_entropy(s, target), strict=True):
            np.testing.assert_allclose(to_host(a), to_host(b), rtol=1e-12, atol=1e-15)


def test_one_sided_smoothing_moves_the_best_d():
    """For densities p of the data and q of G at one point, ds = 0 where sigmoid(s) = a p / (p + q)."""
    p, q, a = 0.3, 0.5, 0.9
    s = np.log(a * p / ((1 - a) * p + q)) * np.ones((1, 1))
    objective = soft(real=a)
    assert (p * objective.real_loss(s)[1] + q * objective.fake_loss(s)[1]).item() == pytest.approx(0, abs=1e-16)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients(name, device, normal, rng):
    """The draws are held by making the objective anew, with the same seed, for every evaluation."""
    s, weights = normal(9, 1), normal(9, 1)
    for side in ("real_loss", "fake_loss", "generator_loss"):

        def loss(s, side=side):
            return getattr(soft(name, real=0.9, fake=0.2, noise=0.3, flip=0.2), side)(s)

        def value(s, loss=loss):
            return float(to_host((weights * loss(s)[0]).sum()))

        check = check_directional(side, value, s, weights * loss(s)[1], rng=rng)
        assert check.ok, check


@pytest.mark.parametrize("name", OBJECTIVES)
def test_flipped_labels(name, device, normal):
    """Each sample pays as the one or as the other, a share ``flip`` of them as the other; G pays as before."""
    s = normal(4000, 1)
    plain, flipped = get_objective(name), soft(name, flip=0.25)
    for side, other in (("real_loss", "fake_loss"), ("fake_loss", "real_loss")):
        for i in (0, 1):  # the loss, and its derivative
            pairs = ((flipped, side), (plain, side), (plain, other))
            got, own, others = (to_host(getattr(objective, key)(s)[i]) for objective, key in pairs)
            np.testing.assert_allclose(np.minimum(abs(got - own), abs(got - others)), 0, atol=1e-14)
            assert 0.2 < (got == others).mean() - (own == others).mean() < 0.3
    np.testing.assert_array_equal(to_host(flipped.generator_loss(s)[1]), to_host(plain.generator_loss(s)[1]))


def test_noisy_labels(device, normal):
    s = normal(2000, 1, dtype="float32") * 0  # where ds = 1/2 - t
    objective = soft(real=1, fake=0, noise=0.3)
    for ds, low, high in ((objective.real_loss(s)[1], 0.7, 1.0), (objective.fake_loss(s)[1], 0.0, 0.3)):
        t = 0.5 - to_host(ds)
        assert ds.dtype == np.float32
        assert low - 1e-6 <= t.min() < low + 0.01
        assert high - 0.01 < t.max() <= high + 1e-6
        assert t.mean() == pytest.approx((low + high) / 2, abs=0.01)
    np.testing.assert_array_equal(
        to_host(soft(seed=3, noise=0.3).real_loss(s)[1]), to_host(soft(seed=3, noise=0.3).real_loss(s)[1])
    )


def test_the_draws_are_noise_then_flips(device):
    """The same for one seed: first one uniform number of noise for each logit, then one for its flip."""
    s = to_device(np.zeros((5, 1)), device)
    rng = np.random.default_rng(3)
    noise, flips = rng.random((5, 1)), rng.random((5, 1))
    t = 0.9 - 0.2 * noise
    t = np.where(flips < 0.5, 1 - t, t)
    assert 0 < (flips < 0.5).sum() < 5
    ds = soft(seed=3, real=0.9, noise=0.2, flip=0.5).real_loss(s)[1]
    np.testing.assert_allclose(to_host(ds), 0.5 - t, rtol=1e-13)


def test_defaults_change_nothing(normal, device):
    real, fake = normal(4, 1), normal(5, 1)
    objective = SoftLabels(Minimax(), rng=np.random.default_rng(0))
    for a, b in zip(objective.discriminator(real, fake), Minimax().discriminator(real, fake), strict=True):
        np.testing.assert_allclose(to_host(a), to_host(b), rtol=1e-15)
    assert objective.log_odds
    assert not soft("hinge").log_odds


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"real": 0.3, "fake": 0.3}, "real_label, fake_label: expected 0 <= fake < real <= 1, got 0.3 and 0.3"),
        ({"real": 1.1}, "real_label, fake_label"),
        ({"fake": -0.1}, "real_label, fake_label"),
        ({"real": 0.9, "noise": 0.95}, r"label_noise: expected a number in \[0, 0.9\], got 0.95"),
        ({"real": 0.9, "fake": 0.5, "noise": 0.45}, r"label_noise: expected a number in \[0, 0.4\], got 0.45"),
        ({"noise": -0.1}, r"label_noise: expected a number in \[0, 1\], got -0.1"),
        ({"flip": 1}, r"label_flip: expected a number in \[0, 1\), got 1"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(InputError, match=message):
        soft(**options)


def test_the_ends_of_the_ranges_are_allowed():
    objective = soft(real=1, fake=0, noise=1, flip=0)
    assert (objective.real_label, objective.fake_label, objective.noise, objective.flip) == (1.0, 0.0, 1.0, 0.0)
