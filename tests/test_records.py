"""Records: means over some steps, and the first step whose losses are not finite."""

import numpy as np
import pytest

from minigan.backend import to_device
from minigan.runs.records import first_fault, summarise, to_numbers
from minigan.training.trainer import StepMetrics

ROWS = np.array([[1, 2, 0.5, 0.25], [3, 4, 0.75, 0.5]], dtype=np.float32)
NAN, INFINITE = float("nan"), float("inf")


def test_to_numbers(device):
    metrics = [StepMetrics(*(to_device(np.asarray(each), device) for each in row)) for row in ROWS]
    np.testing.assert_array_equal(to_numbers(metrics), ROWS, strict=True)


def test_no_steps_are_no_rows():
    assert to_numbers([]).shape == (0, 4)
    assert first_fault(7, to_numbers([])) is None


def test_summarise():
    record = summarise(9, ROWS)
    assert record == {"step": 9, "d_loss": 2, "g_loss": 3, "d_real": 0.625, "d_fake": 0.375}
    assert {type(value) for name, value in record.items() if name != "step"} == {float}


@pytest.mark.parametrize(
    ("row", "column", "value", "sentence"),
    [
        (0, 0, NAN, "the discriminator's loss is nan at step 1,000: training has diverged"),
        (1, 0, -INFINITE, "the discriminator's loss is -inf at step 1,001: training has diverged"),
        (1, 1, INFINITE, "the generator's loss is inf at step 1,001: training has diverged"),
    ],
)
def test_the_first_fault(row, column, value, sentence):
    rows = ROWS.copy()
    rows[row, column] = value
    assert first_fault(1001, rows) == (1000 + row, sentence)
    rows[1, 1] = NAN  # a later one, of the other player, is not said
    assert first_fault(1001, rows)[0] == 1000 + row


def test_finite_losses_are_no_fault():
    assert first_fault(2, ROWS * 1e30) is None
    outputs = ROWS.copy()
    outputs[:, 2:] = NAN
    assert first_fault(2, outputs) is None
