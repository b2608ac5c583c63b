"""The curves of the page: the columns of the history, thinned out, and nothing that JSON cannot hold."""

import json
import math

import numpy as np
import pytest

import minigan
from minigan.replay.curves import MOST, find_curves
from minigan.runs.history import History

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def run():
    return minigan.train(model="mlp", data=IMAGES, steps=2, batch_size=4, quiet=True, device="cpu")


def record(step, **columns):
    return {"step": step, "d_loss": 1.25, "g_loss": 0.5, "d_real": 0.75, "d_fake": 0.25, **columns}


def test_losses_and_outputs(run):
    run.history = History([record(50), record(100, d_loss=1.5)])
    losses, outputs = find_curves(run)
    assert losses["lines"] == [
        {"name": "discriminator", "steps": [50, 100], "values": [1.25, 1.5]},
        {"name": "generator", "steps": [50, 100], "values": [0.5, 0.5]},
    ]
    assert losses["reference"]["value"] == pytest.approx(2 * math.log(2))
    assert [line["values"] for line in outputs["lines"]] == [[0.75, 0.75], [0.25, 0.25]]
    assert outputs["reference"]["value"] == 0.5
    assert outputs["unit"] == "probability of being real"


def test_scores_have_no_reference():
    run = minigan.train(model="mlp", objective="hinge", data=IMAGES, steps=2, batch_size=4, quiet=True, device="cpu")
    losses, outputs = find_curves(run)
    assert losses["reference"] is outputs["reference"] is None
    assert "score" in outputs["unit"]


def test_evaluations_stand_at_their_steps(run):
    run.history = History([record(1), record(2, fid=8.0, fid_floor=0.5), record(3), record(4, fid=4.0, fid_floor=0.5)])
    chart = find_curves(run)[2]
    assert chart["lines"] == [{"name": "Frechet distance", "steps": [2, 4], "values": [8.0, 4.0]}]
    assert chart["reference"] == {"name": "real digits:", "value": 0.5}
    assert chart["log"]
    run.history = History([record(1, modes_found=3, modes=8)])
    chart = find_curves(run)[2]
    assert not chart["log"]
    assert chart["decimals"] == 0


def test_no_logarithm_of_a_number_below_0(run):
    run.history = History([record(2, fid=-8.0, fid_floor=0.5)])
    assert find_curves(run)[2]["log"] is False


def test_many_records_become_means(run):
    run.history = History([record(step, g_loss=float(step)) for step in range(1, 4 * MOST + 1)])
    line = find_curves(run)[0]["lines"][1]
    assert line["steps"] == list(range(4, 4 * MOST + 1, 4))
    assert line["values"][:2] == [2.5, 6.5]


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1.7976931348623157e308])
def test_a_number_that_cannot_be_drawn_is_a_gap(run, value):
    run.history = History([record(1), record(2, d_loss=value, d_real=value), record(3)])
    losses, outputs = find_curves(run)
    assert losses["lines"][0]["values"] == [1.25, None, 1.25]
    assert outputs["lines"][0]["values"] == [0.75, None, 0.75]
    json.dumps([losses, outputs], allow_nan=False)


def test_a_line_without_a_number_is_left_out(run):
    run.history = History([record(1, g_loss=math.nan)])
    assert [chart["title"] for chart in find_curves(run)] == ["What D thinks"]


def test_a_hostile_evaluation(run):
    run.history = History([record(1, fid=1.0, fid_floor=math.inf), record(2, modes_found=1)])
    chart = find_curves(run)[2]
    assert chart["reference"] is None
    assert len(find_curves(run)) == 3


def test_no_records(run):
    run.history = History()
    assert find_curves(run) == []
