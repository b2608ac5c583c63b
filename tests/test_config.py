"""TrainConfig: what is left out is filled in, and what is wrong is said by name, value and expectation."""

import dataclasses
import re
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.models import MODELS
from minigan.objectives import OBJECTIVES, PENALTIES
from minigan.objectives.conditional import CONDITIONALS
from minigan.objectives.ensemble import COMBINE
from minigan.training import UPDATES, ResolvedConfig
from minigan.training.declare import GROUPS

FIELDS = {field.name: field for field in dataclasses.fields(TrainConfig)}
MODEL_FIELDS = ("latent_dim", "packing", "learning_rate", "beta1", "beta2", "average_decay")


def test_defaults():
    assert dataclasses.asdict(TrainConfig()) == {
        "model": None,
        "data": "mnist-5k",
        "as_published": False,
        "plain": False,
        "objective": None,
        "real_label": 1.0,
        "fake_label": 0.0,
        "label_noise": 0.0,
        "label_flip": 0.0,
        "penalty": None,
        "conditional": None,
        "clusters": None,
        "recluster": None,
        "code_weight": None,
        "update": "alternating",
        "steps": None,
        "seconds": None,
        "batch_size": 64,
        "packing": None,
        "latent_dim": None,
        "discriminators": 1,
        "combine": "mean",
        "discriminator_steps": 1,
        "learning_rate": None,
        "generator_learning_rate": None,
        "discriminator_learning_rate": None,
        "learning_rate_decay": None,
        "beta1": None,
        "beta2": None,
        "clip_gradient_norm": None,
        "clip_gradient_value": None,
        "clip_weights": None,
        "average_decay": None,
        "augment_shift": None,
        "spectral_norm": False,
        "minibatch_std": False,
        "synchronised_batch_norm": False,
        "instance_noise": 0.0,
        "seed": 0,
        "device": "auto",
        "graph": False,
        "out": None,
        "stop_when": None,
        "log_every": 50,
        "evaluate_every": None,
        "checkpoint_every": 30.0,
        "distributed": False,
        "keep_checkpoints": 2,
        "overwrite": False,
        "quiet": False,
    }


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_field_is_documented_by_sentences(field):
    text = field.metadata["help"]
    assert text == " ".join(text.split())
    assert text[0].isupper()
    assert text.endswith(".")
    if field.default is None and field.name not in ("seconds",):
        assert "Default: " in text  # what an open option becomes


def test_groups():
    """The five options that most runs need come first, and every group is short enough to be read."""
    assert list(FIELDS)[:5] == ["model", "data", "steps", "seed", "out"]
    found = [field.metadata["group"] for field in FIELDS.values()]
    assert list(dict.fromkeys(found)) == list(GROUPS)
    assert found == sorted(found, key=list(GROUPS).index)
    assert max(found.count(group) for group in GROUPS) <= 10


@pytest.mark.parametrize(
    ("name", "registry"),
    [("model", MODELS), ("objective", OBJECTIVES), ("conditional", ["none", *CONDITIONALS]), ("combine", COMBINE)],
)
def test_choices_are_those_of_the_registry(name, registry):
    assert list(FIELDS[name].metadata["choices"]) == list(registry)


@pytest.mark.parametrize("name", PENALTIES)
def test_help_names_every_penalty(name):
    """A penalty takes options, so its text is no choice."""
    assert FIELDS["penalty"].metadata["choices"] is None
    assert f" {name}" in FIELDS["penalty"].metadata["help"]
    assert TrainConfig(penalty=f"{name}:every=2").penalty == f"{name}:every=2"


def test_every_update_is_a_choice():
    """They are written out there, because a configuration is read where nothing trains."""
    assert FIELDS["update"].metadata["choices"] == tuple(UPDATES)


def test_an_objective_of_ones_own_is_a_choice(monkeypatch):
    mine = type(OBJECTIVES["hinge"])()
    monkeypatch.setitem(OBJECTIVES, "mine", mine)
    assert TrainConfig(objective="mine").base_objective is mine
    assert "mine" in FIELDS["objective"].metadata["choices"]


MOST = {"latent_dim": 100_000, "discriminators": 1000, "discriminator_steps": 1000}
INTEGERS = {
    "steps": 1, "batch_size": 2, "latent_dim": 1, "log_every": 1, "evaluate_every": 1, "seed": 0,
    "discriminator_steps": 1,
}  # fmt: skip
BAD = [
    *[
        (name, value, f"an integer from {least} to {MOST[name]}" if name in MOST else f"an integer of at least {least}")
        for name, least in INTEGERS.items()
        for value in (least - 1, -3, 2.0, "8", True, float("nan"))
    ],
    *[(name, most + 1, f"an integer from 1 to {most}") for name, most in MOST.items()],
    *[("augment_shift", value, "an integer from 0 to 8") for value in (-1, 9, 1.5, "2", True)],
    *[
        (name, value, "a positive number")
        for name in (
            "seconds",
            "learning_rate",
            "generator_learning_rate",
            "discriminator_learning_rate",
            "code_weight",
            "clip_gradient_norm",
            "clip_gradient_value",
            "clip_weights",
        )
        for value in (0, -1.0, float("nan"), float("inf"), "1", True)
    ],
    *[
        (name, value, "a number in [0, 1)")
        for name in ("beta1", "beta2", "average_decay", "label_flip")
        for value in (-0.1, 1, 1.0, 2, float("nan"), "0.5", False)
    ],
    *[("device", value, "one of auto, cpu, cuda") for value in ("gpu", "", None, 0)],
    *[("model", value, f"one of {', '.join(MODELS)}") for value in ("gan", "", 0)],
    *[("learning_rate_decay", value, "one of none, linear") for value in ("cosine", "")],
    *[("combine", value, "one of mean, max") for value in ("min", None)],
    *[(name, value, "True or False") for name in ("as_published", "plain", "quiet") for value in (1, "yes", None)],
    *[("data", value, "a name or a path") for value in ("", None, 3)],
    ("out", "", "a name or a path"),
    ("instance_noise", -0.1, "a number of at least 0"),
    *[("update", value, "one of alternating, simultaneous") for value in ("both", "", None, 1)],
    *[("objective", value, f"one of {', '.join(OBJECTIVES)}") for value in ("wgan", "")],
]


@pytest.mark.parametrize(("name", "value", "expected"), BAD)
def test_refuses(name, value, expected):
    with pytest.raises(InputError, match=f"^{re.escape(f'{name}: expected {expected}, got {value!r}')}$"):
        TrainConfig(**{name: value})


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 1, "batch_size": 2, "latent_dim": 1, "log_every": 1, "seed": 0, "augment_shift": 0},
        {"augment_shift": 8, "seed": 2**40, "seconds": 1e-3, "learning_rate": 1e-9},
        {"beta1": 0, "beta2": 0.0, "average_decay": 0, "seconds": 1},
        {"beta1": 0.9999, "device": "cpu", "quiet": True},
    ],
)
def test_takes_the_ends_of_every_range(options):
    config = TrainConfig(**options)
    assert {name: getattr(config, name) for name in options} == options


@pytest.mark.parametrize("name", ["batch_size", "seed", "log_every"])
def test_refuses_none(name):
    with pytest.raises(InputError, match=f"{name}: expected an integer of at least"):
        TrainConfig(**{name: None})


def test_paths_become_text():
    config = TrainConfig(data=Path("some") / "digits.npz", out=Path("runs") / "first")
    assert config.data == str(Path("some") / "digits.npz")
    assert config.out == str(Path("runs") / "first")
    assert type(config.data) is type(config.out) is str


def test_frozen_and_keyword_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().steps = 3
    with pytest.raises(TypeError, match="positional"):
        TrainConfig("mlp")
    with pytest.raises(TypeError, match="epochs"):
        TrainConfig(epochs=3)


@pytest.mark.parametrize("model", MODELS)
def test_resolve_takes_the_defaults_of_the_model(model):
    open_config = TrainConfig(model=model)
    config = open_config.resolve(dataset="mnist", device="cpu")
    for name in (*MODEL_FIELDS, "steps"):
        assert getattr(config, name) == getattr(MODELS[model], name)
        assert getattr(open_config, name) is None
    assert config.device == "cpu"
    assert config.resolve(dataset="mnist", device="cpu") == config


def test_resolve_keeps_what_was_said():
    said = {"latent_dim": 7, "learning_rate": 0.3, "beta1": 0.0, "beta2": 0.0, "average_decay": 0.0, "steps": 5}
    config = TrainConfig(augment_shift=3, seed=4, out="x", **said).resolve(dataset="mnist-5k", device="cuda")
    assert {name: getattr(config, name) for name in said} == said
    assert (config.augment_shift, config.seed, config.out, config.device) == (3, 4, "x", "cuda")


@pytest.mark.parametrize(
    ("dataset", "said", "expected"),
    [("mnist-5k", None, 1), ("mnist", None, 0), ("array", None, 0), ("mnist-5k", 0, 0), ("mnist", 4, 4)],
)
def test_augment_shift_by_data_set(dataset, said, expected):
    config = TrainConfig(augment_shift=said).resolve(dataset=dataset, device="cpu")
    assert config.augment_shift == expected


@pytest.mark.parametrize(
    ("data", "model"),
    [("mnist-5k", "conv"), ("ring", "points"), ("grid", "points"), ("dirac", "dirac"), ("./ring", "conv")],
)
def test_the_default_model_follows_the_data(data, model):
    assert TrainConfig(data=data).spec is MODELS[model]
    assert TrainConfig(data=data, model="mlp").spec is MODELS["mlp"]
    assert TrainConfig(data=data).resolve(dataset=data, device="cpu").model == model


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ({"conditional": "clusters"}, "conv"),
        ({"conditional": "projection"}, "conv"),
        ({"conditional": "projection", "clusters": 5, "objective": "hinge"}, "conv"),
        ({"conditional": "none"}, "hybrid"),
        ({"conditional": "ac-gan"}, "hybrid"),
        ({"conditional": "infogan"}, "hybrid"),
        ({"discriminators": 3}, "hybrid"),
        ({"packing": 2}, "hybrid"),
    ],
)
def test_the_default_model_follows_the_game(said, model):
    """The convolutional D is for games in which it judges pairs of a sample and its class."""
    config = TrainConfig(**said).resolve(dataset="mnist-5k", device="cpu")
    assert config.model == model
    assert config.resolve(dataset="mnist-5k", device="cpu") == config


@pytest.mark.parametrize(
    ("said", "steps", "seconds"),
    [
        ({}, MODELS["conv"].steps, None),
        ({"steps": 3}, 3, None),
        ({"seconds": 2.5}, None, 2.5),  # a time alone has no bound in steps
        ({"steps": 3, "seconds": 2.5}, 3, 2.5),
    ],
)
def test_steps_and_seconds(said, steps, seconds):
    config = TrainConfig(**said).resolve(dataset="mnist-5k", device="cpu")
    assert (config.steps, config.seconds) == (steps, seconds)


@pytest.mark.parametrize("model", MODELS)
def test_the_defaults_of_a_model_are_in_range(model):
    spec = MODELS[model]
    TrainConfig(model=model, steps=spec.steps, **{name: getattr(spec, name) for name in MODEL_FIELDS})


def test_numpy_numbers_become_plain():
    config = TrainConfig(steps=np.int64(3), learning_rate=np.float32(0.5), beta1=np.float64(0.5))
    assert (config.steps, config.learning_rate, config.beta1) == (3, 0.5, 0.5)
    assert [type(value) for value in (config.steps, config.learning_rate, config.beta1)] == [int, float, float]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"update": "simultaneous", "discriminator_steps": 2},
            "discriminator_steps: expected 1, because the simultaneous update moves each player once, got 2",
        ),
        ({"real_label": 0.5, "fake_label": 0.6}, "real_label, fake_label: expected 0 <= fake < real <= 1"),
        ({"label_noise": -0.1}, "label_noise: expected a number in"),
        (
            {"objective": "wasserstein", "label_flip": 0.1},
            "real_label, fake_label, label_noise, label_flip: expected 1, 0, 0, 0, because the critic of 'wasserstein'",
        ),
        ({"combine": "max"}, "combine: expected 'mean' with one discriminator, got 'max'"),
        (
            {"discriminators": 2, "update": "simultaneous"},
            "discriminators: expected 1, because the simultaneous update needs one logit for each sample, got 2",
        ),
        ({"penalty": "r7"}, "penalty: expected one of r1, r2"),
        (
            {"conditional": "cgan"},
            "conditional: expected one of none, clusters, projection, ac-gan, infogan, got 'cgan'",
        ),
        ({"code_weight": 0.5}, "code_weight: expected None without a conditional game, got 0.5"),
        (
            {"conditional": "projection", "code_weight": 1.0},
            "code_weight: expected None, because 'projection' has no loss on classes, got 1.0",
        ),
        ({"conditional": "infogan", "code_weight": -1}, "code_weight: expected a positive number, got -1"),
        (
            {"conditional": "ac-gan", "packing": 2},
            "packing: expected 1, because a conditional discriminator judges every sample",
        ),
        (
            {"conditional": "ac-gan", "discriminators": 2},
            "discriminators: expected 1, because a conditional game reads the outputs of the discriminator",
        ),
        ({"conditional": "ac-gan", "update": "simultaneous"}, "update: expected 'alternating', because with 'ac-gan'"),
        ({"penalty": "r1:gamma"}, "penalty: expected weight=NUMBER"),
    ],
)
def test_refuses_together(options, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        TrainConfig(**options)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (1e-3, 1e-3)),
        ({"learning_rate": 0.1}, (0.1, 0.1)),
        ({"learning_rate": 0.1, "generator_learning_rate": 0.2}, (0.2, 0.1)),
        ({"discriminator_learning_rate": 0.3}, (1e-3, 0.3)),
    ],
)
def test_two_learning_rates(said, expected):
    config = TrainConfig(**said).resolve(dataset="mnist", device="cpu")
    assert (config.generator_learning_rate, config.discriminator_learning_rate) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, None),
        ({"objective": "wasserstein"}, 0.01),
        ({"objective": "wasserstein", "penalty": "wgan-gp"}, None),
        ({"objective": "wasserstein", "spectral_norm": True}, None),
        ({"objective": "wasserstein", "clip_weights": 0.1}, 0.1),
        ({"objective": "hinge", "clip_weights": 0.1}, 0.1),
    ],
)
def test_weight_clipping_by_objective(said, expected):
    assert TrainConfig(**said).resolve(dataset="mnist", device="cpu").clip_weights == expected


@pytest.mark.parametrize(("data", "said", "expected"), [("ring", None, 2), ("grid", 1, 1), ("mnist", None, 1)])
def test_packing_by_data(data, said, expected):
    assert TrainConfig(data=data, packing=said).resolve(dataset=data, device="cpu").packing == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (None, 2)),
        ({"conditional": "projection"}, (None, 1)),
        ({"conditional": "ac-gan"}, (0.3, 1)),
        ({"conditional": "infogan"}, (1.0, 1)),
        ({"conditional": "infogan", "code_weight": 0.4, "packing": 1}, (0.4, 1)),
    ],
)
def test_conditional_defaults(said, expected):
    config = TrainConfig(data="ring", **said).resolve(dataset="ring", device="cpu")
    assert (config.code_weight, config.packing) == expected
    assert config.resolve(dataset="ring", device="cpu") == config


def test_packing_divides_the_batch():
    with pytest.raises(InputError, match="packing: expected a divisor of the batch size 64, got 3"):
        TrainConfig(packing=3)
    with pytest.raises(InputError, match="packing: expected a divisor of the batch size 7, got 2"):
        TrainConfig(data="ring", batch_size=7).resolve(dataset="ring", device="cpu")


@pytest.mark.parametrize(("batch_size", "packing", "multiple"), [(6, 1, 4), (5, 1, 4), (12, 2, 8), (18, 3, 12)])
def test_minibatch_std_divides_the_batch_into_groups(batch_size, packing, multiple):
    options = {"minibatch_std": True, "conditional": "none", "packing": packing}
    with pytest.raises(InputError) as caught:
        TrainConfig(**options, batch_size=batch_size)
    assert str(caught.value) == (
        f"batch_size: expected a multiple of {multiple}, or less than that, because minibatch_std compares groups of "
        f"4, got {batch_size}"
    )
    for fitting in (multiple, 2 * multiple, 3 * packing, 2 * packing):
        TrainConfig(**options, batch_size=fitting)


def test_groups_are_checked_with_the_packing_of_the_model():
    """Points are packed in pairs: 6 points are 3 pairs, one group; 12 points are 6 pairs."""
    for batch_size, fits in ((6, True), (12, False)):
        with nullcontext() if fits else pytest.raises(InputError, match=r"^batch_size: expected a multiple of 8, or"):
            TrainConfig(data="ring", minibatch_std=True, batch_size=batch_size).resolve(dataset="ring", device="cpu")


OPEN_IN_A_RESOLVED_CONFIG = {
    "steps", "seconds", "out", "clusters", "recluster", "code_weight",
    "clip_gradient_norm", "clip_gradient_value", "clip_weights", "stop_when", "evaluate_every",
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_open_in_a_resolved_config(model):
    config = TrainConfig(model=model).resolve(dataset="mnist", device="cpu")
    assert type(config) is ResolvedConfig
    assert {name for name in FIELDS if getattr(config, name) is None} <= OPEN_IN_A_RESOLVED_CONFIG
    for name in set(FIELDS) - OPEN_IN_A_RESOLVED_CONFIG:
        with pytest.raises(InputError, match=f"^{name}: expected .*, got None$"):
            dataclasses.replace(config, **{name: None})
        if FIELDS[name].default is None:
            options = dataclasses.asdict(config)
            del options[name]
            with pytest.raises(TypeError, match=name):
                ResolvedConfig(**options)


def test_the_types_of_a_resolved_config_say_so():
    """What may be None by its type may be None by its check, and nothing else."""
    types = {field.name: str(field.type) for field in dataclasses.fields(ResolvedConfig)}
    assert {name for name, kind in types.items() if "None" in kind} == OPEN_IN_A_RESOLVED_CONFIG
    assert list(types) == list(FIELDS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "auto"}, "device: expected one of cpu, cuda, got 'auto'"),
        ({"steps": None}, "steps, seconds: expected a number for at least one of them, got None for both"),
        ({"packing": 3}, "packing: expected a divisor of the batch size 64, got 3"),
    ],
)
def test_a_resolved_config_is_checked_as_well(changes, message):
    config = TrainConfig().resolve(dataset="mnist", device="cpu")
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        dataclasses.replace(config, **changes)


def test_network_options():
    config = TrainConfig(plain=True, packing=4, spectral_norm=True).resolve(dataset="mnist-5k", device="cpu")
    options = config.network_options
    assert options.pop("fast") is False
    assert {name: options[name] for name in ("packing", "spectral_norm", "augment_shift")} == {
        "packing": 4, "spectral_norm": True, "augment_shift": 1,
    }  # fmt: skip
    assert TrainConfig().resolve(dataset="mnist", device="cpu").network_options["fast"] is True


@pytest.mark.parametrize(
    ("options", "game"),
    [
        ({}, "clusters"),
        ({"model": "hybrid"}, "clusters"),
        ({"model": "hybrid", "objective": "hinge", "penalty": "r1"}, "clusters"),
        ({"conditional": "none"}, "none"),
        ({"conditional": "projection"}, "projection"),
        ({"discriminators": 3}, "none"),
        ({"packing": 2}, "none"),
        ({"model": "points"}, "none"),
        ({"model": "writeup-1", "as_published": True}, "none"),
    ],
)
def test_clusters_are_the_default_of_models_that_profit(options, game):
    """Where another option excludes a conditional game, the default is the game without classes."""
    config = TrainConfig(**options).resolve(dataset="mnist", device="cpu")
    assert config.conditional == game
    assert config.clusters == (100 if game == "clusters" else None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conditional": "none", "clusters": 5}, "clusters: expected None without clusters in the game, got 5"),
        ({"conditional": "infogan", "clusters": 5}, "clusters: expected None, because 'infogan' invents its classes"),
        ({"clusters": 1}, "clusters: expected an integer from 2 to 10000, got 1"),
        ({"conditional": "none", "recluster": 2}, "recluster: expected None without clusters in the game, got 2"),
        ({"conditional": "projection", "recluster": 2}, "recluster: expected None without clusters in the game, got 2"),
        ({"minibatch_std": True, "recluster": 2}, "recluster: expected 0, because with minibatch_std"),
    ],
)
def test_clusters_belong_to_their_game(options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        TrainConfig(**options)
    assert TrainConfig(clusters=30).resolve(dataset="mnist", device="cpu").clusters == 30


@pytest.mark.parametrize(
    ("options", "recluster"),
    [
        ({"model": "conv"}, 2),
        ({"model": "conv", "conditional": "projection", "clusters": 5}, 0),
        ({"model": "conv", "conditional": "projection", "clusters": 5, "recluster": 1}, 1),
        ({"model": "conv", "conditional": "projection"}, None),
        ({"model": "conv", "minibatch_std": True}, 0),
        ({"model": "mlp", "conditional": "clusters"}, 0),
        ({"model": "mlp", "conditional": "clusters", "recluster": 1}, 1),
        ({}, 2),
        ({"model": "hybrid"}, 0),
    ],
)
def test_clusters_of_conv_are_found_again(options, recluster):
    assert TrainConfig(**options).resolve(dataset="mnist", device="cpu").recluster == recluster


@pytest.mark.parametrize(
    ("options", "penalty"),
    [
        ({"model": "conv"}, "r1:weight=1,every=8"),
        ({"model": "conv", "objective": "least-squares"}, "r1:weight=1,every=8"),
        ({"model": "conv", "penalty": "r2"}, "r2"),
        ({"model": "conv", "penalty": "none"}, "none"),
        ({"model": "conv", "objective": "minimax"}, "r1:weight=1,every=8"),
        ({"model": "conv", "objective": "wasserstein"}, "none"),  # its critic is bounded by clipping
        ({"model": "conv", "minibatch_std": True}, "none"),  # it is not piecewise linear
        ({"model": "hybrid"}, "none"),
    ],
)
def test_penalty_of_a_model(options, penalty):
    config = TrainConfig(**options).resolve(dataset="mnist", device="cpu")
    assert config.penalty == penalty
    assert config.resolve(dataset="mnist", device="cpu") == config
    assert (config.clip_weights is not None) == (config.objective == "wasserstein")
