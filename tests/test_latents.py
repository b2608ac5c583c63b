"""Latents: what the generator takes, on its own device or on the host."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_host
from minigan.editing.latents import check_latents, draw, noise_length

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {"model": "mlp", "steps": 1, "batch_size": 4, "latent_dim": 6, "log_every": 1, "quiet": True}


@pytest.mark.parametrize("conditional", ["none", "clusters", "infogan"])
def test_the_length_of_the_noise(conditional):
    run = minigan.train(**SHORT, data=IMAGES, conditional=conditional, device="cpu")
    assert (run.generator.input_shape[0] > 6) == (conditional != "none")
    assert noise_length(run) == 6


def test_draw_is_sample(device):
    run = minigan.train(**SHORT, data=IMAGES, device=device)
    latents = run.latent(5, seed=3)
    for each in (latents, to_host(latents)):
        images = draw(run, each)
        assert type(images) is np.ndarray
        np.testing.assert_array_equal(images, run.sample(5, seed=3))


@pytest.mark.parametrize(
    ("latents", "said"),
    [
        (np.zeros((2, 5), dtype=np.float32), r"latents: expected an array \(N, 6\) with N >= 1, got shape \(2, 5\)"),
        (np.zeros((0, 6), dtype=np.float32), r"got shape \(0, 6\)"),
        (np.zeros(6, dtype=np.float32), r"got shape \(6,\)"),
        (np.zeros((2, 6)), "latents: expected float32, got float64"),
        (np.full((2, 6), np.nan, dtype=np.float32), "latents: expected finite numbers"),
    ],
)
def test_what_does_not_fit_is_refused(latents, said):
    run = minigan.train(**SHORT, data=IMAGES, conditional="none", device="cpu")
    for function in (lambda: check_latents(latents, run), lambda: draw(run, latents)):
        with pytest.raises(InputError, match=said):
            function()


def test_a_run_of_points_is_refused():
    run = minigan.train(data="ring", steps=1, quiet=True, device="cpu")
    with pytest.raises(InputError, match="draws points"):
        draw(run, run.latent(2))
