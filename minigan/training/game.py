"""Makes the game of a run from its resolved configuration: networks, objective, penalties and optimisers."""

import numpy as np

from ..distributed import ALONE, Communicator
from ..fast.adam import FastAdam
from ..layers import Shape
from ..models import build_networks
from ..network import Network
from ..objectives import Objective, SoftLabels, get_penalty
from ..objectives.ensemble import DiscriminatorEnsembleObjective
from ..objectives.fused import FusedObjective
from ..objectives.penalties import check_penalised
from ..optimizers import Adam, Clipped, DataParallel, Optimizer
from .config import ResolvedConfig
from .simultaneous import check_uncoupled
from .steps import Game

Networks = tuple[Network, Network, Optimizer, Optimizer]  # G, D or an encoder in its place, and how each moves


def make_objective(config: ResolvedConfig, *, rng: np.random.Generator) -> Objective:
    """Return the objective of a run: the model's own, the published one or one by name, with the options around it.

    Parameters
    ----------
    config : ResolvedConfig
    rng : numpy.random.Generator
        Draws the noise and the flips of soft labels.
    """
    objective = config.losses if config.plain else FusedObjective(config.losses)
    if config.soft_labels:
        objective = SoftLabels(objective, **config.soft_labels, rng=rng)
    if config.discriminators > 1:
        objective = DiscriminatorEnsembleObjective(objective, combine=config.combine)
    return objective


def make_networks(
    config: ResolvedConfig,
    sample_shape: Shape,
    *,
    codes: int = 0,
    rng: np.random.Generator,
    communicator: Communicator = ALONE,
    dtype: str = "float32",
) -> Networks:
    """Build the generator of a run, the discriminator or the encoder in its place, and the optimiser of each.

    Parameters
    ----------
    config : ResolvedConfig
    sample_shape, codes, rng, dtype
        As for `build_networks`, whose errors these are; float64 is for checks.
    communicator : Communicator
        Joins the ranks of a distributed run; the optimisers step along the mean gradient of all.
    """
    generator, discriminator = build_networks(
        config.model,
        sample_shape,
        rng=rng,
        **config.network_options,
        codes=codes,
        communicator=communicator if config.synchronised_batch_norm and communicator.size > 1 else None,
        batch_size=config.batch_size,
        dtype=dtype,
        device=config.device,
    )
    return (
        generator,
        discriminator,
        _make_optimizer(config, generator, config.generator_learning_rate, None, communicator),
        _make_optimizer(config, discriminator, config.discriminator_learning_rate, config.clip_weights, communicator),
    )


def make_game(config: ResolvedConfig, networks: Networks, *, rng: np.random.Generator) -> Game:
    """Return everything that one step of both players needs, given what `make_networks` returned.

    In a conditional game the objective also knows the codes of the batch, so the trainer wraps ``game.objective`` for
    every batch. ``rng`` is that of `make_objective`.

    Raises
    ------
    InputError
        If the options do not fit together: a simultaneous update for a discriminator that couples samples, or a
        penalty for a discriminator that is not piecewise linear.
    """
    _, discriminator, *_ = networks
    penalty = None if config.penalty == "none" else get_penalty(config.penalty)
    if penalty:
        check_penalised(discriminator)
    if config.update == "simultaneous":
        check_uncoupled(discriminator)
    generator_penalty = config.spec.as_published().generator_penalty if config.as_published else None
    return Game(*networks, make_objective(config, rng=rng), penalty, generator_penalty)


def _make_optimizer(
    config: ResolvedConfig, network: Network, rate: float, clip_weights: float | None, communicator: Communicator
) -> Optimizer:
    adam = Adam(network, learning_rate=rate, beta1=config.beta1, beta2=config.beta2)
    optimizer = Clipped(
        adam if config.plain else FastAdam(adam),
        gradient_value=config.clip_gradient_value,
        gradient_norm=config.clip_gradient_norm,
        weights=clip_weights,
    )
    return DataParallel(optimizer, communicator) if communicator.size > 1 else optimizer
