"""Trainer: the game of a run, and one training step of both players."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..backend import Array, feed, get_array_module, to_host
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..datasets.shards import unshard
from ..distributed import ALONE, Communicator
from ..network import Caches, Network
from ..objectives import Objective
from ..objectives.codes import draw_codes
from ..objectives.conditional import Conditional
from ..objectives.cross_entropy import one_hot
from .base_trainer import BaseTrainer
from .classes import agree_on_classes, find_clusters_again
from .config import ResolvedConfig
from .game import make_game
from .rules import check_groups
from .steps import Game, discriminator_step
from .updates import UPDATES

CHUNK = 500  # samples whose features are computed at once


class StepMetrics(NamedTuple):
    """What one step saw, as arrays of shape () on the device: only reading them makes the host wait."""

    d_loss: Array  # the sum, if there are several discriminators
    g_loss: Array
    d_real: Array  # mean D(x), a probability or a score (`Objective.output`); over all discriminators
    d_fake: Array  # mean D(G(z)), likewise, before D's step


class Batch(NamedTuple):
    """What one step works on; in a conditional game all of it has the same codes."""

    x_real: Array
    x_fake: Array
    caches_fake: Caches
    objective: Objective


class Trainer(BaseTrainer):
    """Trains a GAN: the state of one run, and its game.

    The parameters are those of `BaseTrainer`, and the errors are those of `BaseTrainer` and of `make_game`.
    """

    def __init__(self, config: ResolvedConfig, dataset: Dataset | Points, communicator: Communicator = ALONE) -> None:
        if config.minibatch_std:
            check_groups(config.batch_size, packing=config.packing, ranks=communicator.size)
        super().__init__(config, dataset, communicator)
        self.game = make_game(config, self.networks, rng=self.streams["soft labels"])
        self.update = UPDATES[config.update]
        self.one_hot = one_hot(np.arange(self.shares.size), self.shares.size, device=self.device)  # row y: code of y

    def step(self, share: float = 0.0) -> StepMetrics:
        """Let each player move once, one after the other or both at once; both use the same fakes.

        If the configuration has several discriminator steps, D first takes all but the last of them, each on a batch of
        its own.

        Parameters
        ----------
        share : float in [0, 1]
            The share of the run that is over; learning rates and instance noise may decay with it, and clusters may
            be found again.
        """
        self._decay(share)
        if self._recluster_due(share):
            self._recluster()
        due = tuple(self._penalty_due() for _ in range(self.config.discriminator_steps))
        if self.graphs is None:
            return self._play(due)
        return StepMetrics(*self.graphs.take(due, lambda: self._play(due)))

    def _play(self, due: tuple[bool, ...]) -> StepMetrics:
        """Take a step; ``due`` says in which of D's steps it pays a penalty."""
        for pays in due[:-1]:
            batch = self._batch()
            discriminator_step(self._game(batch.objective, pays), batch.x_real, batch.x_fake, rng=self.layer_draws)
        x_real, x_fake, caches_fake, objective = self._batch()
        seen = self.update(self._game(objective, due[-1]), x_real, x_fake, caches_fake, rng=self.layer_draws)
        self._end_step()
        d_real, d_fake = (
            objective.output(objective.logit(o)[0]).mean() for o in (seen.outputs_real, seen.outputs_fake)
        )
        return StepMetrics(seen.d_loss, seen.g_loss, d_real, d_fake)

    def _batch(self) -> Batch:
        """Draw real samples, codes and noise, and let G make the fakes."""
        z = self._noise()
        objective = self.game.objective
        if self.conditional is None:
            x_real = self.batches.next()
        else:
            x_real, codes = self._real_and_codes(self.conditional)
            objective = self.conditional(objective, codes, weight=self.config.code_weight)
            z = get_array_module(z).concatenate((z, codes), axis=1)
        return Batch(x_real, *self.generator.forward(z, train=True, rng=self.layer_draws), objective)

    def _real_and_codes(self, conditional: type[Conditional]) -> tuple[Array, Array]:
        """Draw real samples, with the codes (N, K) of their classes or with random codes."""
        if self.batches.labels is not None:
            x_real, labels = self.batches.next_labelled()
            return x_real, get_array_module(labels).take(self.one_hot, labels, axis=0)
        codes = feed(
            lambda: draw_codes(self.streams["codes"], self.batch_size, self.shares, continuous=conditional.continuous),
            self.device,
        )
        return self.batches.next(), codes

    def _recluster_due(self, share: float) -> bool:
        """Say whether it is time: the first time is at a quarter of the run, and all are before three quarters."""
        times = self.config.recluster or 0
        return self.reclustered < times and share >= 0.25 + 0.5 * self.reclustered / times

    def _recluster(self) -> None:
        """Find the clusters again, in the present features of D."""
        found = [to_host(features(self.discriminator, x)) for x in self.batches.in_order(CHUNK)]
        everyone = unshard(self.communicator.gather(np.concatenate(found)))
        clusters = find_clusters_again(self.classes, everyone, rng=self.streams["clusters"])
        self.classes = agree_on_classes(clusters, self.communicator)
        self.label_batches()
        self.shares[...] = self.classes.shares
        self.reclustered += 1

    def _penalty_due(self) -> bool:
        """Count a step of D, and say whether it pays the penalty in it."""
        penalty = self.game.discriminator_penalty
        due = penalty is not None and self.discriminator_steps % penalty.every == 0
        self.discriminator_steps += 1
        return due

    def _game(self, objective: Objective, pays: bool) -> Game:
        """Return the game for a step of D: with the objective of the batch, and with the penalty if D pays it."""
        penalty = self.game.discriminator_penalty if pays else None
        return replace(self.game, objective=objective, discriminator_penalty=penalty)


def features(network: Network, x: Array) -> Array:
    """Return what the last layer of a network gets in a pass in eval mode: (N, F) in front of a dense layer."""
    for layer in network.computed[:-1]:
        x, _ = layer.forward(x, train=False)
    return x
