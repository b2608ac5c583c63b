"""Encoding: the codes of images, what the generator makes of them, and the bound of images by its formula."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_host
from minigan.datasets.batches import to_floats
from minigan.editing.attack import belief
from minigan.editing.encoding import ACTIVE, encode, measure_bound, reconstruct
from minigan.editing.invert import invert
from minigan.objectives.elbo import ROUNDING
from minigan.runs.sampling import CHUNK

SQUARES = np.kron(np.eye(10, 16, dtype=np.uint8).reshape(10, 4, 4), np.full((2, 2), 200, np.uint8))  # in ten places
IMAGES = SQUARES[np.arange(40) % 10] + np.random.default_rng(1).integers(0, 50, (40, 8, 8), dtype=np.uint8)
OPTIONS = {"batch_size": 8, "device": "cpu", "quiet": True}


@pytest.fixture(scope="module")
def run():
    return minigan.train(model="vae", data=IMAGES, steps=400, latent_dim=5, learning_rate=3e-3, **OPTIONS)


@pytest.fixture(scope="module")
def gan():
    return minigan.train(model="mlp", data=IMAGES, steps=1, latent_dim=5, **OPTIONS)


def pixels_first(images):
    return to_floats(images).reshape(-1, 8, 8, 1).transpose(1, 2, 0, 3)


def test_codes_are_those_of_the_encoder(run):
    mu, lv = encode(run, IMAGES)
    outputs, _ = run.discriminator.forward(pixels_first(IMAGES), train=False)
    np.testing.assert_allclose(np.hstack((mu, lv)), to_host(outputs), atol=1e-6)
    assert mu.shape == lv.shape == (40, 5)


def test_a_reconstruction_is_the_image_of_the_mean(run):
    mu, _ = encode(run, IMAGES)
    x_hat, _ = run.generator.forward(np.ascontiguousarray(mu), train=False)
    found = reconstruct(run, IMAGES)
    assert found.shape == (40, 8, 8)
    np.testing.assert_allclose(found, to_host(x_hat)[..., 0].transpose(2, 0, 1), atol=1e-6)


def test_a_trained_encoder_finds_images_again(run):
    """Nearer than the mean image, which needs no encoder."""
    x = to_floats(IMAGES)
    assert ((reconstruct(run, IMAGES) - x) ** 2).mean() < ((x.mean(axis=0) - x) ** 2).mean() / 2


def test_the_bound_by_its_formula(run):
    """Each half of the images has the sigma of the other half."""
    x, noise = to_floats(IMAGES).astype(np.float64), np.random.default_rng(7).standard_normal((40, 5), dtype=np.float32)
    mu, lv = encode(run, IMAGES)
    x_hat, _ = run.generator.forward(mu + np.exp(lv / 2) * noise, train=False)
    squares = ((to_host(x_hat)[..., 0].transpose(2, 0, 1) - x) ** 2 + ROUNDING).sum(axis=(1, 2))
    fit = []
    for i in range(40):
        s2 = squares[1 - i % 2 :: 2].mean() / 64
        fit.append(-32 * np.log(2 * np.pi * s2) - squares[i] / (2 * s2))
    kl = (mu**2 + np.exp(lv) - lv - 1).sum(axis=1).mean() / 2
    found = measure_bound(run, IMAGES, seed=7)
    assert found.reconstruction == pytest.approx(np.mean(fit), rel=1e-4)
    assert found.kl == pytest.approx(kl, rel=1e-5)
    assert found.elbo == pytest.approx(np.mean(fit) - kl, rel=1e-4)
    assert found.sigma**2 == pytest.approx(squares.mean() / 64, rel=1e-4)
    assert (found.active, found.units) == ((mu.var(axis=0) > ACTIVE).sum(), 5)


def test_a_unit_that_ignores_the_image_is_not_active(run):
    dead = minigan.train(model="vae", data=IMAGES, steps=1, latent_dim=5, **OPTIONS)
    dead.discriminator.layers[-1].w[:, 2] = 0
    dead.discriminator.layers[-1].w[:, [0, 1, 3, 4]] *= 1e3
    dead.discriminator.version += 1
    assert measure_bound(dead, IMAGES).active == 4


def test_an_image_does_not_depend_on_how_many_there_are(run):
    many = np.concatenate([IMAGES] * (CHUNK // 40 + 1))
    np.testing.assert_allclose(encode(run, many)[0][:40], encode(run, IMAGES)[0], atol=1e-6)


def test_the_same_seed_gives_the_same_bound(run):
    one, same, other = (measure_bound(run, IMAGES, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.kl == other.kl
    assert one.reconstruction != other.reconstruction


@pytest.mark.parametrize("function", [encode, reconstruct, measure_bound])
def test_what_does_not_fit_is_refused(function, run, gan):
    with pytest.raises(InputError, match=r"^run: expected an autoencoder, .* got the model 'mlp'$"):
        function(gan, IMAGES)
    with pytest.raises(InputError, match=r"^images: expected images of 8 x 8 x 1"):
        function(run, IMAGES[:, :4])
    with pytest.raises(InputError, match=r"^images: "):
        function(run, "seven")


def test_one_image_has_no_other_half(run):
    with pytest.raises(InputError, match=r"^images: expected at least 2, .* got 1$"):
        measure_bound(run, IMAGES[:1])


def test_an_inversion_has_no_discriminator_to_believe(run):
    assert invert(run, IMAGES[:2], steps=2).images.shape == (2, 8, 8)
    with pytest.raises(InputError, match=r"^believe: expected 0, because an autoencoder has no discriminator$"):
        invert(run, IMAGES[:2], steps=2, believe=0.1)


def test_an_autoencoder_has_no_discriminator_to_attack(run):
    with pytest.raises(InputError, match=r"^run: expected a model with a discriminator, got an autoencoder$"):
        belief(run)
