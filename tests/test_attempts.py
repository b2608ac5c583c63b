"""Attempts: what fails is named once, in one line, and the rest goes on."""

import pytest

from minigan.errors import MiniganWarning
from minigan.runs.attempts import Attempts


def failing(error):
    raise error


def test_what_succeeds_is_returned(recwarn):
    assert Attempts().make("a sum", sum, [1, 2, 3]) == 6
    assert not recwarn.list


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a\nb"), MemoryError()])
def test_what_fails_is_one_warning_in_one_line(error):
    attempts = Attempts()
    with pytest.warns(MiniganWarning) as seen:
        results = [attempts.make("samples", failing, error) for _ in range(3)]
    assert results == [None] * 3
    [warning] = seen
    said = str(warning.message)
    assert said.startswith("samples cannot be written (")
    assert said.endswith("; the run goes on")
    assert " ".join(str(error).split()) in said
    assert "\n" not in said


def test_each_kind_of_thing_has_a_warning_of_its_own():
    attempts = Attempts()
    with pytest.warns(MiniganWarning) as seen:
        _ = [attempts.make(what, failing, OSError()) for what in ("samples", "metrics.jsonl", "samples")]
    assert [str(each.message).split()[0] for each in seen] == ["samples", "metrics.jsonl"]


def test_each_run_warns_anew():
    with pytest.warns(MiniganWarning) as seen:
        _ = [Attempts().warn("samples", "samples are lost") for _ in range(2)]
    assert len(seen) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_wish_to_end_is_no_failure(error):
    with pytest.raises(error):
        Attempts().make("samples", failing, error)
