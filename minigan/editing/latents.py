"""Latents: what a generator is given, noise and for a conditional run a code behind it; and what it draws of them."""

import numpy as np

from ..backend import Array, device_of, get_array_module, to_device
from ..errors import InputError
from ..runs.run import Run
from ..runs.sampling import generate
from .inputs import code_length, image_shape


def noise_length(run: Run) -> int:
    """Return how many numbers of a latent, the first ones, are noise."""
    return run.generator.input_shape[0] - code_length(run)


def check_latents(latents: Array, run: Run) -> None:
    """Check that latents are float32 and finite, (N, Z + K) with N of at least 1, as the generator takes them.

    Raises
    ------
    InputError
        If they are not, or if the run draws points.
    """
    image_shape(run)
    width = run.generator.input_shape[0]
    if latents.ndim != 2 or latents.shape[1] != width or not len(latents):
        raise InputError(f"latents: expected an array (N, {width}) with N >= 1, got shape {latents.shape}")
    if latents.dtype != np.float32:
        raise InputError(f"latents: expected float32, got {latents.dtype}")
    if not bool(get_array_module(latents).isfinite(latents).all()):
        raise InputError("latents: expected finite numbers, got NaN or infinity")


def draw(run: Run, latents: Array) -> np.ndarray:
    """Return the images that the generator draws, (N, H, W) or (N, H, W, C) float32 in [-1, 1], on the host.

    Parameters
    ----------
    run : Run
    latents : float32 array (N, Z + K), on the host or on the generator's device

    Raises
    ------
    InputError
        If the latents do not fit, or the run draws points.
    """
    check_latents(latents, run)
    device = run.generator.device
    return generate(run.generator, latents if device_of(latents) == device else to_device(latents, device))
