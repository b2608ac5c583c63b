"""Trainer: the whole state of a run, and one training step."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, Device, get_array_module, to_device
from ..datasets.batches import Batches
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..layers import GaussianNoise
from ..models import build_networks
from ..network import Caches, Network
from ..objectives import Objective, SoftLabels
from ..objectives.codes import count_classes, draw_codes, draw_noise
from ..objectives.conditional import CATEGORIES, Conditional, get_conditional
from ..objectives.cross_entropy import one_hot
from ..objectives.ensemble import DiscriminatorEnsembleObjective
from ..objectives.penalties import Penalty, check_penalised, get_penalty
from ..optimizers import Adam
from ..optimizers.averaging import RunningAverage
from ..optimizers.clipping import Clipped
from .config import ResolvedConfig
from .simultaneous import check_uncoupled, simultaneous_step
from .steps import alternating_step, discriminator_step


class StepMetrics(NamedTuple):
    """What one step saw, as 0-d arrays on the device: reading them is what would make the host wait."""

    d_loss: Array  # of several discriminators the sum
    g_loss: Array
    d_real: Array  # mean D(x), a probability or a score (`Objective.output`), over several discriminators, too
    d_fake: Array  # mean D(G(z)), likewise, before D's step


class Batch(NamedTuple):
    """What one step works on; all of it for the same codes in a conditional game."""

    x_real: Array
    x_fake: Array
    caches_fake: Caches
    objective: Objective


class Trainer:
    """Networks, optimisers, average, data and random state of one run.

    config : what `TrainConfig.resolve` returned

    Six independent random streams come from the seed: initial weights, order of the data, noise z, what the layers
    and penalties draw (dropout, shifts, points between samples), soft labels, and codes.

    Raises ``InputError`` for a simultaneous update of a discriminator with batch norm or packing, for a penalty on
    one whose layers are not all piecewise linear, and for data without the labels that a conditional game needs.
    """

    def __init__(self, config: ResolvedConfig, dataset: Dataset | Points) -> None:
        self.config = config
        self.device: Device = config.device
        init, order, self.noise, self.layer_draws, soft_labels, self.code_draws = (
            np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(6)
        )
        self.conditional = get_conditional(config.conditional) if config.conditional else None
        labels = getattr(dataset, "labels", None) if self.conditional and self.conditional.labelled else None
        self.classes = _count_classes(self.conditional, labels, dataset.name)
        self.generator, self.discriminator = build_networks(
            config.model,
            dataset.sample_shape,
            rng=init,
            **config.network_options,
            codes=self.classes + (self.conditional.continuous if self.conditional else 0),
            device=self.device,
        )
        self.update = alternating_step
        if config.update == "simultaneous":
            check_uncoupled(self.discriminator)
            self.update = simultaneous_step
        self.batches = Batches(dataset.samples, config.batch_size, rng=order, device=self.device, labels=labels)
        self.one_hot = one_hot(np.arange(self.classes), self.classes, device=self.device)  # row y: the code of label y
        self.objective = config.base_objective
        if config.soft_labels:
            self.objective = SoftLabels(self.objective, **config.soft_labels, rng=soft_labels)
        if config.discriminators > 1:
            self.objective = DiscriminatorEnsembleObjective(self.objective, combine=config.combine)
        self.penalty = get_penalty(config.penalty) if config.penalty else None
        if self.penalty:
            check_penalised(self.discriminator)
        self.generator_optimizer = _optimizer(self.generator, config, config.generator_learning_rate)
        self.discriminator_optimizer = _optimizer(
            self.discriminator, config, config.discriminator_learning_rate, weights=config.clip_weights
        )
        self.discriminator_steps = 0  # taken so far
        self.average = RunningAverage(self.generator, decay=config.average_decay)

    def step(self, share: float = 0.0) -> StepMetrics:
        """Let each player move once, one after the other or at once. One fake batch serves both.

        With more discriminator steps than one, D moves on other batches of both kinds before.

        share : of the run that is over, in [0, 1], by which rates and noise decay
        """
        self._decay(share)
        for _ in range(self.config.discriminator_steps - 1):
            batch = self._batch()
            discriminator_step(
                self.discriminator,
                self.discriminator_optimizer,
                batch.objective,
                batch.x_real,
                batch.x_fake,
                penalty=self._penalty(),
                rng=self.layer_draws,
            )
        x_real, x_fake, caches_fake, objective = self._batch()
        d_loss, g_loss, outputs_real, outputs_fake = self.update(
            self.generator,
            self.discriminator,
            self.generator_optimizer,
            self.discriminator_optimizer,
            objective,
            x_real,
            x_fake,
            caches_fake,
            penalty=self._penalty(),
            rng=self.layer_draws,
        )
        self.average.update()
        d_real, d_fake = (objective.output(objective.logit(o)[0]).mean() for o in (outputs_real, outputs_fake))
        return StepMetrics(d_loss, g_loss, d_real, d_fake)

    def _batch(self) -> Batch:
        n = self.config.batch_size
        objective: Objective = self.objective
        if self.conditional is None:
            x_real = self.batches.next()
            z = draw_noise(self.noise, n, self.generator.input_shape[0], self.device)
        else:
            x_real, codes = self._real_and_codes()
            objective = self.conditional(objective, codes, weight=self.config.code_weight)
            z = draw_noise(self.noise, n, self.generator.input_shape[0] - codes.shape[1], self.device)
            z = get_array_module(z).concatenate((z, codes), axis=1)
        return Batch(x_real, *self.generator.forward(z, train=True, rng=self.layer_draws), objective)

    def _real_and_codes(self) -> tuple[Array, Array]:
        """Real samples with the codes (N, K) of their labels, or with codes that are drawn."""
        assert self.conditional is not None
        if self.conditional.labelled:
            x_real, labels = self.batches.next_labelled()
            return x_real, get_array_module(labels).take(self.one_hot, labels, axis=0)
        n, continuous = self.config.batch_size, self.conditional.continuous
        codes = draw_codes(self.code_draws, n, self.classes, continuous=continuous)
        return self.batches.next(), to_device(codes, self.device)

    def _penalty(self) -> Penalty | None:
        """The penalty, in D's steps in which it is due."""
        due = self.penalty is not None and self.discriminator_steps % self.penalty.every == 0
        self.discriminator_steps += 1
        return self.penalty if due else None

    def _decay(self, share: float) -> None:
        left = max(1 - share, 1e-9)  # Adam takes no rate of 0
        if self.config.learning_rate_decay == "linear":
            for clipped, rate in (
                (self.generator_optimizer, self.config.generator_learning_rate),
                (self.discriminator_optimizer, self.config.discriminator_learning_rate),
            ):
                clipped.optimizer.learning_rate = left * rate
        for layer in self.discriminator.layers:
            if isinstance(layer, GaussianNoise):
                layer.std = self.config.instance_noise * left


def _count_classes(conditional: type[Conditional] | None, labels: np.ndarray | None, data: str) -> int:
    if conditional is None:
        return 0
    return count_classes(labels, conditional=conditional.name, data=data) if conditional.labelled else CATEGORIES


def _optimizer(
    network: Network, config: ResolvedConfig, learning_rate: float, *, weights: float | None = None
) -> Clipped:
    return Clipped(
        Adam(network, learning_rate=learning_rate, beta1=config.beta1, beta2=config.beta2),
        gradient_value=config.clip_gradient_value,
        gradient_norm=config.clip_gradient_norm,
        weights=weights,
    )
