"""TrainConfig, what users write, and ResolvedConfig, the same with every open option filled in."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from .. import validation
from ..backend import Device
from ..errors import InputError
from ..models import ModelSpec, default_model, get_model_spec
from ..objectives import ELBO, Objective
from ..objectives.conditional import Projection, get_conditional
from . import rules
from .declare import check_options
from .options import Options

# Fields that are open until `resolve` takes them from the model.
MODEL_DEFAULTS = ("latent_dim", "packing", "learning_rate", "learning_rate_decay", "beta1", "beta2", "average_decay")
CLUSTERS = 100  # by default in the game that has them
WASSERSTEIN_CLIP = 0.01  # the bound on the critic's weights in Arjovsky et al. 2017, algorithm 1


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Options):
    """The options of one training run as users write them; None leaves an option open, or means "none".

    `minigan.train` takes these fields as its arguments, and ``minigan train --help`` lists them with their meaning.

    Raises
    ------
    InputError : an option has a value that does not fit, or two options do not fit together

    >>> config = TrainConfig(data="ring", steps=100).resolve(dataset="ring", device="cpu")
    >>> config.model, config.steps, config.packing
    ('points', 100, 2)
    """

    def __post_init__(self) -> None:
        check_options(self, Options)
        rules.check(self, spec=self.spec, objective=self.base_objective, soft_labels=self.soft_labels)

    @property
    def spec(self) -> ModelSpec:
        """The networks and the defaults of the model; an open model follows from the data and the game."""
        return get_model_spec(self.model or default_model(self.data, pairs=self._judges_pairs))

    @property
    def base_objective(self) -> Objective | ELBO:
        """The ELBO, or the losses before soft labels, several discriminators or a condition change them."""
        return self.spec.get_objective(self.objective, as_published=self.as_published)

    @property
    def losses(self) -> Objective:
        """The losses of the two players, as `base_objective` has them.

        Raises
        ------
        InputError : the model is an autoencoder, in which nobody judges samples
        """
        objective = self.base_objective
        if isinstance(objective, ELBO):
            raise InputError("model: expected one with a discriminator that judges samples, got an autoencoder")
        return objective

    @property
    def soft_labels(self) -> dict[str, float]:
        """The labels that D is told, as `SoftLabels` takes them; empty where they are 1 and 0."""
        labels = {"real": self.real_label, "fake": self.fake_label, "noise": self.label_noise, "flip": self.label_flip}
        return {} if labels == {"real": 1.0, "fake": 0.0, "noise": 0.0, "flip": 0.0} else labels

    def resolve(self, *, dataset: str, device: Device) -> "ResolvedConfig":
        """Fill in every open option.

        Parameters
        ----------
        dataset : the name of the data set that was loaded
        device : the device that was found, "cpu" or "cuda"

        Returns
        -------
        The configuration in which nothing is open. Resolving it again changes nothing.
        """
        spec, objective = self.spec, self.base_objective.name
        rate = self.learning_rate or spec.learning_rate
        defaults: dict[str, Any] = {name: getattr(spec, name) for name in MODEL_DEFAULTS}
        defaults |= {
            "model": spec.name,
            "objective": objective,
            "generator_learning_rate": rate,
            "discriminator_learning_rate": rate,
            "augment_shift": 1 if dataset == "mnist-5k" and not spec.autoencodes else 0,
        }
        if self.steps is None and self.seconds is None:
            defaults["steps"] = spec.steps
        defaults["conditional"] = self.conditional or self._default_conditional()
        conditional = get_conditional(defaults["conditional"])
        if conditional is not None:
            defaults["packing"] = 1
            defaults["code_weight"] = conditional.default_weight
            if conditional.classes_of == "clusters":
                defaults["clusters"] = CLUSTERS
                defaults["recluster"] = 0 if self.minibatch_std else spec.recluster
            elif self.clusters:
                defaults["recluster"] = 0
        defaults["penalty"] = "none" if self.minibatch_std or objective == "wasserstein" else spec.penalty
        if objective == "wasserstein" and self.penalty in (None, "none") and not self.spectral_norm:
            defaults["clip_weights"] = WASSERSTEIN_CLIP
        written = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        said = {name: value for name, value in written.items() if value is not None}
        return ResolvedConfig(**{**defaults, **said, "device": device})

    def _default_conditional(self) -> str:
        """Return the conditional game of the model, or "none" where it does not fit the other options."""
        return self.spec.conditional if self._has_room_for_classes else "none"

    @property
    def _has_room_for_classes(self) -> bool:
        return self.discriminators == 1 and self.packing in (None, 1) and not self.as_published

    @property
    def _judges_pairs(self) -> bool:
        if self.conditional is None:
            return self._has_room_for_classes
        game = get_conditional(self.conditional)
        return game is not None and issubclass(game, Projection)


@dataclass(frozen=True, kw_only=True)
class ResolvedConfig(TrainConfig):
    """The options of one training run with nothing left open: None can only mean "none"."""

    model: str = field()
    objective: str = field()
    device: Device = field()
    conditional: str = field()
    penalty: str = field()
    learning_rate_decay: str = field()
    augment_shift: int = field()
    latent_dim: int = field()
    packing: int = field()
    learning_rate: float = field()
    generator_learning_rate: float = field()
    discriminator_learning_rate: float = field()
    beta1: float = field()
    beta2: float = field()
    average_decay: float = field()

    def __post_init__(self) -> None:
        super().__post_init__()
        validation.one_of("device", self.device, ("cpu", "cuda"))
        if self.graph and self.device == "cpu":
            raise InputError("graph: expected False on a CPU, because only a GPU replays a graph, got True")
        if self.steps is None and self.seconds is None:
            raise InputError("steps, seconds: expected a number for at least one of them, got None for both")

    @property
    def network_options(self) -> dict[str, Any]:
        """The options that shape the networks, as `build_networks` takes them."""
        names = (
            "latent_dim",
            "augment_shift",
            "instance_noise",
            "packing",
            "spectral_norm",
            "minibatch_std",
            "discriminators",
            "as_published",
        )
        return {name: getattr(self, name) for name in names} | {"fast": not self.plain}
