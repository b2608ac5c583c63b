"""Training: configuration, the two steps, the loop, and what a run leaves behind."""

from .config import TrainConfig
from .history import History
from .loop import train
from .run import Run, load
from .steps import discriminator_step, generator_step
from .trainer import Trainer

__all__ = ["History", "Run", "TrainConfig", "Trainer", "discriminator_step", "generator_step", "load", "train"]
