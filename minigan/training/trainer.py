"""Trainer: the whole state of a run, and one training step."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, Device, to_device
from ..datasets.batches import Batches
from ..datasets.dataset import Dataset
from ..layers.activations import sigmoid
from ..models import build_networks
from ..objectives import get_objective
from ..optimizers import Adam
from .average import RunningAverage
from .config import TrainConfig
from .simultaneous import check_uncoupled, simultaneous_step
from .steps import alternating_step


class StepMetrics(NamedTuple):
    """What one step saw, as 0-d arrays on the device: reading them is what would make the host wait."""

    d_loss: Array
    g_loss: Array
    d_real: Array  # mean D(x), in (0, 1)
    d_fake: Array  # mean D(G(z)), in (0, 1), before D's step


class Trainer:
    """Networks, optimisers, average, data and random state of one run.

    config : resolved (see `TrainConfig.resolve`)

    Four independent random streams come from the seed: initial weights, order of the data, noise z, and what the
    layers draw (dropout, shifts).

    Raises ``InputError`` for a simultaneous update of a discriminator with batch norm.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset) -> None:
        self.config = config
        self.device: Device = config.device  # type: ignore[assignment]
        init, order, self.noise, self.layer_draws = (
            np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(4)
        )
        self.generator, self.discriminator = build_networks(
            config.model,
            dataset.image_shape,
            rng=init,
            latent_dim=config.latent_dim,
            augment_shift=config.augment_shift or 0,
            device=self.device,
        )
        self.update = alternating_step
        if config.update == "simultaneous":
            check_uncoupled(self.discriminator)
            self.update = simultaneous_step
        self.batches = Batches(dataset.images, config.batch_size, rng=order, device=self.device)
        self.objective = get_objective(config.objective)
        adam = {"learning_rate": config.learning_rate, "beta1": config.beta1, "beta2": config.beta2}
        self.generator_adam = Adam(self.generator, **adam)  # type: ignore[arg-type]
        self.discriminator_adam = Adam(self.discriminator, **adam)  # type: ignore[arg-type]
        self.average = RunningAverage(self.generator, decay=config.average_decay)  # type: ignore[arg-type]

    def step(self) -> StepMetrics:
        """Let each player move once, one after the other or at once. One fake batch serves both."""
        x_real = self.batches.next()
        z = draw_noise(self.noise, self.config.batch_size, self.generator.input_shape[0], self.device)
        x_fake, caches_fake = self.generator.forward(z, train=True, rng=self.layer_draws)
        d_loss, g_loss, logits_real, logits_fake = self.update(
            self.generator,
            self.discriminator,
            self.generator_adam,
            self.discriminator_adam,
            self.objective,
            x_real,
            x_fake,
            caches_fake,
            rng=self.layer_draws,
        )
        self.average.update()
        return StepMetrics(d_loss, g_loss, sigmoid(logits_real).mean(), sigmoid(logits_fake).mean())


def draw_noise(rng: np.random.Generator, n: int, latent_dim: int, device: Device) -> Array:
    """Draw z (N, Z), standard normal float32, on the host, so that one seed gives one run on every device."""
    return to_device(rng.standard_normal((n, latent_dim), dtype=np.float32), device)
