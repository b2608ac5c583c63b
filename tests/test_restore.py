"""Restoring: known values stay, the weighted mean is what its formula says, and it is nearer than a single end."""

import numpy as np
import pytest
from test_invert import DATA, IMAGES, KNOWN, make_run

import minigan
from minigan import InputError
from minigan.backend import to_device
from minigan.editing import restore
from minigan.editing.fidelity import psnr
from minigan.editing.invert import search
from minigan.editing.operators import BlockMeans, Identity, Mask, measure
from minigan.editing.restore import complete, denoise, enlarge
from minigan.runs.sampling import generate

SHORT = {"steps": 5, "restarts": 3}


@pytest.fixture(scope="module")
def run():
    return make_run(conditional="projection")


def by_formula(run, y, operator):
    """The mean of the ends of the search, one image after another."""
    ends = search(run, y, operator, **SHORT, prior=restore.PRIOR)
    found = []
    for latents, losses in zip(ends.latents, ends.losses, strict=True):
        w = np.exp(-losses.astype(np.float64) / restore.TEMPERATURE)
        drawn = generate(run.generator, to_device(latents, run.generator.device))
        found.append(np.tensordot(w / w.sum(), drawn, 1))
    return np.array(found)


def test_a_completed_image_keeps_what_is_known(device):
    run = make_run(device, conditional="projection")
    images = run.sample(4, seed=9)
    found = complete(run, images, KNOWN, **SHORT)
    assert type(found) is np.ndarray
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, KNOWN], images[:, KNOWN])
    hidden = np.where(KNOWN, images, np.float32(0.3))  # what stands in the hole does not count
    np.testing.assert_array_equal(complete(run, hidden, KNOWN, **SHORT), found)
    expected = by_formula(run, measure(Mask(KNOWN), images[..., None]), Mask(KNOWN))
    np.testing.assert_allclose(found[:, ~KNOWN], expected[:, ~KNOWN], atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_an_enlarged_image_agrees_with_the_small_one(run, factor):
    small = measure(BlockMeans(factor), run.sample(4, seed=9)[..., None])
    found = enlarge(run, small[..., 0], factor, **SHORT)
    assert found.shape == (4, 8, 8)
    mean = by_formula(run, small, BlockMeans(factor))
    missing = small[..., 0] - mean.reshape(4, 8 // factor, factor, 8 // factor, factor).mean(axis=(2, 4))
    assert np.abs(missing).max() > 1e-3
    for each, start, difference in zip(found, mean, missing, strict=True):  # each pixel of a block gets what it misses
        np.testing.assert_allclose(
            each, np.clip(start + np.kron(difference, np.ones((factor, factor))), -1, 1), atol=1e-5
        )


def test_a_denoised_image_is_the_mean_of_the_ends(run, rng):
    noisy = np.clip(run.sample(4, seed=9) + 0.3 * rng.standard_normal((4, 8, 8)), -1, 1).astype(np.float32)
    found = denoise(run, noisy, **SHORT)
    np.testing.assert_allclose(found, by_formula(run, noisy[..., None], Identity()), atol=1e-5)
    assert np.abs(found).max() <= 1


def test_restored_images_are_nearer_to_the_originals(run, rng):
    images = run.sample(12, seed=9)
    small = measure(BlockMeans(2), images[..., None])
    noisy = np.clip(images + 0.8 * rng.standard_normal(images.shape), -1, 1).astype(np.float32)
    grey = np.where(KNOWN, images, images.mean())
    pairs = (
        (complete(run, images, KNOWN), grey),
        (enlarge(run, small, 2), small[..., 0].repeat(2, axis=1).repeat(2, axis=2)),
        (denoise(run, noisy), noisy),
    )
    for found, simple in pairs:
        assert np.median(psnr(found, images)) > np.median(psnr(simple, images)) + 3


def test_colour():
    data = np.repeat(IMAGES[..., None], 3, axis=-1)
    run = make_run(data=data, conditional="none")
    found = complete(run, data[:2], KNOWN, **SHORT)
    assert found.shape == (2, 8, 8, 3)
    np.testing.assert_allclose(found[:, KNOWN], data[:2, KNOWN] / 127.5 - 1, atol=1e-6)
    assert enlarge(run, data[:2, ::2, ::2], 2, **SHORT).shape == (2, 8, 8, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda run: complete(run, IMAGES[:1], KNOWN[:4]),
            "known: expected a mask of 8 x 8, as the model draws, got 4 x",
        ),
        (
            lambda run: complete(run, IMAGES[:1], KNOWN | True),
            "known: expected some pixels that are known and some that",
        ),
        (lambda run: complete(run, IMAGES[:1, 1:], KNOWN), "images: expected images of 8 x 8 x 1, as the model draws"),
        (lambda run: enlarge(run, IMAGES[:1], 2), "images: expected images of 4 x 4 x 1, got 8 x 8 x 1"),
        (lambda run: enlarge(run, IMAGES[:1], 5), "factor: expected a number that divides 8 and 8, got 5"),
        (lambda run: enlarge(run, IMAGES[:1], 1), "factor: expected an integer of at least 2, got 1"),
        (lambda run: denoise(run, IMAGES[:1], steps=-3), "steps: expected an integer of at least 1, got -3"),
        (lambda run: denoise(run, IMAGES[:1], restarts=0), "restarts: expected an integer from 1 to 2000, got 0"),
        (lambda run: denoise(run, None), "images: expected a NumPy array, got NoneType"),
    ],
)
def test_what_does_not_fit(run, call, message):
    with pytest.raises(InputError) as error:
        call(run)
    assert str(error.value).startswith(message)


def test_a_run_of_points():
    points = minigan.train(data="ring", steps=1, quiet=True, device="cpu")
    for call in (
        lambda: complete(points, IMAGES[:1], KNOWN),
        lambda: enlarge(points, IMAGES[:1], 2),
        lambda: denoise(points, DATA.images),
    ):
        with pytest.raises(InputError, match=r"^run: expected a model that draws images, got one that draws points"):
            call()
