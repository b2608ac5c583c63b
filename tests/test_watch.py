"""The watch: what goes wrong in a game is said while it trains, once each, and nothing of the game changes."""

import re

import numpy as np
import pytest

import minigan
from minigan.datasets import Dataset
from minigan.runs import watch
from minigan.runs.checkpoint import Standing
from minigan.runs.diagnosis import diagnose
from minigan.runs.symptoms import Symptoms

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}


def train(**options):
    return minigan.train(**{"steps": 3, **OPTIONS, **options})


SICK = diagnose(Symptoms(missing=1.0, copied=0.0))
WELL = diagnose(Symptoms())


@pytest.fixture
def diagnosed(monkeypatch):
    """diagnosed(a, b): what the looks of the next run find; returns the history that each look saw."""

    def prepare(*diagnoses):
        left, seen = list(diagnoses), []
        monkeypatch.setattr(watch, "EARLY", 3)
        monkeypatch.setattr(watch, "find_symptoms", lambda history, *rest: seen.append(len(history)))
        monkeypatch.setattr(watch, "diagnose", lambda symptoms, **kind: left.pop(0))
        return seen

    return prepare


def test_a_finding_is_shown_once_when_it_is_found_again(diagnosed, capsys):
    seen = diagnosed(diagnose(Symptoms(copied=0.0)), SICK, SICK, SICK)
    train(steps=12, log_every=1, quiet=False)
    assert seen == [3, 6, 9, 12]  # a quarter of the run apart
    said = [line for line in capsys.readouterr().out.splitlines() if "Warning" in line]
    assert len(said) == 2
    assert said[0].startswith("step      6  Warning: memorisation (distance from the nearest training image 0): ")
    assert said[1].startswith("step      9  Warning: mode collapse (missing share of the data 1): ")


def test_what_passes_is_not_shown(diagnosed, capsys):
    diagnosed(SICK, WELL, SICK, WELL)
    train(steps=12, log_every=1, quiet=False)
    assert "Warning" not in capsys.readouterr().out
    diagnosed(SICK, WELL, WELL, SICK)
    train(steps=12, log_every=1, quiet=False)
    assert capsys.readouterr().out.count("step     12  Warning") == 2


def test_the_first_steps_are_too_early(diagnosed):
    seen = diagnosed(SICK, SICK, SICK, SICK)
    train(steps=2, log_every=1, quiet=False)
    assert seen == []
    train(steps=100, log_every=30, stop_when="d_loss>0", quiet=False)
    assert seen == [1]  # at the end, whatever ends it


def test_a_quiet_run_is_not_diagnosed(diagnosed, capsys):
    assert diagnosed() == []
    train(steps=4, log_every=1)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("data", [IMAGES, IMAGES[:3], "ring"], ids=["images", "three images", "points"])
def test_warnings_change_no_weight(data, monkeypatch, capsys):
    monkeypatch.setattr(watch, "EARLY", 1)
    options = {"data": data, "model": "points" if isinstance(data, str) else "mlp"}
    loud, quiet = (
        train(**options, steps=6, log_every=1, quiet=quiet, latent_dim=2, batch_size=2) for quiet in (False, True)
    )
    np.testing.assert_array_equal(loud.generator.theta, quiet.generator.theta)
    np.testing.assert_array_equal(loud.discriminator.theta, quiet.discriminator.theta)


def test_a_real_warning(monkeypatch, capsys):
    monkeypatch.setattr(watch, "EARLY", 1)
    train(steps=2, quiet=False)
    assert re.search(
        r"^step      2  Warning: .*mode collapse .*variety of the samples 0\.0", capsys.readouterr().out, re.M
    )


def test_a_resumed_run_remembers_what_was_shown(diagnosed, capsys):
    diagnosed(SICK, SICK, SICK, SICK)
    first = train(steps=12, log_every=1, quiet=False)
    assert capsys.readouterr().out.count("Warning") == 2
    assert sorted(first.checkpoint.standing.warned) == ["memorisation", "mode collapse"]
    seen = diagnosed(SICK)
    first.resume(steps=16, data=IMAGES)
    assert seen == [16]
    assert "Warning" not in capsys.readouterr().out


def test_what_was_found_is_noted_in_the_standing(diagnosed):
    run = train(steps=1)
    run.stopped = None
    seen = diagnosed(SICK, SICK)
    look = watch.Watch(run, Dataset("images", IMAGES)).look
    standing = Standing(step=10, share=0.2)
    assert look(standing) == []  # it is too early
    standing.share = 0.25
    assert look(standing) == []
    assert (standing.suspected, standing.warned) == (["memorisation", "mode collapse"], [])
    standing.share = 0.44
    assert look(standing) == []
    assert len(seen) == 1
    standing.share = standing.next_look
    assert len(look(standing)) == 2
    assert standing.warned == ["memorisation", "mode collapse"]
