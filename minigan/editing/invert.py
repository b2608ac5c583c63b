"""Inversion: find the latent vector from which the generator draws a given image, or one of which only A x is known.

The latent vectors x = (z, c) are the parameters now, and the weights of G stay. For image n, with what is known of it,
y_n = A (image), we minimise

    L_n = |A G(x_n) - y_n|^2 / |A 1|^2  +  prior |z_n|^2 / Z

The first term is the mean squared error of what is known, because |A 1|^2 is the number of known values for each
`operators` class. The second one is the Gaussian that z was drawn from: -log p(z) = |z|^2 / 2 + constant.

    dg = A^T 2 (A g - y) / |A 1|^2        g = G(x)
    dz = (J^T dg)_z + 2 prior z / Z       J = dG/dx, whose transpose is G's own backward pass
    dc = 0                                a class is one of K, and stays what it was at the start

Zhu et al. 2016 (arXiv 1609.03552, eq. 4) invert a generator in this way; Bora et al. 2017 (arXiv 1703.03208, eq. 3 and
section 6) with a linear A, this prior and several starts.
"""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_device, to_host
from ..fast.threads import threads
from ..metrics.distances import blocks
from ..optimizers import Adam
from ..runs.run import Run
from ..runs.sampling import generate
from .inputs import as_images, code_length, image_shape
from .operators import Identity, Operator

CANDIDATES = 2000  # samples of G among which the search starts
RATE = 0.2  # of Adam at the first step; it falls to 0 along a line
CHUNK = 500  # latent vectors that are moved at once


class Inversion(NamedTuple):
    """What `invert` found for each image.

    latents : noise and code, (N, Z + K) on the host, as `Run.latent` returns them
    images : what G draws from them, (N, H, W) or (N, H, W, C) in [-1, 1]
    errors : the mean squared error of what is known, (N,)
    """

    latents: np.ndarray
    images: np.ndarray
    errors: np.ndarray


def invert(
    run: Run,
    images: np.ndarray,
    *,
    operator: Operator | None = None,
    steps: int = 100,
    restarts: int = 2,
    seed: int = 0,
    prior: float = 1e-3,
) -> Inversion:
    """Find latent vectors whose images agree with what is known.

    The search for an image starts from those samples, among 2,000 that all images share, which agree best, and goes on
    with Adam. The end with the lowest loss is returned. An image does not depend on the others.

    Parameters
    ----------
    run : Run
        Draws images; its generator runs in eval mode.
    images : array (N, h, w) or (N, h, w, C), uint8, or floating in [-1, 1]
        What the operator makes of the images to find.
    operator : Operator, optional
        What is known; by default the whole image.
    steps : int
        Steps of Adam.
    restarts : int
        From how many samples the search starts for each image, at most 2,000.
    seed : int
        Of the 2,000 samples.
    prior : float
        Weight of |z|^2 / Z, at least 0.

    Raises
    ------
    InputError
        If an argument is out of its range, the images have another size, or the run draws points.
    """
    validation.integer("steps", steps)
    validation.integer("restarts", restarts, most=CANDIDATES)
    weight = validation.not_negative("prior", prior)
    operator = operator or Identity()
    known = as_images(images, run, shape=_known_shape(run, operator)).astype(run.generator.theta.dtype)
    device = run.generator.device
    with threads(device=device):
        starts = run.latent(CANDIDATES, seed=seed)
        ranked = _rank(run, starts, known, operator)[:, :restarts]
        parts = max(1, CHUNK // restarts)
        found = [
            _search(
                run, starts[to_device(ranked[i : i + parts], device)], known[i : i + parts], operator, steps, weight
            )
            for i in range(0, len(known), parts)
        ]
    latents, errors = (np.concatenate(each) for each in zip(*found, strict=True))
    return Inversion(latents, generate(run.generator, to_device(latents, device)), errors)


def loss(run: Run, x: Array, y: Array, operator: Operator, *, prior: float) -> tuple[Array, Array, Array]:
    """Return the loss L_n of each latent vector, its first term, and the gradient of the sum of all losses.

    Parameters
    ----------
    x : array (N, Z + K)
    y : array (h, w, N, C), what is known of each image

    Returns
    -------
    losses (N,), errors (N,), dx (N, Z + K)
    """
    noise = x.shape[1] - code_length(run)
    g, caches = run.generator.forward(x, train=False)
    ones = operator.apply(get_array_module(g).ones_like(g[:, :, :1]))
    count = (ones * ones).sum()
    difference = operator.apply(g) - y
    errors = (difference * difference).sum(axis=(0, 1, 3)) / count
    dx = run.generator.backward(operator.adjoint(2 * difference / count), caches, param_grads=False)
    z = x[:, :noise]
    dx[:, :noise] += 2 * prior / noise * z
    dx[:, noise:] = 0
    return errors + prior / noise * (z * z).sum(axis=1), errors, dx


def _known_shape(run: Run, operator: Operator) -> tuple[int, int, int]:
    """Return the shape (h, w, C) of what is known of an image."""
    height, width, channels = image_shape(run)
    h, w, _, c = operator.apply(np.zeros((height, width, 1, channels), dtype=np.float32)).shape
    return h, w, c


def _rank(run: Run, starts: Array, known: np.ndarray, operator: Operator) -> np.ndarray:
    """Return for each image the samples in the order of their squared error, the best first: (N, M)."""
    drawn = generate(run.generator, starts).reshape(len(starts), *image_shape(run))
    of_starts = operator.apply(drawn.transpose(1, 2, 0, 3)).transpose(2, 0, 1, 3)
    flat, of_known = of_starts.reshape(len(starts), -1), known.reshape(len(known), -1)
    return np.concatenate([each.argsort(axis=1, kind="stable") for _, each in blocks(of_known, flat)])


def _search(
    run: Run, starts: Array, known: np.ndarray, operator: Operator, steps: int, prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Move (N, R, Z + K) latent vectors by Adam; return the best of each image (N, Z + K), and its error (N,)."""
    n, restarts, width = starts.shape
    y = to_device(known.repeat(restarts, axis=0).transpose(1, 2, 0, 3), run.generator.device)
    latents: Any = SimpleNamespace(theta=starts.reshape(n * restarts, width), dtheta=None, version=0)
    adam = Adam(latents, learning_rate=RATE, beta1=0.9, beta2=0.99)
    for step in range(steps):
        adam.learning_rate = RATE * (1 - step / steps)
        _, _, latents.dtheta = loss(run, latents.theta, y, operator, prior=prior)
        adam.step()
    losses, errors, _ = loss(run, latents.theta, y, operator, prior=prior)
    best = to_host(losses).reshape(n, restarts).argmin(axis=1) + restarts * np.arange(n)
    return to_host(latents.theta)[best], to_host(errors)[best]
