"""The steps of the two players, written like the algorithm box (Goodfellow et al. 2014, algorithm 1)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..backend import Array
from ..network import Caches, Network
from ..objectives import Objective
from ..objectives.penalties import GeneratorPenalty, Penalty
from ..optimizers import Optimizer
from .real_and_fake import backward_real_and_fake, forward_real_and_fake


@dataclass
class Game:
    """The two players, how each of them moves, and what each of them pays."""

    generator: Network
    discriminator: Network
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    objective: Objective
    discriminator_penalty: Penalty | None = None
    generator_penalty: GeneratorPenalty | None = None


class StepResult(NamedTuple):
    """What one step of both players saw, all of it computed before the player in question moved.

    The losses (0-d) are without the penalties. The outputs of D have shape (N, 1), or (N, K) if D has K outputs, or
    (N/m, 1) if D packs m samples.
    """

    d_loss: Array
    g_loss: Array
    outputs_real: Array
    outputs_fake: Array


def discriminator_step(
    game: Game, x_real: Array, x_fake: Array, *, rng: np.random.Generator | None = None
) -> tuple[Array, Array, Array]:
    """Let D take one step down its own loss; G is not touched.

    Parameters
    ----------
    game : Game
    x_real, x_fake : arrays of shape (H, W, N, C) or (N, C)
    rng : numpy.random.Generator, optional
        Draws what the layers of D and the penalty need.

    Returns
    -------
    loss, outputs_real, outputs_fake : arrays
        As in `StepResult`.
    """
    D = game.discriminator
    outputs_real, outputs_fake, passes = forward_real_and_fake(D, x_real, x_fake, rng=rng)
    loss, ds_real, ds_fake = game.objective.discriminator(outputs_real, outputs_fake)
    D.zero_grad()
    backward_real_and_fake(D, ds_real, ds_fake, passes)
    if game.discriminator_penalty:
        game.discriminator_penalty.add_gradient(D, x_real, x_fake, rng=rng, objective=game.objective)
    game.discriminator_optimizer.step()
    for caches in passes:
        D.update_stats(caches)
    return loss, outputs_real, outputs_fake


def generator_step(
    game: Game,
    x_fake: Array,
    caches_fake: Caches,
    *,
    x_real: Array | None = None,
    rng: np.random.Generator | None = None,
) -> Array:
    """Let G take one step down its own loss, *through* D; D's parameters, gradients and statistics stay as they are.

    Parameters
    ----------
    game : Game
    x_fake, caches_fake
        What ``generator.forward(z, train=True)`` returned; G must not have moved since.
    x_real : array, optional
        The real samples, if G pays a penalty.
    rng : numpy.random.Generator, optional
        Draws what the layers of D need.

    Returns
    -------
    loss : array of shape ()
    """
    G, D = game.generator, game.discriminator
    outputs, caches = D.forward(x_fake, train=True, rng=rng)
    loss, ds = game.objective.generator(outputs)
    dx_fake = D.backward(ds, caches, param_grads=False)
    G.zero_grad()
    G.add_param_grads(dx_fake, caches_fake)
    if game.generator_penalty:
        game.generator_penalty.add_gradient(G, x_real, x_fake, caches_fake)
    game.generator_optimizer.step()
    G.update_stats(caches_fake)
    return loss


def alternating_step(
    game: Game, x_real: Array, x_fake: Array, caches_fake: Caches, *, rng: np.random.Generator | None = None
) -> StepResult:
    """Let D take its step, and then G through the updated D; both use the same fakes.

    The parameters are those of `discriminator_step` and `generator_step`.
    """
    d_loss, outputs_real, outputs_fake = discriminator_step(game, x_real, x_fake, rng=rng)
    g_loss = generator_step(game, x_fake, caches_fake, x_real=x_real, rng=rng)
    return StepResult(d_loss, g_loss, outputs_real, outputs_fake)
