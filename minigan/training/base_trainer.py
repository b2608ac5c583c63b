"""What every trainer has: two networks, how each moves, the average of G, the data and the random state of a run."""

from abc import ABC, abstractmethod

import numpy as np

from ..backend import Array, Device, to_device
from ..datasets.batches import Batches
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..datasets.shards import shard, share_of_batch
from ..distributed import ALONE, Communicator, average
from ..fast.adam import FastAdam
from ..layers import BatchNorm, GaussianNoise
from ..objectives.codes import draw_noise
from ..objectives.conditional import get_conditional
from ..optimizers import RunningAverage, innermost
from .classes import agree_on_classes, find_classes
from .config import ResolvedConfig
from .game import make_networks
from .graph import Graphs
from .streams import make_streams

Seen = tuple[Array, Array, Array, Array]  # what a step saw: arrays of shape (), as `base_objective.columns` names them


class BaseTrainer(ABC):
    """The networks, the average of G, the data and the random state of one run.

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
        If the options do not fit together, a conditional game needs labels that the data set does not have, or a batch
        cannot be shared out equally.
    """

    def __init__(self, config: ResolvedConfig, dataset: Dataset | Points, communicator: Communicator = ALONE) -> None:
        self.config = config
        self.device: Device = config.device
        self.communicator = communicator
        self.batch_size = share_of_batch(config.batch_size, communicator.size, packing=config.packing)  # of this rank
        self.streams = make_streams(config.seed, communicator.rank)
        self.layer_draws = self.streams["layers"]
        self.conditional = get_conditional(config.conditional)
        found = find_classes(self.conditional, dataset, clusters=config.clusters, rng=self.streams["clusters"])
        self.classes = agree_on_classes(found, communicator)
        self.shares = self.classes.shares.copy()  # of the classes now; a change of the clusters is written into it
        self.reclustered = 0  # times so far
        self.code_length = self.shares.size + (self.conditional.continuous if self.conditional else 0)
        rng, codes = self.streams["weights"], self.code_length
        self.networks = make_networks(config, dataset.sample_shape, codes=codes, rng=rng, communicator=communicator)
        self.generator, self.discriminator, self.generator_optimizer, self.discriminator_optimizer = self.networks
        self.batches = Batches(
            shard(dataset.samples, communicator.rank, communicator.size),
            self.batch_size,
            rng=self.streams["order"],
            device=self.device,
        )
        self.label_batches()
        self.average = RunningAverage(self.generator, decay=config.average_decay)
        if isinstance(adam := innermost(self.generator_optimizer), FastAdam):
            adam.average = self.average
        self.discriminator_steps = 0  # taken so far
        networks = (self.generator, self.discriminator, self.average.network)
        self.graphs = Graphs(networks) if config.graph else None

    @abstractmethod
    def step(self, share: float = 0.0) -> Seen:
        """Let both networks move, and return what was seen before.

        Parameters
        ----------
        share : float in [0, 1]
            The share of the run that is over; learning rates and instance noise may decay with it.
        """

    def label_batches(self) -> None:
        """Give the batches the classes of their samples."""
        if self.classes.labels is not None:
            own = shard(self.classes.labels, self.communicator.rank, self.communicator.size)
            labels = to_device(own.astype(np.int64), self.device)
            if self.batches.labels is None:
                self.batches.labels = labels
            else:
                self.batches.labels[...] = labels  # a graph knows where they are

    def _noise(self) -> Array:
        """Draw noise (N, Z) for a batch."""
        latent_dim = self.generator.input_shape[0] - self.code_length
        return draw_noise(self.streams["noise"], self.batch_size, latent_dim, self.device)

    def _decay(self, share: float) -> None:
        left = max(1 - share, 1e-9)  # Adam takes no rate of 0
        if self.config.learning_rate_decay == "linear":
            self.generator_optimizer.learning_rate = left * self.config.generator_learning_rate
            self.discriminator_optimizer.learning_rate = left * self.config.discriminator_learning_rate
        for layer in self.discriminator.layers:
            if isinstance(layer, GaussianNoise):
                layer.std = self.config.instance_noise * left

    def _end_step(self) -> None:
        """Let the average follow G, once the ranks have the same running statistics.

        Those of a batch norm that sees only the samples of its own rank become the means over the ranks.
        """
        if self.communicator.size > 1:
            for network in (self.generator, self.discriminator):
                if any(type(each) is BatchNorm for layer in network.layers for each in layer.walk()):
                    average(self.communicator, network.stats)
        self.average.update()
