"""Inversion: find the latent vector from which the generator draws an image of which all or only a part is known.

The latent vectors x = (z, c) are the parameters now, and the weights of G stay. What is known of image n is y_n, which
an operator A of `operators` makes of it. We minimise

    L_n = |A G(x_n) - y_n|^2 / |A 1|^2  +  prior |z_n|^2 / Z  +  believe l_G(D(G(x_n)))

The first term is the mean squared error of what is known, because |A 1|^2 is the number of known values. The second
one is the Gaussian from which z is drawn, -log p(z) = |z|^2 / 2 + constant. The third one, which is 0 by default, is
what G paid for its images in the game.

    dg = A^T 2 (A g - y) / |A 1|^2  +  believe J_D^T dl_G        g = G(x)
    dz = (J^T dg)_z + 2 prior z / Z                              J = dG/dx: J^T is G's own backward pass
    dc = 0                                                       a class is one of K, and stays what it was at the start

Zhu et al. 2016 (arXiv 1609.03552) invert a generator in this way. Bora et al. 2017 (arXiv 1703.03208) do so with a
linear A, the second term and several starts, and Yeh et al. 2017 (arXiv 1607.07539) with a mask and the third term.
"""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_device, to_host
from ..errors import InputError
from ..fast.threads import threads
from ..metrics.distances import blocks
from ..objectives.conditional import get_conditional
from ..optimizers import Adam
from ..runs.run import Run
from ..runs.sampling import generate
from .inputs import as_images, image_shape
from .latents import noise_length
from .operators import Identity, Operator, measure

STEPS, RESTARTS, PRIOR = 100, 2, 1e-3
CANDIDATES = 2000  # samples of G among which the search starts
RATE = 0.2  # of Adam at the first step; it falls to 0 along a line
MOST_WEIGHT = 1000  # of a term of the loss; far beyond it, float32 overflows
CHUNK = 400  # latent vectors that are moved at once


class Inversion(NamedTuple):
    """What `invert` found for each image.

    latents : noise and code, (N, Z + K) on the host, as `Run.latent` returns them
    images : what G draws from them, (N, H, W) or (N, H, W, C) in [-1, 1]
    errors : the mean squared error of what is known, (N,)
    """

    latents: np.ndarray
    images: np.ndarray
    errors: np.ndarray


class Ends(NamedTuple):
    """Where the searches for each image ended, R of them, on the host.

    latents : (N, R, Z + K)
    losses : L, (N, R)
    errors : the first term of L, (N, R)
    """

    latents: np.ndarray
    losses: np.ndarray
    errors: np.ndarray


def invert(
    run: Run,
    images: Any,
    *,
    operator: Operator | None = None,
    steps: int = STEPS,
    restarts: int = RESTARTS,
    seed: int = 0,
    prior: float = PRIOR,
    believe: float = 0.0,
) -> Inversion:
    """Find latent vectors whose images agree with what is known; of several searches for an image, the best one counts.

    Parameters
    ----------
    run : Run
        Draws images; both networks run in eval mode.
    images : array (N, h, w) or (N, h, w, C), uint8, or floating in [-1, 1]
        What the operator makes of the images to find.
    operator : Operator, optional
        What is known; by default the whole image.
    steps, restarts, seed, prior, believe
        As for `search`.

    Raises
    ------
    InputError
        If an argument is out of its range, the images have another size, or the run draws points.
    """
    operator = operator or Identity()
    known = as_images(images, run, shape=known_shape(run, operator))
    ends = search(run, known, operator, steps=steps, restarts=restarts, seed=seed, prior=prior, believe=believe)
    best = np.arange(len(known)), ends.losses.argmin(axis=1)
    latents = ends.latents[best]
    return Inversion(latents, generate(run.generator, to_device(latents, run.generator.device)), ends.errors[best])


def known_shape(run: Run, operator: Operator) -> tuple[int, int, int]:
    """Return the shape (h, w, C) of what an operator makes of an image that the run draws."""
    _, h, w, channels = measure(operator, np.zeros((1, *image_shape(run)), dtype=np.float32)).shape
    return h, w, channels


def search(
    run: Run,
    known: np.ndarray,
    operator: Operator,
    *,
    steps: int,
    restarts: int,
    seed: int = 0,
    prior: float = PRIOR,
    believe: float = 0.0,
) -> Ends:
    """Move several latent vectors for each image by Adam.

    They start at those samples, among 2,000 that all images share, which agree best with what is known. If the classes
    of the run are clusters of similar images, they start in different ones, so that the ends differ more. The result
    for an image does not depend on the other images.

    Parameters
    ----------
    known : array (N, h, w, C), in [-1, 1]
        y, what the operator makes of the images.
    steps : int
        Steps of Adam.
    restarts : int
        R, the number of searches for each image, at most 2,000.
    seed : int
        Of the 2,000 samples.
    prior, believe : float
        Weights in L, from 0 to 1,000.

    Raises
    ------
    InputError
        If an argument is out of its range, or ``believe`` is given and no D judges images one by one.
    """
    validation.integer("steps", steps)
    validation.integer("restarts", restarts, most=CANDIDATES)
    weights = {"prior": _weight("prior", prior), "believe": _weight("believe", believe)}
    if believe and run.config.spec.autoencodes:
        raise InputError("believe: expected 0, because an autoencoder has no discriminator")
    if believe and run.discriminator.couples_samples:
        raise InputError("believe: expected 0, because this discriminator judges several samples together")
    with threads(device=run.generator.device):
        starts = run.latent(CANDIDATES, seed=seed).astype(run.generator.theta.dtype)
        chosen = _nearest_samples(run, starts, known, operator, restarts)
        size = max(1, CHUNK // restarts)
        parts = [slice(i, i + size) for i in range(0, len(known), size)]
        ends = [_descend(run, to_host(starts)[chosen[i]], known[i], operator, steps, weights) for i in parts]
    return Ends(*(np.concatenate(each) for each in zip(*ends, strict=True)))


def loss(
    run: Run, x: Array, y: Array, operator: Operator, *, prior: float, believe: float
) -> tuple[Array, Array, Array]:
    """Return the losses L_n, their first terms, and the gradient of the sum of all losses in x.

    Parameters
    ----------
    x : array (N, Z + K)
    y : array (h, w, N, C)

    Returns
    -------
    losses (N,), errors (N,), dx (N, Z + K)
    """
    g, caches = run.generator.forward(x, train=False)
    known = operator.apply(get_array_module(g).ones_like(g[:, :, :1]))
    count = (known * known).sum()
    difference = operator.apply(g) - y
    errors = (difference * difference).sum(axis=(0, 1, 3)) / count
    dg = operator.adjoint(2 * difference / count)
    z = x[:, : noise_length(run)]
    losses = errors + prior * (z * z).mean(axis=1)
    if believe:
        paid, dg_paid = _paid(run, g, x[:, z.shape[1] :])
        losses, dg = losses + believe * paid, dg + believe * dg_paid
    dx = run.generator.backward(dg, caches, param_grads=False)
    dx[:, : z.shape[1]] += 2 * prior / z.shape[1] * z
    dx[:, z.shape[1] :] = 0
    return losses, errors, dx


def _weight(name: str, value: float) -> float:
    number = validation.not_negative(name, value)
    if number > MOST_WEIGHT:
        raise InputError(f"{name}: expected a number from 0 to {MOST_WEIGHT}, got {validation.shown(value)}")
    return number


def _paid(run: Run, g: Array, codes: Array) -> tuple[Array, Array]:
    """Return what G pays for each image g in the game, (N,), and the gradient in g; the mean over several D."""
    objective, conditional = run.config.losses, get_conditional(run.config.conditional)
    outputs, caches = run.discriminator.forward(g, train=False)
    s, slope = (conditional(objective, codes) if conditional else objective).logit(outputs)
    paid, ds = objective.generator_loss(s)
    return paid.mean(axis=1), run.discriminator.backward(ds / s.shape[1] * slope, caches, param_grads=False)


def _nearest_samples(run: Run, starts: Array, known: np.ndarray, operator: Operator, restarts: int) -> np.ndarray:
    """Return for each image the numbers of the samples g with the smallest |A g - y|^2, (N, R).

    The best samples of different clusters come before all others.
    """
    drawn = generate(run.generator, starts).reshape(len(starts), *image_shape(run))
    flat = measure(operator, drawn).reshape(len(starts), -1)
    groups = np.arange(len(flat))
    if run.config.conditional == "clusters" or run.shares.ndim == 2:  # a label alone stands for many shapes
        noise = noise_length(run)
        groups = to_host(starts)[:, noise : noise + run.shares.size].argmax(axis=1)
    chosen = np.empty((len(known), restarts), dtype=np.int64)
    for rows, squared in blocks(known.reshape(len(known), -1).astype(flat.dtype), flat):
        for i, order in enumerate(squared.argsort(axis=1), rows.start):
            _, first = np.unique(groups[order], return_index=True)
            first.sort()
            chosen[i] = np.concatenate((order[first], np.delete(order, first)))[:restarts]
    return chosen


def _descend(
    run: Run, starts: np.ndarray, known: np.ndarray, operator: Operator, steps: int, weights: dict[str, float]
) -> Ends:
    """Move latent vectors (n, R, Z + K) by Adam; those of one image all lead to what is known of it, (n, h, w, C)."""
    n, restarts, length = starts.shape
    device = run.generator.device
    y = to_device(known.astype(starts.dtype).repeat(restarts, axis=0).transpose(1, 2, 0, 3), device)
    moved: Any = SimpleNamespace(theta=to_device(starts.reshape(-1, length), device), version=0)
    adam = Adam(moved, learning_rate=RATE, beta1=0.9, beta2=0.99)
    for step in range(steps):
        adam.learning_rate = RATE * (1 - step / steps)
        _, _, moved.dtheta = loss(run, moved.theta, y, operator, **weights)
        adam.step()
    losses, errors, _ = loss(run, moved.theta, y, operator, **weights)
    return Ends(*(to_host(each).reshape(n, restarts, *each.shape[1:]) for each in (moved.theta, losses, errors)))
