"""Training: the configuration of a run, its game, and the steps of the two players."""

from .config import ResolvedConfig, TrainConfig
from .simultaneous import simultaneous_step
from .steps import alternating_step, discriminator_step, generator_step

__all__ = [
    "ResolvedConfig",
    "TrainConfig",
    "alternating_step",
    "discriminator_step",
    "generator_step",
    "simultaneous_step",
]
