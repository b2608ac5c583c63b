"""Rules for options that must fit together; a rule for one option alone stands beside it in `options`."""

import numpy as np

from ..errors import InputError
from ..layers import MinibatchStd
from ..models import ModelSpec
from ..objectives import ELBO, Objective, SoftLabels
from ..objectives.conditional import get_conditional
from .options import Options
from .stop_when import EVALUATED, read_condition

# Options that only a game has, with the value that they have without one; None stands for that as well.
OF_A_GAME = {
    "update": "alternating",
    "discriminator_steps": 1,
    "discriminators": 1,
    "combine": "mean",
    "conditional": "none",
    "clusters": None,
    "recluster": None,
    "code_weight": None,
    "augment_shift": 0,
    "packing": 1,
    "spectral_norm": False,
    "minibatch_std": False,
    "penalty": "none",
    "clip_weights": None,
    "instance_noise": 0.0,
    "real_label": 1.0,
    "fake_label": 0.0,
    "label_noise": 0.0,
    "label_flip": 0.0,
}


def check(config: Options, *, spec: ModelSpec, objective: Objective | ELBO, soft_labels: dict[str, float]) -> None:
    """Raise ``InputError`` when two options of a configuration exclude each other."""
    if isinstance(objective, ELBO):
        check_autoencoder(config, spec)
    elif soft_labels:
        check_labels(config, objective, soft_labels)
    check_game(config)
    check_graph(config)
    check_conditional(config)
    check_stop_when(config, spec, objective)


def check_autoencoder(config: Options, spec: ModelSpec) -> None:
    """Check that nothing is asked of an autoencoder that only a game has."""
    for name, usual in OF_A_GAME.items():
        value = getattr(config, name)
        if value is not None and value != usual:
            raise InputError(
                f"{name}: expected {usual!r} for model {spec.name!r}, which has no discriminator, got {value!r}"
            )


def check_game(config: Options) -> None:
    """Check what the two players do in a step."""
    packing = config.packing or 1
    if config.batch_size % packing:
        raise InputError(f"packing: expected a divisor of the batch size {config.batch_size}, got {packing}")
    if config.minibatch_std and config.packing is not None:
        check_groups(config.batch_size, packing=config.packing)
    if config.combine == "max" and config.discriminators == 1:
        raise InputError("combine: expected 'mean' with one discriminator, got 'max'")
    if config.synchronised_batch_norm and not config.distributed:
        raise InputError("synchronised_batch_norm: expected False in a run that is not distributed, got True")
    if config.update != "simultaneous":
        return
    for name, reason in (
        ("discriminator_steps", "moves each player once"),
        ("discriminators", "needs one logit for each sample"),
    ):
        value = getattr(config, name)
        if value != 1:
            raise InputError(f"{name}: expected 1, because the simultaneous update {reason}, got {value}")


def check_groups(batch_size: int, *, packing: int, ranks: int = 1) -> None:
    """Check that `MinibatchStd` can divide what each rank has of a batch, samples or packs of samples, into groups.

    Raises
    ------
    InputError
        If it cannot.
    """
    group = MinibatchStd().group_size
    members = batch_size // (packing * ranks)
    if members > group and members % group:
        raise InputError(
            f"batch_size: expected a multiple of {group * packing * ranks}, or less than that, because minibatch_std "
            f"compares groups of {group}, got {batch_size}"
        )


def check_graph(config: Options) -> None:
    """Check that a step can be replayed as a graph (see `minigan.training.graph`)."""
    if not config.graph:
        return
    for name, reason in (
        ("plain", "the plain Adam moves its moments to a new place in every step"),
        ("spectral_norm", "CuPy records no product of a matrix and a vector"),
        ("distributed", "the processes exchange gradients through the host"),
    ):
        if getattr(config, name):
            raise InputError(f"graph: expected False with {name}, because {reason}, got True")


def check_conditional(config: Options) -> None:
    """Check what a conditional game needs."""
    if config.recluster is not None and config.clusters is None and config.conditional not in (None, "clusters"):
        raise InputError(f"recluster: expected None without clusters in the game, got {config.recluster!r}")
    if config.recluster and config.minibatch_std:
        raise InputError(
            "recluster: expected 0, because with minibatch_std the features of a sample depend on other samples, "
            f"got {config.recluster}"
        )
    game = get_conditional(config.conditional or "none")
    if game is None:
        if config.code_weight is not None:
            raise InputError(f"code_weight: expected None without a conditional game, got {config.code_weight!r}")
        if config.conditional == "none" and config.clusters is not None:
            raise InputError(f"clusters: expected None without clusters in the game, got {config.clusters!r}")
        return
    if game.classes_of == "chance" and config.clusters is not None:
        raise InputError(f"clusters: expected None, because {game.name!r} invents its classes, got {config.clusters!r}")
    if game.default_weight is None and config.code_weight is not None:
        raise InputError(
            f"code_weight: expected None, because {game.name!r} has no loss on classes, got {config.code_weight!r}"
        )
    if game.default_weight is not None and config.update == "simultaneous":
        raise InputError(
            f"update: expected 'alternating', because with {game.name!r} each player sends several numbers per sample "
            "back through the discriminator, got 'simultaneous'"
        )
    if config.discriminators > 1:
        raise InputError(
            "discriminators: expected 1, because a conditional game reads the outputs of the discriminator as one "
            f"logit and one code, got {config.discriminators}"
        )
    if config.packing not in (None, 1):
        raise InputError(
            "packing: expected 1, because a conditional discriminator judges every sample with its own code, "
            f"got {config.packing}"
        )


def check_stop_when(config: Options, spec: ModelSpec, objective: Objective | ELBO) -> None:
    """Check that the condition can ever hold: each kind of model has its columns, and some need evaluations."""
    if config.stop_when is None:
        return
    column = read_condition(config.stop_when).column
    known = (*objective.columns, *EVALUATED)
    if column not in known:
        raise InputError(f"stop_when: expected one of {', '.join(known)} for model {spec.name!r}, got {column!r}")
    if column in EVALUATED and config.evaluate_every is None:
        raise InputError(f"evaluate_every: expected a number of steps, because stop_when asks for {column}, got None")


def check_labels(config: Options, objective: Objective, soft_labels: dict[str, float]) -> None:
    """Check the labels that the discriminator is told, where they are not 1 and 0."""
    SoftLabels(objective, **soft_labels, rng=np.random.default_rng(0))
    if objective.name == "wasserstein":
        raise InputError(
            "real_label, fake_label, label_noise, label_flip: expected 1, 0, 0, 0, because the critic of "
            "'wasserstein' is told no labels; others would only scale its slope, got "
            f"{config.real_label:g}, {config.fake_label:g}, {config.label_noise:g}, {config.label_flip:g}"
        )
