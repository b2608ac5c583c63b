"""What is said at the end of a run."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan.runs.checkpoint import Standing
from minigan.runs.closing import closing_lines, runaway
from minigan.runs.history import History

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}
STANDING = Standing(step=1500, seconds=12.34)
DONE = "1,500 steps, 6,000 images, 12.3 s"


@pytest.fixture
def run():
    run = minigan.train(**OPTIONS, steps=1)
    run.stopped = "steps"
    return run


def limited(run, **limits):
    run.config = dataclasses.replace(run.config, **limits)


def test_what_was_done(run):
    assert closing_lines(run, STANDING) == [DONE]


def test_points_are_points():
    run = minigan.train(data="ring", steps=1, batch_size=8, device="cpu", quiet=True)
    assert closing_lines(run, STANDING)[0] == "1,500 steps, 12,000 points, 12.3 s"


def test_evaluations_and_the_best(run):
    standing = dataclasses.replace(
        STANDING, evaluations=1200, evaluating=4.56, best_step=1000, best_rank=[3.0], best_text="FID 3.00"
    )
    assert closing_lines(run, standing) == [
        f"{DONE} and 4.6 s for 1,200 evaluations",
        "The best model is that of step 1,000: FID 3.00",
    ]


@pytest.mark.parametrize(
    ("stopped", "reason"),
    [
        ("interrupt", "because of Ctrl-C"),
        ("terminate", "because the system asked for it (SIGTERM)"),
        ("hangup", "because its terminal was closed (SIGHUP)"),
    ],
)
def test_an_interrupted_run_says_how_to_go_on(stopped, reason, run):
    run.stopped = stopped
    assert closing_lines(run, STANDING) == [f"interrupted after {DONE}"]  # in memory it is the user who goes on
    run.folder = Path("runs/first")
    limited(run, seconds=100.0)
    assert closing_lines(run, STANDING) == [
        f"interrupted after {DONE}",
        f"It stopped {reason}.",
        "To go on: minigan resume runs/first",
    ]


def test_which_limit_ended_it(run):
    limited(run, seconds=100.0)
    assert closing_lines(run, STANDING)[1:] == ["It stopped at the limit of steps."]
    run.stopped = "seconds"
    assert closing_lines(run, STANDING)[1:] == ["It stopped at the limit of seconds."]


def test_the_condition(run):
    limited(run, stop_when="d_loss<0.5")
    assert closing_lines(run, STANDING)[1:] == ["It stopped at the limit of steps; d_loss<0.5 was not reached."]
    run.stopped = "stop_when"
    run.history.records[-1]["d_loss"] = 0.25
    assert closing_lines(run, STANDING)[1:] == ["It stopped because of d_loss<0.5: d_loss is 0.25."]


def test_losses_that_ran_away_are_named_once(run):
    assert runaway(run) is None
    healthy = run.history.records[0]
    run.history = History([healthy, {**healthy, "step": 2, "g_loss": 6.6e10}])
    said = runaway(run)
    assert said.startswith("divergence (largest recent loss ")
    assert closing_lines(run, STANDING) == [DONE, f"Warning: {said}"]
    assert closing_lines(run, dataclasses.replace(STANDING, warned=["divergence"])) == [DONE]
