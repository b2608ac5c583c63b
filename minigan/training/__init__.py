"""Training: configuration, the steps, the loop, and what a run leaves behind."""

from .config import TrainConfig
from .history import History
from .loop import train
from .run import Run, load
from .simultaneous import simultaneous_step
from .steps import alternating_step, discriminator_step, generator_step
from .trainer import Trainer

__all__ = [
    "History",
    "Run",
    "TrainConfig",
    "Trainer",
    "alternating_step",
    "discriminator_step",
    "generator_step",
    "load",
    "simultaneous_step",
    "train",
]
