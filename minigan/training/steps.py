"""The steps of the two players, each as the algorithm box has it (Goodfellow et al. 2014, algorithm 1)."""

from typing import Protocol

import numpy as np

from ..backend import Array, get_array_module
from ..network import Caches, Network
from ..objectives import Objective
from ..objectives.penalties import Penalty


class Optimizer(Protocol):
    """What moves a network along its gradient: `Adam`, `SGD`, or either of them `Clipped`."""

    def step(self) -> None:
        """Move the network once."""
        ...


def couples_samples(discriminator: Network) -> int | None:
    """Return the first layer behind which a sample depends on its batch mates, a batch norm, say; None without one."""
    return next((i for i, layer in enumerate(discriminator.layers) if layer.couples_samples), None)


def with_image_loss(
    objective: Objective, loss: Array, dx_fake: Array, x_fake: Array, x_real: Array
) -> tuple[Array, Array]:
    """Return G's loss and its gradient in x_fake, plus those of `Objective.image_loss` where there is one."""
    image_loss = objective.image_loss(x_fake, x_real)
    return (loss + image_loss[0], dx_fake + image_loss[1]) if image_loss else (loss, dx_fake)


def discriminator_step(
    discriminator: Network,
    optimizer: Optimizer,
    objective: Objective,
    x_real: Array,
    x_fake: Array,
    *,
    penalty: Penalty | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Array, Array, Array]:
    """Let D take one step down its own loss, and the penalty's if there is one; G is not touched.

    Real and fake images go through D as two batches where batch norm or packing would mix them, otherwise as one, which
    is faster.

    x_real, x_fake : (H, W, N, C)
    returns : loss (0-d), without the penalty, logits_real and logits_fake (N, 1), or (N/m, 1) behind Pack(m), or all
        outputs of a D that has several, all from before the step
    """
    xp = get_array_module(x_real)
    apart = couples_samples(discriminator) is not None
    batches = [x_real, x_fake] if apart else [xp.concatenate((x_real, x_fake), axis=-2)]
    logits, caches = zip(*(discriminator.forward(x, train=True, rng=rng) for x in batches), strict=True)
    logits_real, logits_fake = logits if apart else xp.split(logits[0], [x_real.shape[-2]])
    loss, ds_real, ds_fake = objective.discriminator(logits_real, logits_fake)
    discriminator.zero_grad()
    for ds, cache in zip([ds_real, ds_fake] if apart else [xp.concatenate((ds_real, ds_fake))], caches, strict=True):
        discriminator.add_param_grads(ds, cache)
    if penalty:
        penalty.add_gradient(discriminator, x_real, x_fake, rng=rng, objective=objective)
    optimizer.step()
    for cache in caches:
        discriminator.update_stats(cache)
    return loss, logits_real, logits_fake


def generator_step(
    generator: Network,
    discriminator: Network,
    optimizer: Optimizer,
    objective: Objective,
    x_fake: Array,
    caches_fake: Caches,
    *,
    x_real: Array | None = None,
    rng: np.random.Generator | None = None,
) -> Array:
    """Let G take one step down its own loss, *through* D, whose parameters, gradients and statistics stay as they are.

    x_fake, caches_fake : what ``generator.forward(z, train=True)`` returned, with the weights that G still has
    x_real : for an objective with an `Objective.image_loss`
    returns : loss (0-d), from before the step
    """
    logits, caches = discriminator.forward(x_fake, train=True, rng=rng)
    loss, ds = objective.generator(logits)
    dx_fake = discriminator.backward(ds, caches, param_grads=False)
    if x_real is not None:
        loss, dx_fake = with_image_loss(objective, loss, dx_fake, x_fake, x_real)
    generator.zero_grad()
    generator.add_param_grads(dx_fake, caches_fake)
    optimizer.step()
    generator.update_stats(caches_fake)
    return loss


def alternating_step(
    generator: Network,
    discriminator: Network,
    generator_optimizer: Optimizer,
    discriminator_optimizer: Optimizer,
    objective: Objective,
    x_real: Array,
    x_fake: Array,
    caches_fake: Caches,
    *,
    penalty: Penalty | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Let D take its step, then G through the updated D. One fake batch serves both.

    x_real : (H, W, N, C)
    x_fake, caches_fake : what ``generator.forward(z, train=True)`` returned, with the weights that G still has
    returns : d_loss and g_loss (0-d), logits_real and logits_fake (N, 1), each from before its player's step
    """
    d_loss, logits_real, logits_fake = discriminator_step(
        discriminator, discriminator_optimizer, objective, x_real, x_fake, penalty=penalty, rng=rng
    )
    g_loss = generator_step(
        generator, discriminator, generator_optimizer, objective, x_fake, caches_fake, x_real=x_real, rng=rng
    )
    return d_loss, g_loss, logits_real, logits_fake
