"""Training: the configuration of a run, its game, and the steps of the two players."""

from .config import ResolvedConfig, TrainConfig
from .game import make_game, make_networks, make_objective
from .simultaneous import simultaneous_step
from .steps import Game, StepResult, alternating_step, discriminator_step, generator_step
from .updates import UPDATES

__all__ = [
    "UPDATES",
    "Game",
    "ResolvedConfig",
    "StepResult",
    "TrainConfig",
    "alternating_step",
    "discriminator_step",
    "generator_step",
    "make_game",
    "make_networks",
    "make_objective",
    "simultaneous_step",
]
