"""Makes the game of a run from its resolved configuration: networks, objective, penalties and optimisers."""

import numpy as np

from ..distributed import ALONE, Communicator
from ..fast.adam import FastAdam
from ..layers import Shape
from ..models import build_networks
from ..network import Network
from ..objectives import ELBO, Objective, SoftLabels, get_penalty
from ..objectives.ensemble import DiscriminatorEnsembleObjective
from ..objectives.fused import FusedObjective
from ..objectives.penalties import GeneratorPenalty, check_penalised
from ..optimizers import Adam, Clipped, DataParallel, Optimizer
from .config import ResolvedConfig
from .simultaneous import check_uncoupled
from .steps import Game, Players


def make_objective(config: ResolvedConfig, *, rng: np.random.Generator) -> Objective:
    """Return the objective of a run: the model's own, the published one or one by name, with the options around it.

    Parameters
    ----------
    config : ResolvedConfig
    rng : numpy.random.Generator
        Draws the noise and the flips of soft labels.
    """
    objective = config.base_objective
    assert not isinstance(objective, ELBO)
    if not config.plain:
        objective = FusedObjective(objective)
    if config.soft_labels:
        objective = SoftLabels(objective, **config.soft_labels, rng=rng)
    if config.discriminators > 1:
        objective = DiscriminatorEnsembleObjective(objective, combine=config.combine)
    return objective


def make_game(
    config: ResolvedConfig,
    sample_shape: Shape,
    *,
    codes: int = 0,
    rng: np.random.Generator,
    label_rng: np.random.Generator,
    communicator: Communicator = ALONE,
    dtype: str = "float32",
) -> Players:
    """Build the networks of a run and everything that one step of both players needs.

    Parameters
    ----------
    config : ResolvedConfig
    sample_shape : tuple
        (H, W, C) of an image, or (C,) of a point.
    codes : int
        Length of the code in a conditional game. Its objective also knows the codes of the batch, so the trainer wraps
        ``game.objective`` for every batch.
    rng, label_rng : numpy.random.Generator
        Draw the initial weights, and the noise and the flips of soft labels.
    communicator : Communicator
        Joins the ranks of a distributed run; the optimisers step along the mean gradient of all.
    dtype : "float32" or "float64"
        Precision of the networks; float64 is for checks.

    Returns
    -------
    A `Game`; for an autoencoder, which plays none, the two networks and their optimisers alone.

    Raises
    ------
    InputError
        If the options do not fit together: a simultaneous update for a discriminator that couples samples, or a
        penalty for a discriminator that is not piecewise linear.
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
    penalty = None if config.penalty == "none" else get_penalty(config.penalty)
    if penalty:
        check_penalised(discriminator)
    if config.update == "simultaneous":
        check_uncoupled(discriminator)

    def make_optimizer(network: Network, learning_rate: float, *, clip_weights: float | None = None) -> Optimizer:
        optimizer = _make_optimizer(config, network, learning_rate, clip_weights=clip_weights)
        return DataParallel(optimizer, communicator) if communicator.size > 1 else optimizer

    players = Players(
        generator,
        discriminator,
        make_optimizer(generator, config.generator_learning_rate),
        make_optimizer(discriminator, config.discriminator_learning_rate, clip_weights=config.clip_weights),
    )
    if config.spec.autoencodes:
        return players
    return Game(
        **vars(players),
        objective=make_objective(config, rng=label_rng),
        discriminator_penalty=penalty,
        generator_penalty=_generator_penalty(config),
    )


def _generator_penalty(config: ResolvedConfig) -> GeneratorPenalty | None:
    return config.spec.as_published().generator_penalty if config.as_published else None


def _make_optimizer(
    config: ResolvedConfig, network: Network, learning_rate: float, *, clip_weights: float | None = None
) -> Clipped:
    adam = Adam(network, learning_rate=learning_rate, beta1=config.beta1, beta2=config.beta2)
    return Clipped(
        adam if config.plain else FastAdam(adam),
        gradient_value=config.clip_gradient_value,
        gradient_norm=config.clip_gradient_norm,
        weights=clip_weights,
    )
