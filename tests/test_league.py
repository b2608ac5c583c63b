"""The league: what its games are, what a run of it is told, and what it leaves."""

import math

import numpy as np
import pytest

from minigan import DivergedError, InputError
from minigan.metrics import quick_look
from minigan.objectives import OBJECTIVES
from minigan.objectives.penalties import PENALTIES
from minigan.runs import league
from minigan.runs.judge import to_uint8
from minigan.runs.league import GAMES, Entry, Game, check, play
from minigan.runs.train import train

ENTRY = Entry("mnist-5k", "mlp", "wasserstein", "wgan-gp", 3, 0.05)


@pytest.fixture
def few_samples(monkeypatch):
    """Measure 200 digits instead of 10,000."""
    monkeypatch.setattr(league, "SAMPLES", 200)


@pytest.fixture
def trained(monkeypatch):
    """The runs that were trained."""
    runs = []
    monkeypatch.setattr(league, "train", lambda **options: runs.append(train(**options)) or runs[-1])
    return runs


def test_every_objective_and_every_penalty_is_a_game():
    assert list(GAMES) == [*OBJECTIVES, *PENALTIES]
    for name, game in GAMES.items():
        assert game in ((name, "none"), ("wasserstein", name), ("non-saturating", name))
    assert GAMES["wgan-gp"] == ("wasserstein", "wgan-gp")
    assert GAMES["r1"] == ("non-saturating", "r1")
    assert str(GAMES["hinge"]) == "hinge"
    assert str(GAMES["r1"]) == "non-saturating, r1"
    assert ENTRY.game == Game("wasserstein", "wgan-gp")
    assert str(ENTRY) == "mlp, wasserstein, wgan-gp, seed 3"


def test_a_run(few_samples, trained):
    entry, steps, *measured = play(ENTRY)
    (run,) = trained
    config = run.config
    assert entry == ENTRY
    assert (config.model, config.data) == ("mlp", "mnist-5k")
    assert (config.objective, config.penalty) == ("wasserstein", "wgan-gp")
    assert (config.conditional, config.discriminator_steps, config.seed) == ("none", 1, 3)
    assert (config.seconds, config.steps, run.stopped) == (0.05, None, "seconds")
    assert steps == run.history["step"][-1]
    assert run.history["seconds"][-1] >= 0.05
    first, second = (
        quick_look(to_uint8(run.sample(200)), evaluator=name) for name in ("three-convolutions", "two-convolutions")
    )
    assert measured == pytest.approx([first.fid, second.fid, first.kl], abs=6e-4)
    assert first.fid != pytest.approx(second.fid, rel=0.01)


def test_hybrid_has_no_clusters(few_samples, trained):
    play(ENTRY._replace(model="hybrid", objective="hinge", penalty="none"))
    assert (trained[0].config.conditional, trained[0].config.penalty, trained[0].classes) == ("none", "none", 0)


def test_a_loss_that_diverged_is_a_result(monkeypatch):
    def diverge(**options):
        raise DivergedError("the generator's loss is nan at step 100")

    monkeypatch.setattr(league, "train", diverge)
    result = play(ENTRY)
    assert result[:4] == (ENTRY, 0, math.inf, math.inf)
    assert math.isnan(result.kl)


def test_pixels_that_diverged_are_a_result(monkeypatch):
    def spoiled(**options):
        run = train(**options)
        run.generator.theta[:] = np.nan
        return run

    monkeypatch.setattr(league, "train", spoiled)
    assert play(ENTRY)[:4] == (ENTRY, 0, math.inf, math.inf)


def test_an_interrupted_training_is_no_result(monkeypatch):
    def interrupted(**options):
        run = train(**options)
        run.stopped = "interrupt"
        return run

    monkeypatch.setattr(league, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        play(ENTRY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"seconds": 0.0}, "seconds: expected a positive number, got 0.0"),
        ({"model": "gpt"}, "model: expected one of"),
        ({"model": "infogan"}, "models: expected models whose discriminator can pay, got 'infogan'; penalty: expected"),
    ],
)
def test_what_cannot_be_played_is_refused(change, words):
    check([ENTRY, ENTRY._replace(model="dcgan"), ENTRY._replace(model="infogan", penalty="none")])
    with pytest.raises(InputError) as error:
        check([ENTRY, ENTRY._replace(**change)])
    assert words in str(error.value)
