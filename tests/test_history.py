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


WHOLE = [
    {"step": 5, "d_loss": 1.5, "g_loss": 2.0, "d_real": 0.5, "d_fake": 0.25, "seconds": 0.1, "images_per_second": 9.0},
    {"step": 10, "d_loss": 1.0, "g_loss": 3, "d_real": 0.6, "d_fake": 0.5, "fid": 2.5, "classes": [*range(10)]},
]
LINES = [json.dumps(record).encode() + b"\n" for record in WHOLE]


@pytest.fixture
def read(tmp_path):
    """Write lines of bytes to a file, and read it."""

    def read(*lines):
        (tmp_path / "metrics.jsonl").write_bytes(b"".join(lines))
        return History.read(tmp_path / "metrics.jsonl")

    return read


def test_read(read, tmp_path):
    assert list(read(*LINES)) == WHOLE
    assert list(History.read(str(tmp_path / "metrics.jsonl"))) == WHOLE
    assert len(read()) == 0


@pytest.mark.parametrize("rest", [b'{"step": 15, "d_lo', b"{", b"", LINES[0][:-2]])
def test_a_last_line_cut_short_is_left_out(rest, read):
    assert list(read(*LINES, rest)) == WHOLE


def changed(**columns):
    return json.dumps(WHOLE[0] | columns).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"",
        b"\0",
        b"3",
        b"null",
        b"[5]",
        b"{}",
        b'{"step": 5}',
        b"\xff" + LINES[0].strip(),
        LINES[0].strip().replace(b"1.5", b"\xed\xa0\x80"),
        LINES[0].decode().strip().encode("utf-16"),
        LINES[0].strip() + LINES[0].strip(),
        b"[" * 60_000,
        b'{"a":' * 10_000,
        LINES[0].strip().replace(b"1.5", b"9" * 5000),
        LINES[0].strip() + b" " * 70_000,
        changed(step=5.0),
        changed(step=True),
        changed(step=-1),
        changed(step="5"),
        changed(step=2**63),
        changed(d_loss=None),
        changed(d_loss="1"),
        changed(d_loss=False),
        changed(d_real=[1, 2]),
        changed(fid={}),
        changed(seconds=10**400),
        changed(classes=3),
        changed(classes=[]),
        changed(classes=[1] * 11),
        changed(classes=[1] * 9 + ["1"]),
        changed(classes=[[1] * 10]),
    ],
)
def test_a_line_that_is_no_record_is_left_out_with_one_warning(line, read):
    with pytest.warns(UserWarning, match=r"metrics\.jsonl: .*; 1 of its lines cannot be read") as warned:
        history = read(LINES[0], line + b"\n", LINES[1])
    assert list(history) == WHOLE
    assert len(warned) == 1


def test_classes_are_equally_many(read):
    with pytest.warns(UserWarning, match="1 of its lines"):
        history = read(LINES[0], LINES[1], changed(classes=[1, 2]), b"\n", LINES[1])
    assert history["classes"].shape == (3, 10)


def test_other_columns_are_left_out(read):
    assert list(read(changed(**{"\ud800": 1, "later": {"deep": []}}), b"\n", LINES[1])) == WHOLE


def test_a_long_file_is_read_in_part(read):
    with pytest.warns(UserWarning, match="only its first 16,777,216 bytes are read"):
        assert list(read(*LINES, b" " * (20 << 20), LINES[0])) == WHOLE


def test_a_file_that_cannot_be_read_is_a_warning(tmp_path):
    with pytest.raises(FileNotFoundError):
        History.read(tmp_path / "metrics.jsonl")
    with pytest.warns(UserWarning, match=r"it cannot be read \(Is a directory\)"):
        assert len(History.read(tmp_path)) == 0


def test_infinite_and_nan_values_come_back(read):
    """A run that diverged leaves them in its last line."""
    history = read(changed(d_loss=float("nan"), g_loss=float("-inf")), b"\n")
    assert np.isnan(history["d_loss"][0])
    assert history["g_loss"][0] == -np.inf
