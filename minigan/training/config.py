"""TrainConfig: everything that decides a training run, shared by `minigan.train` and the command line."""

import dataclasses
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from ..models import get_family
from ..objectives import get_objective


def option(default: Any, text: str) -> Any:
    """Declare a field with its default and the sentence that documents it."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Fields that are None take the default of the model; `resolve` fills them in."""

    model: str = option("hybrid", "generator and discriminator: hybrid, mlp, dcgan or infogan")
    data: str = option("mnist-5k", "mnist-5k (built in), mnist, a folder of IDX files, or an .npz with 'images'")
    objective: str = option("non-saturating", "losses of the game: non-saturating or minimax")
    steps: int | None = option(None, "stop after this many training steps (default: the model's own number)")
    seconds: float | None = option(None, "stop after this many seconds of training; with --steps, whichever is first")
    batch_size: int = option(64, "images per step, at least 2")
    latent_dim: int | None = option(None, "length of the noise vector z")
    learning_rate: float | None = option(None, "Adam's step size, for both players")
    beta1: float | None = option(None, "Adam's decay of the mean gradient, in [0, 1)")
    beta2: float | None = option(None, "Adam's decay of the mean squared gradient, in [0, 1)")
    average_decay: float | None = option(
        None, "decay of the generator's running average, from which samples are drawn, in [0, 1)"
    )
    augment_shift: int | None = option(
        None, "shift every image D sees by up to this many pixels, 0 for not at all (default: 2 on mnist-5k, else 0)"
    )
    seed: int = option(0, "of everything random; one seed gives one run")
    device: str = option("auto", "auto, cpu or cuda")
    out: str | None = option(None, "run folder to create")
    log_every: int = option(50, "steps between two lines of metrics.jsonl")
    quiet: bool = option(False, "print nothing")

    def __post_init__(self) -> None:
        get_family(self.model)
        get_objective(self.objective)
        for name in ("data", "out"):
            if isinstance(getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fspath(getattr(self, name)))
        for name, least in (("steps", 1), ("batch_size", 2), ("latent_dim", 1), ("log_every", 1), ("seed", 0)):
            value = getattr(self, name)
            self._check(name, _is_integer(value) and value >= least, f"an integer of at least {least}")
        shift = self.augment_shift
        self._check("augment_shift", _is_integer(shift) and 0 <= shift <= 8, "an integer from 0 to 8")  # type: ignore[operator]
        for name in ("seconds", "learning_rate"):
            value = getattr(self, name)
            self._check(name, _is_number(value) and 0 < value < np.inf, "a positive number")
        for name in ("beta1", "beta2", "average_decay"):
            value = getattr(self, name)
            self._check(name, _is_number(value) and 0 <= value < 1, "a number in [0, 1)")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device: expected 'auto', 'cpu' or 'cuda', got {self.device!r}")

    def _check(self, name: str, valid: bool, expected: str) -> None:
        value = getattr(self, name)
        if value is not None and not valid:
            raise InputError(f"{name}: expected {expected}, got {value!r}")

    def resolve(self, *, dataset: str, device: str) -> "TrainConfig":
        """Return a copy in which nothing is left open, for a data set of this name on a resolved device."""
        family = get_family(self.model)
        own = {
            name: getattr(family, name)
            for name in ("latent_dim", "learning_rate", "beta1", "beta2", "average_decay")
            if getattr(self, name) is None
        }
        if self.steps is None and self.seconds is None:
            own["steps"] = family.steps
        if self.augment_shift is None:
            own["augment_shift"] = 2 if dataset == "mnist-5k" else 0
        return dataclasses.replace(self, device=device, **own)


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or isinstance(value, (float, np.floating))
