"""The condition that ends a run: what can be read, when it holds, and what it needs."""

import re

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.runs.judge import DigitJudge, PointJudge
from minigan.training.stop_when import BOUND, EVALUATED, TRAINED, Condition, read_condition
from minigan.training.trainer import StepMetrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fid<1", ("fid", "<", 1.0)),
        ("  d_fake >\t0.49 ", ("d_fake", ">", 0.49)),
        ("g_loss<-1.5e-3", ("g_loss", "<", -0.0015)),
        ("d_real>+.5", ("d_real", ">", 0.5)),
        ("modes_found>7.", ("modes_found", ">", 7.0)),
    ],
)
def test_read(text, expected):
    assert read_condition(text) == Condition(*expected)


@pytest.mark.parametrize(
    "text",
    ["", "fid", "fid<", "<1", "fid<=1", "fid=1", "fid==1", "1>fid", "fid<one", "fid<nan", "fid<inf", "fid<1e999",
     "fid<1 and d_loss<1", "fid<1;", "fid<0x1", "fid<1_0", "fid<\u0661", "FID<1", "step>5", "seconds>5", "loss<1",
     "__import__('os')<1", "fid<<1", "fid<1\nfid<2", None, 1, b"fid<1"],
)  # fmt: skip
def test_refuses(text):
    names = ", ".join((*TRAINED, *BOUND, *EVALUATED))
    message = f"expected COLUMN<NUMBER or COLUMN>NUMBER, where the column is one of {names}, got {text!r}"
    with pytest.raises(InputError, match=f"^{re.escape(f'when: {message}')}$"):
        read_condition(text, name="when")
    if text is not None:
        with pytest.raises(InputError, match=f"^{re.escape(f'stop_when: {message}')}$"):
            TrainConfig(stop_when=text, evaluate_every=5)


@pytest.mark.parametrize(("value", "below", "above"), [(0.9, True, False), (1.0, False, False), (1.1, False, True)])
def test_holds(value, below, above):
    record = {"step": 5, "fid": value}
    assert Condition("fid", "<", 1.0).holds(record) is below
    assert Condition("fid", ">", 1.0).holds(record) is above
    assert Condition("fid", "<", 1.0).holds({"fid": np.float64(value)}) is below


@pytest.mark.parametrize("record", [{"step": 5}, {"step": 5, "fid": float("nan")}])
def test_a_record_without_the_number_does_not_count(record):
    assert not Condition("fid", "<", 1.0).holds(record)
    assert not Condition("fid", ">", 1.0).holds(record)


def test_the_columns_are_those_of_the_records():
    """They are written out there, because a configuration is read where nothing trains."""
    assert StepMetrics._fields == TRAINED
    assert (*DigitJudge.limits, *PointJudge.limits) == EVALUATED


@pytest.mark.parametrize("column", EVALUATED)
def test_an_evaluated_column_needs_evaluations(column):
    message = f"evaluate_every: expected a number of steps, because stop_when asks for {column}, got None"
    with pytest.raises(InputError, match=f"^{message}$"):
        TrainConfig(stop_when=f"{column}<1")
    assert TrainConfig(stop_when=f"{column}<1", evaluate_every=5).stop_when == f"{column}<1"
    assert TrainConfig(stop_when="d_loss<1").evaluate_every is None
