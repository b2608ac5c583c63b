"""What is named, from which symptoms, and how it is told; and `Run.diagnose`, which looks and names."""

import dataclasses
import math
import re

import numpy as np
import pytest

import minigan
from minigan import InputError, TrainConfig, cli
from minigan.datasets import load_dataset
from minigan.runs import diagnosis
from minigan.runs.diagnosis import FIGURES, diagnose
from minigan.runs.symptoms import Symptoms

HEALTHY = Symptoms(
    loss=2.0, advantage=0.3, best_advantage=0.6, pull=1.2, missing=0.2, stray=0.0, variety=0.5, copied=1.1
)
CHANCE = {"best_advantage": 0.05, "advantage": 0.0}


def names(**changes):
    return [finding.name for finding in diagnose(dataclasses.replace(HEALTHY, **changes)).findings]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"loss": 1000.0}, []),
        ({"loss": 1001.0}, ["divergence"]),
        ({"loss": math.inf}, ["divergence"]),
        ({"copied": 0.75}, []),
        ({"copied": 0.74}, ["memorisation"]),
        ({"advantage": 0.85}, []),
        ({"advantage": 0.86}, ["discriminator too strong"]),
        ({"advantage": 0.86, "pull": math.nan}, ["discriminator too strong"]),
        ({"advantage": 0.86, "pull": 0.02}, ["discriminator too strong"]),
        ({"advantage": 0.86, "pull": 0.019}, ["vanishing gradient"]),
        ({"pull": 0.019}, []),  # where G wins, its loss is flat as well
        ({"missing": 0.5}, []),
        ({"missing": 0.51}, ["mode collapse"]),
        ({"variety": 0.2}, []),
        ({"variety": 0.19}, ["mode collapse"]),
        (CHANCE, []),  # of good samples D knows nothing, and it need not
        ({**CHANCE, "missing": 0.51}, ["discriminator at chance", "mode collapse"]),
        ({**CHANCE, "variety": 0.19}, ["discriminator at chance", "mode collapse"]),
        ({**CHANCE, "stray": 0.5}, []),
        ({**CHANCE, "stray": 0.51}, ["discriminator at chance"]),
        ({"stray": 1.0}, []),  # while D still learns, samples may be far from the data
        ({"advantage": 0.0, "best_advantage": 0.06, "missing": 0.51}, ["mode collapse"]),
        (
            {"loss": 9e9, "copied": 0.0, "advantage": 1.0, "pull": 0.0, "missing": 1.0, "variety": 0.0},
            ["divergence", "memorisation", "vanishing gradient", "mode collapse"],
        ),
    ],
)
def test_the_limits(changes, expected):
    assert names(**changes) == expected
    assert diagnose(dataclasses.replace(HEALTHY, **changes)).healthy == (not expected)


def test_what_is_not_known_shows_nothing():
    assert diagnose(Symptoms()).healthy


def test_the_limits_in_the_docstring_are_those_of_the_code():
    limits = (
        diagnosis.COPIED,
        diagnosis.STRONG,
        diagnosis.PULL,
        diagnosis.IGNORANT,
        diagnosis.MISSING,
        diagnosis.VARIETY,
    )
    for limit in limits:
        assert f" {limit:g}" in diagnose.__doc__


WORST = [
    diagnose(Symptoms(loss=9e9, copied=0.0, advantage=1.0, pull=0.0, missing=1.0)),
    diagnose(Symptoms(advantage=1.0)),
    diagnose(Symptoms(best_advantage=0.0, variety=0.0)),
]


def test_every_cure_names_options_that_exist():
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    cures = {finding.name: finding.cure for each in WORST for finding in each.findings}
    assert len(cures) == 6
    for cure in cures.values():
        options = re.findall(r"--([a-z-]+)(?: ([\w.-]*\w))?", cure)
        assert options
        for option, _ in options:
            assert option.replace("-", "_") in fields
        for option, value in options:
            if re.search(r"\d", value) or option == "objective":
                cli.make_parser().parse_args(["train", f"--{option}", value])


def test_in_words():
    text = str(diagnose(dataclasses.replace(HEALTHY, missing=0.9375, copied=math.nan)))
    lines = text.splitlines()
    assert lines[0] == "mode collapse"
    assert lines[1].startswith("  G draws few kinds of samples")
    assert lines[2].startswith("  Try ")
    assert lines[3] == "What was seen:"
    assert len(lines) == 4 + len(FIGURES)
    words = [" ".join(line.split()) for line in lines]
    assert "! missing share of the data 0.938 healthy: below 0.5; real samples: about 0.05" in words
    assert "advantage of D 0.3 healthy: below 0.85" in words
    assert re.search(r"^    distance from the nearest training image .* not known: only images", text, re.M)
    assert str(diagnose(HEALTHY)).startswith("Nothing wrong was seen.\nWhat was seen:\n")


def test_every_symptom_has_words():
    assert list(FIGURES) == [field.name for field in dataclasses.fields(Symptoms)]


def test_in_one_line():
    found = diagnose(dataclasses.replace(HEALTHY, advantage=0.9, missing=0.7))
    first, second = map(found.sentence, found.findings)
    assert first.startswith("discriminator too strong (advantage of D 0.9): D tells nearly all samples apart, and")
    assert second.startswith("mode collapse (missing share of the data 0.7): G draws few")
    assert "\n" not in first + second


# runs

TINY = {"model": "mlp", "steps": 3, "batch_size": 4, "latent_dim": 8, "quiet": True, "log_every": 1}


def test_a_run_on_data_with_a_name(device, tmp_path):
    run = minigan.train(**TINY, data="mnist-5k", device=device, out=tmp_path / "run")
    found = run.diagnose()
    assert found.symptoms.missing > 0.5
    assert "mode collapse" in [finding.name for finding in found.findings]
    assert not any(math.isnan(value) for value in dataclasses.astuple(found.symptoms))
    if device == "cpu":
        assert minigan.load(tmp_path / "run").diagnose() == found
        weights = minigan.load(tmp_path / "run" / "model.npz").diagnose().symptoms
        assert math.isnan(weights.loss)
        assert weights.missing == found.symptoms.missing
        assert run.diagnose(seed=1).symptoms.variety != found.symptoms.variety


@pytest.mark.parametrize(
    "options",
    [
        {"conditional": "clusters"},
        {"conditional": "infogan"},
        {"discriminators": 2},
        {"objective": "wasserstein"},
        {"data": "ring", "model": "points"},
        {"data": "dirac", "model": "dirac", "latent_dim": 1},
    ],
)
def test_every_kind_of_run(options, rng):
    data = options.get("data", rng.integers(0, 256, (40, 8, 8), dtype=np.uint8))
    found = minigan.train(**{**TINY, **options, "data": data}, device="cpu").diagnose(data=data)
    assert found.symptoms.missing >= 0
    assert math.isnan(found.symptoms.variety) == isinstance(data, str)
    assert math.isnan(found.symptoms.advantage) == ("objective" in options)


def test_a_run_on_data_without_a_name(rng):
    images = rng.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    run = minigan.train(**TINY, data=images, device="cpu")
    assert math.isnan(run.diagnose().symptoms.missing)
    assert run.diagnose().symptoms.loss > 0
    assert "the training data are not at hand; give them as `run.diagnose(data=...)`" in str(run.diagnose())
    assert run.diagnose(data=images).symptoms.missing > 0
    for data in ("mnist-5k", images[:2], "nothing"):
        with pytest.raises(InputError, match=r"^data: expected"):
            run.diagnose(data=data)


def test_a_run_whose_samples_are_not_finite():
    run = minigan.train(**{**TINY, "model": "points"}, data="ring", device="cpu")
    run.generator.theta[:] = np.nan
    for data in (None, load_dataset("ring")):
        found = run.diagnose(data=data)
        assert found.findings[0].name == "divergence"
        assert found.symptoms.loss == math.inf
