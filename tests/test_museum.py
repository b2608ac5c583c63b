"""The museum: its games are valid and can be repeated. Training all of them is left to the command."""

import dataclasses
import re
import shlex

import pytest

from minigan import DivergedError, TrainConfig, cli
from minigan.commands import museum as command
from minigan.runs import museum
from minigan.runs.diagnosis import diagnose
from minigan.runs.museum import EXHIBITS, HEALTHY, flags, play
from minigan.runs.symptoms import Symptoms

GAMES = [options for exhibit in EXHIBITS.values() for options in (exhibit.failing, exhibit.cured)] + list(HEALTHY)
SICK = diagnose(Symptoms(missing=1.0))
WELL = diagnose(Symptoms(missing=0.1))
KNOWN = {  # every name that a diagnosis knows
    finding.name
    for symptoms in (
        Symptoms(loss=9e9, copied=0.0, advantage=1.0, pull=0.0, missing=1.0),
        Symptoms(advantage=1.0),
        Symptoms(best_advantage=0.0, missing=1.0),
    )
    for finding in diagnose(symptoms).findings
}


def test_ten_exhibits_show_every_finding():
    assert len(EXHIBITS) == 10
    assert {exhibit.finding for exhibit in EXHIBITS.values()} == KNOWN
    assert len(KNOWN) == 6
    assert len(HEALTHY) == 20


@pytest.mark.parametrize("options", GAMES, ids=flags)
def test_the_options_fit_and_the_flags_say_the_same(options):
    config = TrainConfig(**{name: value for name, value in options.items() if name != "digits"})
    text = flags(options)
    assert ("(on the first 16 digits)" in text) == ("digits" in options)
    arguments = cli.make_parser().parse_args(["train", *shlex.split(text.removesuffix(" (on the first 16 digits)"))])
    for field in dataclasses.fields(config):
        if field.name != "log_every":
            assert getattr(arguments, field.name) == getattr(config, field.name)


def test_a_cure_is_another_game():
    for exhibit in EXHIBITS.values():
        assert flags(exhibit.failing) != flags(exhibit.cured)
        assert exhibit.about.endswith(".")


def test_an_exhibit_can_be_repeated():
    options = EXHIBITS["one-mode"].failing | {"steps": 30}
    first, again, other = (play(options, seed=seed).symptoms for seed in (0, 0, 1))
    assert dataclasses.asdict(first) == pytest.approx(dataclasses.asdict(again), rel=0, nan_ok=True)
    assert first.loss != other.loss


def test_an_exhibit_fails():
    """The one that takes the least time."""
    exhibit = EXHIBITS["steep-critic"]
    assert play(exhibit.failing, seed=0).findings[0].name == exhibit.finding


def test_few_digits():
    found = play({"model": "mlp", "digits": 16, "batch_size": 4, "steps": 2}, seed=0)
    assert found.symptoms.copied > 0.75
    assert found.symptoms.loss > 0


def test_a_loss_that_is_no_number(monkeypatch):
    def diverge(**options):
        raise DivergedError("a loss")

    monkeypatch.setattr(museum, "train", diverge)
    assert [finding.name for finding in play({"data": "ring"}, seed=0).findings] == ["divergence"]


# the command


@pytest.fixture
def played(monkeypatch):
    """played(*diagnoses): what the games of the command get; returns the list of (options, seed, out)."""

    def prepare(*diagnoses):
        left, calls = list(diagnoses), []

        def fake(options, *, seed, out=None):
            calls.append((flags(options), seed, out))
            return left.pop(0)

        monkeypatch.setattr(command, "play", fake)
        return calls

    return prepare


def test_the_list(capsys):
    assert cli.main(["museum"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXHIBITS)
    for line, exhibit in zip(lines, EXHIBITS.values(), strict=True):
        assert exhibit.finding in line


def test_one_exhibit(played, capsys, tmp_path):
    calls = played(SICK, WELL)
    assert cli.main(["museum", "one-mode", "--seed", "3", "--out", str(tmp_path)]) == 0
    exhibit = EXHIBITS["one-mode"]
    assert calls == [
        (flags(exhibit.failing), 3, tmp_path / "one-mode-failing"),
        (flags(exhibit.cured), 3, tmp_path / "one-mode-cured"),
    ]
    out = capsys.readouterr().out
    assert out.startswith(exhibit.about)
    assert f"failing: minigan train {flags(exhibit.failing)} --seed 3\n{SICK}\n" in out
    assert f"cured: minigan train {flags(exhibit.cured)} --seed 3\n{WELL}\n" in out


def test_all(played, capsys):
    calls = played(*[SICK, WELL] * 9, WELL, SICK)
    assert cli.main(["museum", "all"]) == 0
    assert len(calls) == 20
    assert {out for _, _, out in calls} == {None}
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    collapses = sum(exhibit.finding == "mode collapse" for exhibit in list(EXHIBITS.values())[:9])
    assert lines[-1] == f"{collapses} of 10 are named, 9 of 10 are healthy after the cure"
    assert re.fullmatch(r"one-mode +mode collapse +mode collapse +healthy +0", lines[2])


def test_healthy(played, capsys):
    calls = played(*[WELL] * 19, SICK)
    assert cli.main(["museum", "healthy", "--seed", "20"]) == 0
    assert [seed for _, seed, _ in calls] == list(range(120, 140))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22
    assert lines[1].startswith("healthy ")
    assert lines[-2].startswith("mode collapse ")
    assert lines[-2].endswith(f"{flags(HEALTHY[-1])} --seed 139")
    assert lines[-1] == "no alarm on 19 of 20"


@pytest.mark.parametrize(
    ("argv", "message"), [(["nothing"], "expected one of steep-critic"), (["all", "--seed", "-1"], "seed: expected")]
)
def test_bad_input(argv, message, capsys):
    try:
        status = cli.main(["museum", *argv])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert message in capsys.readouterr().err
