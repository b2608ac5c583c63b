"""The settings of a game that is played: what the reader can change, each with its default and its limits."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np

from .. import validation
from ..datasets import MODES, Points, load_dataset
from ..errors import InputError
from ..objectives import OBJECTIVES
from ..objectives.penalties import PENALTIES
from ..training import ResolvedConfig, TrainConfig

TOYS = tuple(name for name, modes in MODES.items() if modes.centres.shape[1] == 2)
DRAWN = "drawn"  # the data that the reader draws
VIEW = 1.25  # what is drawn lies in [-VIEW, VIEW]^2
MOST_POINTS = 4000  # that the reader draws
MOST_STEPS, MOST_BATCH, MOST_PACKING = 10, 512, 4


def setting(default: Any, check: Callable[[str, Any], Any]) -> Any:
    """Declare one setting; ``check`` takes its name and a value, and returns the value or raises ``InputError``."""
    return field(default=default, metadata={"check": check})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a game: options of `minigan.TrainConfig` and two that only a live game has.

    A change of ``packing`` or ``seed`` needs new networks. All others change while the same two networks go on.

    Parameters
    ----------
    data : a toy set in the plane, or "drawn"
    objective, penalty, discriminator_learning_rate, generator_learning_rate, discriminator_steps, batch_size, packing,
        seed : as in `minigan.train`
    penalty_weight : the factor of the penalty, above 0
    generator_steps : steps of G in each round, after those of D

    Raises
    ------
    InputError : a setting is out of its range
    """

    data: str = setting(TOYS[0], partial(validation.one_of, choices=(*TOYS, DRAWN)))
    objective: str = setting("non-saturating", partial(validation.one_of, choices=OBJECTIVES))
    penalty: str = setting("none", partial(validation.one_of, choices=("none", *PENALTIES)))
    penalty_weight: float = setting(1.0, validation.positive)
    discriminator_learning_rate: float = setting(1e-3, validation.positive)
    generator_learning_rate: float = setting(1e-3, validation.positive)
    discriminator_steps: int = setting(1, partial(validation.integer, most=MOST_STEPS))
    generator_steps: int = setting(1, partial(validation.integer, most=MOST_STEPS))
    batch_size: int = setting(64, partial(validation.integer, least=2, most=MOST_BATCH))
    packing: int = setting(2, partial(validation.integer, most=MOST_PACKING))
    seed: int = setting(0, partial(validation.integer, least=0))

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, each.metadata["check"](each.name, getattr(self, each.name)))
        self.resolve()

    def resolve(self) -> ResolvedConfig:
        """Return the configuration of a training run that plays the same game, but for ``generator_steps``.

        Raises
        ------
        InputError : two settings do not fit together
        """
        penalty = self.penalty if self.penalty == "none" else f"{self.penalty}:weight={self.penalty_weight!r}"
        options = TrainConfig(
            model="points",
            data=self.data,
            objective=self.objective,
            penalty=penalty,
            discriminator_learning_rate=self.discriminator_learning_rate,
            generator_learning_rate=self.generator_learning_rate,
            discriminator_steps=self.discriminator_steps,
            batch_size=self.batch_size,
            packing=self.packing,
            seed=self.seed,
        )
        return options.resolve(dataset=self.data, device="cpu")

    def needs_new_networks(self, before: "Settings") -> bool:
        """Return whether the networks of a game with other settings cannot go on with these."""
        return (self.packing, self.seed) != (before.packing, before.seed)


def read_settings(value: Any) -> Settings:
    """Return settings from what JSON held; those that are left out have their defaults.

    Raises
    ------
    InputError : it is no object, or a name or a value does not fit
    """
    if not isinstance(value, dict):
        raise InputError(f"settings: expected an object, got {validation.shown(value)}")
    known = [each.name for each in fields(Settings)]
    for name in value:
        if name not in known:
            raise InputError(f"settings: expected names out of {', '.join(known)}, got {validation.shown(name)}")
    return Settings(**value)


def read_points(value: Any) -> np.ndarray:
    """Return drawn points, (n, 2) float32, from what JSON held.

    Raises
    ------
    InputError : it is no list of 1 to 4,000 pairs of numbers in [-VIEW, VIEW]
    """
    expected = f"points: expected 1 to {MOST_POINTS} pairs of numbers from {-VIEW} to {VIEW}"
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_POINTS:
        raise InputError(f"{expected}, got {len(value) if isinstance(value, list) else validation.shown(value)}")
    try:
        points = np.array(value)
    except ValueError:  # the lists differ in length
        points = np.empty(0)
    if points.dtype.kind not in "if" or points.ndim != 2 or points.shape[1] != 2 or not (abs(points) <= VIEW).all():
        raise InputError(f"{expected}, got {validation.shown(value)}")
    return points.astype(np.float32)


def find_data(settings: Settings, points: np.ndarray | None) -> Points:
    """Return the data of a game; ``points`` are what the reader drew, repeated so that they fill the largest batch.

    Raises
    ------
    InputError : nothing is drawn yet
    """
    if settings.data != DRAWN:
        found = load_dataset(settings.data)
        assert isinstance(found, Points)
        return found
    if points is None:
        raise InputError("points: expected some for data 'drawn', got none")
    return Points(DRAWN, np.tile(points, (-(-MOST_BATCH // len(points)), 1)))
