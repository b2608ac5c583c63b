"""The trainer of a variational autoencoder: the encoder and the generator climb one bound together."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..network import Caches, Network
from ..objectives.elbo import divergence, draw_latent, halves, latent_grad, reconstruction
from .base_trainer import BaseTrainer
from .game import Networks


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


class AutoencoderTrainer(BaseTrainer):
    """Trains an autoencoder, whose encoder is in the place of the discriminator; for the rest see `BaseTrainer`."""

    def step(self, share: float = 0.0) -> Bound:
        """Let both networks take one step together; see `BaseTrainer.step`."""
        self._decay(share)
        return self._climb() if self.graphs is None else Bound(*self.graphs.take("climb", self._climb))

    def _climb(self) -> Bound:
        """Take a step on the next batch."""
        seen = elbo_step(self.networks, self.batches.next(), self._noise(), rng=self.layer_draws)
        self._end_step()
        return seen


def elbo_step(networks: Networks, x: Array, noise: Array, *, rng: np.random.Generator | None = None) -> Bound:
    """Let both networks take one step up the bound of the same images.

    Parameters
    ----------
    networks : tuple (generator, encoder, generator_optimizer, encoder_optimizer)
    x : array of shape (H, W, N, C)
        Real images.
    noise : array of shape (N, Z)
        The noise e, standard normal: one draw for each image, as in algorithm 1 of Kingma & Welling 2014 with L = 1.
    rng : numpy.random.Generator, optional
        Draws what the layers need.
    """
    generator, encoder, generator_optimizer, encoder_optimizer = networks
    for network in (generator, encoder):
        network.zero_grad()
    bound, caches, caches_encoder = add_bound_grads(generator, encoder, x, noise, rng=rng)
    generator_optimizer.step()
    encoder_optimizer.step()
    generator.update_stats(caches)
    encoder.update_stats(caches_encoder)
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
