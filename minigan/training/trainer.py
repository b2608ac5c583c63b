"""Trainer: the whole state of a run, and one training step."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, Device, to_device
from ..clipping import Clipped
from ..datasets.batches import Batches
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..layers import Caches, GaussianNoise, Network
from ..models import build_networks, get_family
from ..objectives import SoftLabels
from ..optimizers import Adam
from ..penalties import Penalty, check_penalised, get_penalty
from ..several import Several
from .average import RunningAverage
from .config import TrainConfig
from .simultaneous import check_uncoupled, simultaneous_step
from .steps import alternating_step, discriminator_step


class StepMetrics(NamedTuple):
    """What one step saw, as 0-d arrays on the device: reading them is what would make the host wait."""

    d_loss: Array  # of several discriminators the sum
    g_loss: Array
    d_real: Array  # mean D(x), a probability or a score (`Objective.output`), over several discriminators, too
    d_fake: Array  # mean D(G(z)), likewise, before D's step


class Trainer:
    """Networks, optimisers, average, data and random state of one run.

    config : resolved (see `TrainConfig.resolve`)

    Five independent random streams come from the seed: initial weights, order of the data, noise z, what the layers
    and penalties draw (dropout, shifts, points between samples), and labels.

    Raises ``InputError`` for a simultaneous update of a discriminator with batch norm or packing, and for a penalty on
    one whose layers are not all piecewise linear.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset | Points) -> None:
        self.config = config
        self.device: Device = config.device  # type: ignore[assignment]
        init, order, self.noise, self.layer_draws, labels = (
            np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(5)
        )
        self.generator, self.discriminator = build_networks(
            config.model,
            dataset.sample_shape,
            rng=init,
            **config.network_options,
            device=self.device,
        )
        self.update = alternating_step
        if config.update == "simultaneous":
            check_uncoupled(self.discriminator)
            self.update = simultaneous_step
        self.batches = Batches(dataset.samples, config.batch_size, rng=order, device=self.device)
        self.objective = get_family(config.model).get_objective(config.objective, corrected=config.corrected)
        if config.soft_labels:
            self.objective = SoftLabels(self.objective, **config.soft_labels, rng=labels)
        if config.discriminators > 1:
            self.objective = Several(self.objective, combine=config.combine)
        self.penalty = get_penalty(config.penalty) if config.penalty else None
        if self.penalty:
            check_penalised(self.discriminator)
        self.generator_optimizer = _optimizer(self.generator, config, config.generator_learning_rate)
        self.discriminator_optimizer = _optimizer(
            self.discriminator, config, config.discriminator_learning_rate, weights=config.clip_weights
        )
        self.discriminator_steps = 0  # taken so far
        self.average = RunningAverage(self.generator, decay=config.average_decay)  # type: ignore[arg-type]

    def step(self, share: float = 0.0) -> StepMetrics:
        """Let each player move once, one after the other or at once. One fake batch serves both.

        With more discriminator steps than one, D moves on other batches of both kinds before.

        share : of the run that is over, in [0, 1], by which rates and noise decay
        """
        self._decay(share)
        for _ in range(self.config.discriminator_steps - 1):
            discriminator_step(
                self.discriminator,
                self.discriminator_optimizer,
                self.objective,
                self.batches.next(),
                self._fakes()[0],
                penalty=self._penalty(),
                rng=self.layer_draws,
            )
        x_real = self.batches.next()
        x_fake, caches_fake = self._fakes()
        d_loss, g_loss, logits_real, logits_fake = self.update(
            self.generator,
            self.discriminator,
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.objective,
            x_real,
            x_fake,
            caches_fake,
            penalty=self._penalty(),
            rng=self.layer_draws,
        )
        self.average.update()
        d_real, d_fake = (self.objective.output(logits).mean() for logits in (logits_real, logits_fake))
        return StepMetrics(d_loss, g_loss, d_real, d_fake)

    def _fakes(self) -> tuple[Array, Caches]:
        z = draw_noise(self.noise, self.config.batch_size, self.generator.input_shape[0], self.device)
        return self.generator.forward(z, train=True, rng=self.layer_draws)

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
                clipped.optimizer.learning_rate = left * rate  # type: ignore[operator]
        for layer in self.discriminator.layers:
            if isinstance(layer, GaussianNoise):
                layer.std = self.config.instance_noise * left


def _optimizer(
    network: Network, config: TrainConfig, learning_rate: float | None, *, weights: float | None = None
) -> Clipped:
    adam = {"learning_rate": learning_rate, "beta1": config.beta1, "beta2": config.beta2}
    return Clipped(
        Adam(network, **adam),  # type: ignore[arg-type]
        gradient_value=config.clip_gradient_value,
        gradient_norm=config.clip_gradient_norm,
        weights=weights,
    )


def draw_noise(rng: np.random.Generator, n: int, latent_dim: int, device: Device) -> Array:
    """Draw z (N, Z), standard normal float32, on the host, so that one seed gives one run on every device."""
    return to_device(rng.standard_normal((n, latent_dim), dtype=np.float32), device)
