"""TrainConfig: everything that decides a training run, shared by `minigan.train` and the command line."""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from .. import validation
from ..errors import InputError
from ..models import MODELS, default_model, get_model_spec
from ..objectives import OBJECTIVES, Objective, SoftLabels
from ..objectives.conditional import CONDITIONALS, get_conditional
from ..objectives.ensemble import COMBINE
from ..objectives.penalties import PENALTIES, get_penalty


def option(default: Any, text: str) -> Any:
    """Declare a field with its default and the sentence that documents it."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Fields that are None take the default of the model; `resolve` fills them in."""

    model: str = option(  # None becomes the default for the data as soon as the config is made
        None,
        f"generator and discriminator: {', '.join(MODELS)} "
        "(default: points on ring and grid, dirac on dirac, else hybrid)",
    )
    as_published: bool = option(False, "build the write-ups as their articles published them, flaws included")
    plain: bool = option(False, "compute with the plain layers and the plain Adam, without the fast ones")
    data: str = option(
        "mnist-5k",
        "mnist-5k (built in), mnist, a folder of IDX files, an .npz with 'images', or a toy: ring, grid, dirac",
    )
    objective: str | None = option(
        None, f"losses of the game: {', '.join(OBJECTIVES)} (default: the model's own, mostly non-saturating)"
    )
    real_label: float = option(1.0, "label of real samples for D; below 1 is one-sided smoothing")
    fake_label: float = option(0.0, "label of fakes for D; above 0 as well is two-sided smoothing")
    label_noise: float = option(0.0, "D's labels move towards the other side by a draw from 0 to this")
    label_flip: float = option(0.0, "share of D's labels that are given the wrong way round, in [0, 1)")
    penalty: str | None = option(None, f"on D's slope: {', '.join(PENALTIES)}; r1:weight=10,every=4 sets its options")
    conditional: str | None = option(
        None, f"tell G what to draw: {', '.join(CONDITIONALS)}; the first two need labels (default: not at all)"
    )
    code_weight: float | None = option(
        None, "weight of the loss on classes or codes (default: 0.3 for ac-gan, 1 for infogan)"
    )
    update: str = option(
        "alternating", "alternating (D, then G against the new D) or simultaneous (both at once, a cheaper step)"
    )
    steps: int | None = option(None, "stop after this many training steps (default: the model's own number)")
    seconds: float | None = option(None, "stop after this many seconds of training; with --steps, whichever is first")
    batch_size: int = option(64, "images per step, at least 2")
    packing: int | None = option(
        None, "samples that D judges at once (PacGAN), a divisor of the batch size (default: 2 on points, else 1)"
    )
    latent_dim: int | None = option(None, "length of the noise vector z")
    discriminators: int = option(1, "discriminators that judge G at once, each learning by itself")
    combine: str = option("mean", "G's loss against several: their mean, or max, the one that G does worst against")
    discriminator_steps: int = option(1, "steps of D, each on a batch of its own, for one of G")
    learning_rate: float | None = option(None, "Adam's step size, for both players")
    generator_learning_rate: float | None = option(None, "Adam's step size for G, where it is another")
    discriminator_learning_rate: float | None = option(None, "Adam's step size for D, where it is another")
    learning_rate_decay: str = option("none", "none, or linear: to 0 at the end of the run")
    beta1: float | None = option(None, "Adam's decay of the mean gradient, in [0, 1)")
    beta2: float | None = option(None, "Adam's decay of the mean squared gradient, in [0, 1)")
    clip_gradient_norm: float | None = option(None, "bound on the norm of each player's gradient")
    clip_gradient_value: float | None = option(None, "bound on each element of each player's gradient")
    clip_weights: float | None = option(
        None, "bound on each of D's weights (default: 0.01 for wasserstein, unless something else bounds D)"
    )
    average_decay: float | None = option(
        None, "decay of the generator's running average, from which samples are drawn, in [0, 1)"
    )
    augment_shift: int | None = option(
        None, "shift every image D sees by up to this many pixels, 0 for not at all (default: 2 on mnist-5k, else 0)"
    )
    spectral_norm: bool = option(False, "divide each of D's weights by its largest singular value")
    minibatch_std: bool = option(False, "show D how much the samples of a group of 4 differ")
    instance_noise: float = option(
        0.0, "standard deviation of noise on every image D sees, at the start; it falls to 0 over the run"
    )
    seed: int = option(0, "of everything random; one seed gives one run")
    device: str = option("auto", "auto, cpu or cuda")
    out: str | None = option(None, "run folder to create")
    log_every: int = option(50, "steps between two lines of metrics.jsonl")
    quiet: bool = option(False, "print nothing")

    def __post_init__(self) -> None:
        if self.model is None:
            object.__setattr__(self, "model", default_model(str(self.data)))
        if self.update not in ("alternating", "simultaneous"):
            raise InputError(f"update: expected 'alternating' or 'simultaneous', got {self.update!r}")
        if self.update == "simultaneous" and self.discriminator_steps != 1:
            raise InputError("discriminator_steps: the simultaneous update moves both players at once, expected 1")
        self._check("discriminators", validation.integer)
        if self.combine not in COMBINE:
            raise InputError(f"combine: expected 'mean' or 'max', got {self.combine!r}")
        if self.discriminators == 1 and self.combine == "max":
            raise InputError("combine: 'max' is a choice among several discriminators, got discriminators=1")
        if self.update == "simultaneous" and self.discriminators > 1:
            raise InputError(
                "discriminators: the simultaneous update rescales the gradient of one logit per sample, and several "
                f"have one each; expected 1, got {self.discriminators}; 'alternating' takes any number"
            )
        if self.learning_rate_decay not in ("none", "linear"):
            raise InputError(f"learning_rate_decay: expected 'none' or 'linear', got {self.learning_rate_decay!r}")
        if self.penalty is not None:
            get_penalty(self.penalty)
        for name in ("data", "out"):
            value = getattr(self, name)
            if isinstance(value, os.PathLike):
                object.__setattr__(self, name, os.fspath(value))
            elif not (isinstance(value, str) and value) and not (name == "out" and value is None):
                raise InputError(f"{name}: expected a name or a path, got {value!r}")
        for name in ("as_published", "plain", "spectral_norm", "minibatch_std", "quiet"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}: expected True or False, got {getattr(self, name)!r}")
        objective = get_model_spec(self.model).get_objective(self.objective, as_published=self.as_published)
        for name, least in (("steps", 1), ("batch_size", 2), ("latent_dim", 1), ("log_every", 1), ("seed", 0)):
            self._check(name, partial(validation.integer, least=least))
        self._check("discriminator_steps", validation.integer)
        self._check("packing", validation.integer)
        if self.batch_size % (self.packing or 1):
            raise InputError(f"packing: expected a divisor of the batch size {self.batch_size}, got {self.packing}")
        numbers: dict[str, Callable[[str, Any], float]] = {
            "seconds": validation.positive,
            "learning_rate": validation.positive,
            "generator_learning_rate": validation.positive,
            "discriminator_learning_rate": validation.positive,
            "code_weight": validation.positive,
            "clip_gradient_norm": validation.positive,
            "clip_gradient_value": validation.positive,
            "clip_weights": validation.positive,
            "real_label": validation.finite,
            "fake_label": validation.finite,
            "label_noise": validation.finite,
            "label_flip": validation.fraction,
            "instance_noise": validation.not_negative,
            "beta1": validation.fraction,
            "beta2": validation.fraction,
            "average_decay": validation.fraction,
            "augment_shift": partial(validation.integer, least=0),
        }
        for name, check in numbers.items():
            self._check(name, check)
        if (self.augment_shift or 0) > 8:
            raise InputError(f"augment_shift: expected at most 8 pixels, got {self.augment_shift}")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device: expected 'auto', 'cpu' or 'cuda', got {self.device!r}")

        self._check_conditional()
        self._check_labels(objective)

    @property
    def network_options(self) -> dict[str, Any]:
        """Return the fields that shape the networks, as `build_networks` takes them."""
        names = ("latent_dim", "as_published", "instance_noise", "spectral_norm", "minibatch_std", "discriminators")
        return {
            "augment_shift": self.augment_shift or 0,
            "packing": self.packing or 1,
            "fast": not self.plain,
            **{name: getattr(self, name) for name in names},
        }

    @property
    def soft_labels(self) -> dict[str, float]:
        """Return the labels that D is told as `SoftLabels` takes them; empty where they are 1 and 0."""
        labels = {"real": self.real_label, "fake": self.fake_label, "noise": self.label_noise, "flip": self.label_flip}
        return {} if labels == {"real": 1.0, "fake": 0.0, "noise": 0.0, "flip": 0.0} else labels

    def _check_conditional(self) -> None:
        if self.conditional is None:
            if self.code_weight is not None:
                raise InputError(f"code_weight: expected None without a conditional game, got {self.code_weight!r}")
            return
        game = get_conditional(self.conditional)
        if self.code_weight is not None and game.default_weight is None:
            raise InputError(
                f"code_weight: {game.name!r} has no loss on codes, expected None, got {self.code_weight!r}"
            )
        if self.update == "simultaneous" and game.default_weight is not None:
            raise InputError(
                f"update: of {game.name!r} each player sends several numbers per sample back through D, and one pass "
                "cannot serve both; expected 'alternating'"
            )
        if self.discriminators > 1:
            raise InputError(
                "discriminators: a conditional game reads D's outputs as one logit and its code, expected 1, "
                f"got {self.discriminators}"
            )
        if self.packing is not None and self.packing != 1:
            raise InputError(
                f"packing: a conditional D judges each sample with a code of its own, expected 1, got {self.packing!r}"
            )

    def _check_labels(self, objective: Objective) -> None:
        if self.soft_labels:
            SoftLabels(objective, **self.soft_labels, rng=np.random.default_rng())
            if objective.name == "wasserstein":
                raise InputError(
                    "real_label, fake_label, label_noise, label_flip: the critic of 'wasserstein' is told no labels; "
                    "they would only scale its slope"
                )

    def _check(self, name: str, check: Callable[[str, Any], float]) -> None:
        """Check a field that is not left open, and keep its value in its plain type, which JSON can hold."""
        if getattr(self, name) is not None or getattr(TrainConfig, name) is not None:
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def resolve(self, *, dataset: str, device: str) -> "TrainConfig":
        """Return a copy in which nothing is left open, for a data set of this name on a resolved device."""
        family = get_model_spec(self.model)
        own = {
            name: getattr(family, name)
            for name in ("latent_dim", "packing", "learning_rate", "beta1", "beta2", "average_decay")
            if getattr(self, name) is None
        }
        if self.conditional is not None:
            own["packing"] = 1
            own["code_weight"] = self.code_weight or get_conditional(self.conditional).default_weight
        if self.steps is None and self.seconds is None:
            own["steps"] = family.steps
        own["objective"] = family.get_objective(self.objective, as_published=self.as_published).name
        rate = self.learning_rate or family.learning_rate
        for name in ("generator_learning_rate", "discriminator_learning_rate"):
            own[name] = getattr(self, name) or rate
        bounded = self.clip_weights is not None or self.penalty is not None or self.spectral_norm
        if self.objective == "wasserstein" and not bounded:
            own["clip_weights"] = 0.01
        if self.augment_shift is None:
            own["augment_shift"] = 2 if dataset == "mnist-5k" else 0
        return dataclasses.replace(self, device=device, **own)


ResolvedConfig: TypeAlias = Any  # for the time being: a `TrainConfig` in which nothing is left open
