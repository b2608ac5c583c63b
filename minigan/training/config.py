"""TrainConfig: everything that decides a training run, shared by `minigan.train` and the command line."""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import checks
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
    update: str = option(
        "alternating", "alternating (D, then G against the new D) or simultaneous (both at once, a cheaper step)"
    )
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
        if self.update not in ("alternating", "simultaneous"):
            raise InputError(f"update: expected 'alternating' or 'simultaneous', got {self.update!r}")
        for name in ("data", "out"):
            value = getattr(self, name)
            if isinstance(value, os.PathLike):
                object.__setattr__(self, name, os.fspath(value))
            elif not (isinstance(value, str) and value) and not (name == "out" and value is None):
                raise InputError(f"{name}: expected a name or a path, got {value!r}")
        if not isinstance(self.quiet, bool):
            raise InputError(f"quiet: expected True or False, got {self.quiet!r}")
        for name, least in (("steps", 1), ("batch_size", 2), ("latent_dim", 1), ("log_every", 1), ("seed", 0)):
            self._check(name, partial(checks.integer, least=least))
        numbers: dict[str, Callable[[str, Any], float]] = {
            "seconds": checks.positive,
            "learning_rate": checks.positive,
            "beta1": checks.fraction,
            "beta2": checks.fraction,
            "average_decay": checks.fraction,
            "augment_shift": partial(checks.integer, least=0),
        }
        for name, check in numbers.items():
            self._check(name, check)
        if (self.augment_shift or 0) > 8:
            raise InputError(f"augment_shift: expected at most 8 pixels, got {self.augment_shift}")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device: expected 'auto', 'cpu' or 'cuda', got {self.device!r}")

    def _check(self, name: str, check: Callable[[str, Any], float]) -> None:
        """Check a field that is not left open, and keep its value in its plain type, which JSON can hold."""
        if getattr(self, name) is not None or getattr(TrainConfig, name) is not None:
            object.__setattr__(self, name, check(name, getattr(self, name)))

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
