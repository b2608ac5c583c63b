"""Trainer: the whole state of a run, and one training step."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..backend import Array, Device, feed, get_array_module, to_device, to_host
from ..datasets.batches import Batches
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..datasets.shards import shard, share_of_batch, unshard
from ..distributed import ALONE, Communicator
from ..fast.adam import FastAdam
from ..layers import GaussianNoise
from ..network import Caches, Network
from ..objectives import Objective
from ..objectives.codes import draw_codes, draw_noise
from ..objectives.conditional import Conditional, get_conditional
from ..objectives.cross_entropy import one_hot
from ..optimizers import RunningAverage, innermost
from .autoencoder import Bound, elbo_step
from .classes import agree_on_classes, find_classes, find_clusters_again
from .config import ResolvedConfig
from .game import make_game
from .graph import Graphs
from .rules import check_groups
from .steps import Game, discriminator_step
from .streams import make_streams
from .updates import UPDATES, agreeing

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


class Trainer:
    """The game, the average of G, the data and the random state of one run.

    Seven independent random streams come from the seed: initial weights, order of the data, noise z, what the layers
    and the penalties draw (dropout, shifts, points between samples), soft labels, codes, and clusters. All that a step
    changes can be taken out and put back (see `minigan.training.state`).

    In a distributed run each rank has a trainer. It learns from its own shard of the data, with an equal share of each
    batch and with random streams of its own. After each step all ranks have the same weights, moments of Adam,
    averages, classes and statistics: if batch norm is not synchronised, the running statistics become the means over
    the ranks. Only the streams, the order of the data and what `step` returns belong to the rank.

    Parameters
    ----------
    config : ResolvedConfig
        From `TrainConfig.resolve`.
    dataset : Dataset or Points
        The whole data, on each rank.
    communicator : Communicator
        Joins the ranks of a distributed run.

    Raises
    ------
    InputError
        If the options do not fit together (see `make_game`), a conditional game needs labels that the data set does
        not have, or a batch cannot be shared out equally.
    """

    def __init__(self, config: ResolvedConfig, dataset: Dataset | Points, communicator: Communicator = ALONE) -> None:
        self.config = config
        self.device: Device = config.device
        self.communicator = communicator
        self.batch_size = share_of_batch(config.batch_size, communicator.size, packing=config.packing)  # of this rank
        if config.minibatch_std:
            check_groups(config.batch_size, packing=config.packing, ranks=communicator.size)
        self.streams = make_streams(config.seed, communicator.rank)
        self.layer_draws = self.streams["layers"]
        self.conditional = get_conditional(config.conditional)
        found = find_classes(self.conditional, dataset, clusters=config.clusters, rng=self.streams["clusters"])
        self.classes = agree_on_classes(found, communicator)
        self.shares = self.classes.shares.copy()  # of the classes now; a change of the clusters is written into it
        self.reclustered = 0  # times so far
        classes = self.shares.size
        self.code_length = classes + (self.conditional.continuous if self.conditional else 0)
        self.one_hot = one_hot(np.arange(classes), classes, device=self.device)  # row y: the code of class y
        self.game = make_game(
            config,
            dataset.sample_shape,
            codes=self.code_length,
            rng=self.streams["weights"],
            label_rng=self.streams["soft labels"],
            communicator=communicator,
        )
        self.generator, self.discriminator = self.game.generator, self.game.discriminator
        self.update = agreeing(UPDATES[config.update], communicator)
        self.climb = agreeing(elbo_step, communicator)
        self.batches = Batches(
            shard(dataset.samples, communicator.rank, communicator.size),
            self.batch_size,
            rng=self.streams["order"],
            device=self.device,
        )
        self.label_batches()
        self.average = RunningAverage(self.generator, decay=config.average_decay)
        if isinstance(adam := innermost(self.game.generator_optimizer), FastAdam):
            adam.average = self.average
        self.discriminator_steps = 0  # taken so far
        networks = (self.generator, self.discriminator, self.average.network)
        self.graphs = Graphs(networks) if config.graph else None

    def label_batches(self) -> None:
        """Give the batches the classes of their samples."""
        if self.classes.labels is not None:
            own = shard(self.classes.labels, self.communicator.rank, self.communicator.size)
            labels = to_device(own.astype(np.int64), self.device)
            if self.batches.labels is None:
                self.batches.labels = labels
            else:
                self.batches.labels[...] = labels  # a graph knows where they are

    def step(self, share: float = 0.0) -> StepMetrics | Bound:
        """Let each player move once, one after the other or both at once; both use the same fakes.

        If the configuration has several discriminator steps, D first takes all but the last of them, each on a batch of
        its own. The networks of an autoencoder take one step together.

        Parameters
        ----------
        share : float in [0, 1]
            The share of the run that is over; learning rates and instance noise may decay with it, and clusters may
            be found again.
        """
        self._decay(share)
        if self.config.spec.autoencodes:
            return self._climb() if self.graphs is None else Bound(*self.graphs.take("climb", self._climb))
        if self._recluster_due(share):
            self._recluster()
        due = tuple(self._penalty_due() for _ in range(self.config.discriminator_steps))
        if self.graphs is None:
            return self._play(due)
        return StepMetrics(*self.graphs.take(due, lambda: self._play(due)))

    def _climb(self) -> Bound:
        """Take a step of an autoencoder."""
        seen = self.climb(self.game, self.batches.next(), self._noise(), rng=self.layer_draws)
        self.average.update()
        return seen

    def _play(self, due: tuple[bool, ...]) -> StepMetrics:
        """Take a step; ``due`` says in which of D's steps it pays a penalty."""
        for pays in due[:-1]:
            batch = self._batch()
            discriminator_step(self._game(batch.objective, pays), batch.x_real, batch.x_fake, rng=self.layer_draws)
        x_real, x_fake, caches_fake, objective = self._batch()
        seen = self.update(self._game(objective, due[-1]), x_real, x_fake, caches_fake, rng=self.layer_draws)
        self.average.update()
        d_real, d_fake = (
            objective.output(objective.logit(o)[0]).mean() for o in (seen.outputs_real, seen.outputs_fake)
        )
        return StepMetrics(seen.d_loss, seen.g_loss, d_real, d_fake)

    def _batch(self) -> Batch:
        """Draw real samples, codes and noise, and let G make the fakes."""
        z = self._noise()
        objective = self._rules.objective
        if self.conditional is None:
            x_real = self.batches.next()
        else:
            x_real, codes = self._real_and_codes(self.conditional)
            objective = self.conditional(objective, codes, weight=self.config.code_weight)
            z = get_array_module(z).concatenate((z, codes), axis=1)
        return Batch(x_real, *self.generator.forward(z, train=True, rng=self.layer_draws), objective)

    def _noise(self) -> Array:
        """Draw noise (N, Z) for a batch."""
        latent_dim = self.generator.input_shape[0] - self.code_length
        return draw_noise(self.streams["noise"], self.batch_size, latent_dim, self.device)

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
        penalty = self._rules.discriminator_penalty
        due = penalty is not None and self.discriminator_steps % penalty.every == 0
        self.discriminator_steps += 1
        return due

    def _game(self, objective: Objective, pays: bool) -> Game:
        """Return the game for a step of D: with the objective of the batch, and with the penalty if D pays it."""
        penalty = self._rules.discriminator_penalty if pays else None
        return replace(self._rules, objective=objective, discriminator_penalty=penalty)

    @property
    def _rules(self) -> Game:
        """The game, which an autoencoder does not have."""
        assert isinstance(self.game, Game)
        return self.game

    def _decay(self, share: float) -> None:
        left = max(1 - share, 1e-9)  # Adam takes no rate of 0
        if self.config.learning_rate_decay == "linear":
            self.game.generator_optimizer.learning_rate = left * self.config.generator_learning_rate
            self.game.discriminator_optimizer.learning_rate = left * self.config.discriminator_learning_rate
        for layer in self.discriminator.layers:
            if isinstance(layer, GaussianNoise):
                layer.std = self.config.instance_noise * left


def features(network: Network, x: Array) -> Array:
    """Return what the last layer of a network gets in a pass in eval mode: (N, F) in front of a dense layer."""
    for layer in network.computed[:-1]:
        x, _ = layer.forward(x, train=False)
    return x
