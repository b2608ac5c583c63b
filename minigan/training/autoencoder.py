"""The step of a variational autoencoder: the encoder and the generator climb one bound together."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..network import Caches, Network
from ..objectives.elbo import divergence, draw_latent, halves, latent_grad, reconstruction
from .steps import Players


class Bound(NamedTuple):
    """What one step of an autoencoder saw before the networks moved: arrays of shape (), in nats per image.

    elbo : the bound, reconstruction - kl; the mean over the batch
    reconstruction, kl : its two terms
    sigma : the standard deviation of the pixels, which is their root mean square error
    """

    elbo: Array
    reconstruction: Array
    kl: Array
    sigma: Array


def elbo_step(players: Players, x: Array, noise: Array, *, rng: np.random.Generator | None = None) -> Bound:
    """Let both networks take one step up the bound of the same images.

    Parameters
    ----------
    players : Players
        The encoder is in the place of the discriminator.
    x : array of shape (H, W, N, C)
        Real images.
    noise : array of shape (N, Z)
        The noise e, standard normal: one draw for each image, as in algorithm 1 of Kingma & Welling 2014 with L = 1.
    rng : numpy.random.Generator, optional
        Draws what the layers need.
    """
    G, E = players.generator, players.discriminator
    for network in (G, E):
        network.zero_grad()
    bound, caches, caches_encoder = add_bound_grads(G, E, x, noise, rng=rng)
    players.generator_optimizer.step()
    players.discriminator_optimizer.step()
    G.update_stats(caches)
    E.update_stats(caches_encoder)
    return bound


def add_bound_grads(
    generator: Network, encoder: Network, x: Array, noise: Array, *, rng: np.random.Generator | None = None
) -> tuple[Bound, Caches, Caches]:
    """Add the gradients of L = -ELBO = KL - R to those of both networks; `minigan.objectives.elbo` derives the parts.

    Forward   x -> encoder -> (mu, lv) -> z = mu + exp(lv/2) e -> generator -> x_hat
    Backward  dx_hat = -dR/dx_hat                                through the generator: dz
              dmu    = dz                   + dKL/dmu
              dlv    = dz e exp(lv/2) / 2   + dKL/dlv            through the encoder

    Returns
    -------
    bound, caches_generator, caches_encoder
        What was seen, and the two passes.
    """
    outputs, caches_encoder = encoder.forward(x, train=True, rng=rng)
    x_hat, caches = generator.forward(draw_latent(outputs, noise), train=True, rng=rng)
    fit, x_hat_grad, sigma = reconstruction(x_hat, x)
    kl, dmu, dlv = divergence(*halves(outputs))
    dz = generator.backward(-x_hat_grad, caches)
    kl_grad = get_array_module(x).concatenate((dmu, dlv), axis=1)
    encoder.add_param_grads(latent_grad(dz, outputs, noise) + kl_grad, caches_encoder)
    return Bound(fit - kl, fit, kl, sigma), caches, caches_encoder
