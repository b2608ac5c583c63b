"""The metrics of a run: columns from records, and back from a file."""

import json

import numpy as np
import pytest

from minigan import History, InputError

RECORDS = [{"step": 5, "d_loss": 1.5}, {"step": 10, "d_loss": 0.25}]


def test_columns():
    history = History(list(RECORDS))
    np.testing.assert_array_equal(history["step"], [5, 10])
    np.testing.assert_array_equal(history["d_loss"], [1.5, 0.25])
    assert len(history) == 2
    assert list(history) == RECORDS


def test_append():
    history = History()
    assert len(history) == 0
    assert history["d_loss"].shape == (0,)
    for record in RECORDS:
        history.append(record)
    assert list(history) == RECORDS
    assert len(History()) == 0  # no list is shared


def test_unknown_column():
    with pytest.raises(InputError, match="column: expected one of step, d_loss, got 'fid'"):
        History(list(RECORDS))["fid"]


def test_a_column_that_some_records_lack():
    evaluated = {"step": 10, "d_loss": 0.5, "fid": 2.5, "classes": [3, 1]}
    history = History([RECORDS[0], evaluated, {"step": 15, "d_loss": 0.25}])
    assert history.columns == ["step", "d_loss", "fid", "classes"]
    np.testing.assert_array_equal(history["fid"], [np.nan, 2.5, np.nan])
    np.testing.assert_array_equal(history["classes"], [[np.nan] * 2, [3, 1], [np.nan] * 2])
    np.testing.assert_array_equal(history["d_loss"], [1.5, 0.5, 0.25])
    assert history["step"].dtype == np.int64
    with pytest.raises(InputError, match="column: expected one of step, d_loss, fid, classes, got 'kl'"):
        history["kl"]


def write(path, *lines):
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_read(tmp_path):
    path = write(tmp_path / "metrics.jsonl", *(json.dumps(record) + "\n" for record in RECORDS))
    assert list(History.read(path)) == RECORDS
    assert list(History.read(str(path))) == RECORDS
    assert len(History.read(write(tmp_path / "empty.jsonl", ""))) == 0


@pytest.mark.parametrize("rest", ['{"step": 15, "d_lo', "{", ""])
def test_a_last_line_cut_short_is_left_out(rest, tmp_path):
    path = write(tmp_path / "metrics.jsonl", *(json.dumps(record) + "\n" for record in RECORDS), rest)
    assert list(History.read(path)) == RECORDS


def test_a_bad_line_in_the_middle(tmp_path):
    path = write(tmp_path / "metrics.jsonl", '{"step": 5}\n', "garbage\n", '{"step": 10}\n')
    with pytest.raises(InputError, match=r"metrics\.jsonl: expected JSON in line 2, got 'garbage'"):
        History.read(path)


def test_infinite_and_nan_values_come_back(tmp_path):
    """A run that diverged leaves them in its last line."""
    path = write(tmp_path / "metrics.jsonl", json.dumps({"step": 1, "d_loss": float("nan")}) + "\n")
    assert np.isnan(History.read(path)["d_loss"][0])
