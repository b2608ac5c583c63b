"""What the encoder of an autoencoder is for: codes of images, their reconstructions, and the bound on their density."""

from typing import Any, NamedTuple

import numpy as np

from ..backend import to_device, to_host
from ..datasets.batches import to_pixels_first
from ..errors import InputError
from ..fast.threads import threads
from ..objectives.elbo import ROUNDING, divergence, draw_latent, halves
from ..runs.run import Run
from ..runs.sampling import CHUNK, generate
from .inputs import as_images

ACTIVE = 0.01  # variance over the images, above which a unit is active (Burda et al. 2016, section 5.2)


class BoundOfImages(NamedTuple):
    """What `measure_bound` found, in nats per image.

    elbo, reconstruction, kl : the bound and its two terms, means over the images
    sigma : of the pixels
    active, units : how many of the Z numbers of z the encoder uses, and Z
    """

    elbo: float
    reconstruction: float
    kl: float
    sigma: float
    active: int
    units: int


def encode(run: Run, images: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the means and the log variances of z that the encoder gives to images, (N, Z) and (N, Z), on the host.

    Raises
    ------
    InputError
        If the run is no autoencoder, or the images do not fit.
    """
    mu, lv = halves(_outputs(run, as_images(images, run)))
    return mu, lv


def reconstruct(run: Run, images: Any) -> np.ndarray:
    """Return what the generator makes of the means of z: images (N, H, W) or (N, H, W, C) in [-1, 1]."""
    mu, _ = encode(run, images)
    return generate(run.generator, to_device(np.ascontiguousarray(mu), run.generator.device))


def measure_bound(run: Run, images: Any, *, seed: int = 0) -> BoundOfImages:
    """Return the mean of the ELBO over images, both networks in eval mode, with one draw of z for each image.

    R_n  = -(D/2) log(2 pi sigma^2) - (|x_hat - x|^2 + D r) / (2 sigma^2)       r: see `elbo.reconstruction`
    ELBO = mean_n (R_n - KL_n)

    While training, sigma^2 is the error of the batch itself. A bound for new images needs a sigma that does not know
    them, and that of the training images is too small, because the networks know these. So the images are divided into
    two halves, and each gets the sigma that is the best one for the other half.

    Parameters
    ----------
    run : Run
        An autoencoder.
    images : array (N, H, W) or (N, H, W, C), uint8, or floating in [-1, 1]
        At least two.
    seed : int
        Of the draws.

    Raises
    ------
    InputError
        If the run is no autoencoder, or the images do not fit.
    """
    x = as_images(images, run)
    if len(x) < 2:
        raise InputError(f"images: expected at least 2, because one half has the sigma of the other, got {len(x)}")
    outputs = _outputs(run, x)
    noise = np.random.default_rng(seed).standard_normal((len(x), outputs.shape[1] // 2), dtype=np.float32)
    x_hat = generate(run.generator, to_device(draw_latent(outputs, noise), run.generator.device))
    size = x[0].size
    errors = ((x_hat.reshape(x.shape) - x) ** 2).sum(axis=(1, 2, 3), dtype=np.float64) + size * ROUNDING
    variances = np.empty(len(x))
    for half in (slice(0, None, 2), slice(1, None, 2)):
        variances[half] = np.delete(errors, half).mean() / size
    fit = float((-size / 2 * np.log(2 * np.pi * variances) - errors / (2 * variances)).mean())
    mu, lv = halves(outputs.astype(np.float64))
    kl = float(divergence(mu, lv)[0])
    sigma, active = float(np.sqrt(variances.mean())), int((mu.var(axis=0) > ACTIVE).sum())
    return BoundOfImages(fit - kl, fit, kl, sigma, active, mu.shape[1])


def _outputs(run: Run, images: np.ndarray) -> np.ndarray:
    """Return what the encoder makes of images (N, H, W, C): (N, 2 Z), on the host."""
    if not run.config.spec.autoencodes:
        raise InputError(f"run: expected an autoencoder, such as the model 'vae', got the model {run.config.model!r}")
    encoder = run.discriminator
    parts = []
    with threads(device=encoder.device):
        for i in range(0, len(images), CHUNK):
            x = to_pixels_first(to_device(images[i : i + CHUNK], encoder.device))
            parts.append(to_host(encoder.forward(x, train=False)[0]))
    return np.concatenate(parts)
