"""The evidence lower bound: literal values, gradients, the best sigma, and what the numbers mean."""

import numpy as np
import pytest

from minigan.backend import to_device, to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.objectives import OBJECTIVES
from minigan.objectives.elbo import (
    ELBO,
    LEVEL,
    ROUNDING,
    bits_per_pixel,
    divergence,
    draw_latent,
    halves,
    latent_grad,
    reconstruction,
)


def test_the_divergence_of_the_prior_from_itself_is_0(device):
    zeros = to_device(np.zeros((3, 2)), device)
    value, dmu, dlv = divergence(zeros, zeros)
    assert float(to_host(value)) == 0
    assert not to_host(dmu).any()
    assert not to_host(dlv).any()


def test_the_divergence_by_integration():
    """One number, two images: KL = integral q log(q/p), on a fine grid."""
    mu, lv = np.array([[0.7], [-1.1]]), np.array([[-0.5], [0.9]])
    z = np.linspace(-15, 15, 200_001)
    expected = []
    for m, v in zip(mu[:, 0], lv[:, 0], strict=True):
        log_q = -((z - m) ** 2) / (2 * np.exp(v)) - np.log(2 * np.pi * np.exp(v)) / 2
        log_p = -(z**2) / 2 - np.log(2 * np.pi) / 2
        expected.append(np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0]))
    assert float(divergence(mu, lv)[0]) == pytest.approx(np.mean(expected), rel=1e-8)


def test_the_reconstruction_is_a_log_density_at_the_best_sigma(normal):
    """The value is that of the formula at the returned sigma, and another sigma has a lower one."""
    x, x_hat = normal(4, 3, 5, 2), normal(4, 3, 5, 2)
    value, _, sigma = (to_host(each) for each in reconstruction(x_hat, x))
    x, x_hat = to_host(x), to_host(x_hat)

    def at(s):
        per_pixel = -np.log(2 * np.pi * s**2) / 2 - ((x_hat - x) ** 2 + ROUNDING) / (2 * s**2)
        return per_pixel.sum() / 5

    assert float(value) == pytest.approx(at(float(sigma)), rel=1e-12)
    assert at(float(sigma)) > max(at(0.99 * float(sigma)), at(1.01 * float(sigma)))
    assert float(sigma) ** 2 == pytest.approx(np.mean((x_hat - x) ** 2) + ROUNDING)


def test_images_that_are_met_exactly_have_a_finite_value(device):
    x = to_device(-np.ones((2, 2, 3, 1), dtype=np.float32), device)
    value, grad, sigma = reconstruction(x, x)
    assert np.isfinite(float(to_host(value)))
    assert not to_host(grad).any()
    assert float(to_host(sigma)) == pytest.approx(LEVEL / 12**0.5)


def test_rounding_is_the_variance_within_one_level(rng):
    assert np.var(rng.uniform(0, LEVEL, 200_000)) == pytest.approx(ROUNDING, rel=0.02)


@pytest.mark.parametrize("shape", [(4, 3, 5, 1), (2, 2, 3, 3), (5, 2)])
def test_the_gradient_of_the_reconstruction(shape, normal, rng):
    x, x_hat = normal(*shape), normal(*shape)
    _, grad, _ = reconstruction(x_hat, x)
    for check in (
        check_directional("x_hat", lambda a: float(to_host(reconstruction(a, x)[0])), x_hat, grad, rng=rng),
        check_elementwise("x_hat", lambda a: float(to_host(reconstruction(a, x)[0])), x_hat, grad, rng=rng),
    ):
        assert check.error <= 1e-6, check


def test_the_gradients_of_the_divergence(normal, rng):
    mu, lv = normal(5, 3), normal(5, 3)
    _, dmu, dlv = divergence(mu, lv)
    for check in (
        check_elementwise("mu", lambda a: float(to_host(divergence(a, lv)[0])), mu, dmu, rng=rng),
        check_elementwise("lv", lambda a: float(to_host(divergence(mu, a)[0])), lv, dlv, rng=rng),
    ):
        assert check.error <= 1e-6, check


def test_the_gradient_passes_through_the_draw(normal, rng):
    outputs, noise, dz = normal(5, 6), normal(5, 3), normal(5, 3)

    def loss(a):
        return float(to_host((draw_latent(a, noise) * dz).sum()))

    check = check_elementwise("outputs", loss, outputs, latent_grad(dz, outputs, noise), rng=rng)
    assert check.error <= 1e-6, check


def test_the_draw_has_the_mean_and_the_variance_that_the_encoder_says(rng):
    outputs = np.tile([0.5, -2.0, np.log(4.0), np.log(0.25)], (100_000, 1))
    z = draw_latent(outputs, rng.standard_normal((100_000, 2)))
    np.testing.assert_allclose(z.mean(axis=0), [0.5, -2], atol=0.03)
    np.testing.assert_allclose(z.std(axis=0), [2, 0.5], rtol=0.02)
    assert [half.shape for half in halves(outputs)] == [(100_000, 2)] * 2


def test_the_bound_lies_below_the_log_density_of_a_model_that_is_known(rng):
    """x = w z + sigma e has a normal density; the ELBO of any q is below it, and the true posterior's meets it."""
    w, sigma, x = 0.8, 0.5, 0.9
    total = w**2 + sigma**2
    log_p = -(x**2) / (2 * total) - np.log(2 * np.pi * total) / 2
    z_var = sigma**2 / total
    noise = rng.standard_normal(400_000)

    def bound(mu, lv):
        z = draw_latent(np.tile([mu, lv], (len(noise), 1)), noise[:, None])[:, 0]
        fit = -((x - w * z) ** 2) / (2 * sigma**2) - np.log(2 * np.pi * sigma**2) / 2
        return fit.mean() - float(divergence(np.array([[mu]]), np.array([[lv]]))[0])

    best = bound(w * x / total, np.log(z_var))
    assert best == pytest.approx(log_p, abs=0.005)
    assert bound(0.0, 0.0) < best - 0.1
    assert bound(w * x / total, np.log(z_var) + 1) < best - 0.1


def test_bits_per_pixel():
    """A density of 255/2 on one level is the probability 1; a density that is 1/2 everywhere spends nearly 8 bits."""
    assert bits_per_pixel(784 * np.log(255 / 2), 784) == pytest.approx(0)
    assert bits_per_pixel(784 * np.log(1 / 2), 784) == pytest.approx(np.log2(255))


def test_float32_stays_float32(normal):
    x, x_hat, outputs, noise = (normal(*s, dtype="float32") for s in ((4, 4, 3, 1), (4, 4, 3, 1), (3, 4), (3, 2)))
    arrays = [*reconstruction(x_hat, x), *divergence(*halves(outputs)), draw_latent(outputs, noise)]
    arrays.append(latent_grad(noise, outputs, noise))
    assert {str(array.dtype) for array in arrays} == {"float32"}


def test_it_is_no_objective_of_a_game():
    assert ELBO.name not in OBJECTIVES
    assert not set(ELBO.columns) & set(OBJECTIVES["hinge"].columns)
