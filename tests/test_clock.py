"""The clock of a run counts no pause, however the pause ends."""

import pytest

from minigan.runs import clock
from minigan.runs.clock import Clock


@pytest.fixture
def now(monkeypatch):
    """A time that moves only when the test moves it."""
    now = [100.0]
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])
    return now


def test_pauses_do_not_count(now):
    counted = Clock()
    now[0] += 2
    assert (counted.seconds, counted.elapsed, counted.paused) == (2, 2, 0)
    for _ in range(2):
        with counted.pause():
            now[0] += 10
        now[0] += 1
    assert (counted.seconds, counted.elapsed, counted.paused) == (4, 24, 20)


def test_a_pause_ends_with_an_error(now):
    counted = Clock()

    def interrupted():
        with counted.pause():
            now[0] += 5
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    now[0] += 1
    assert (counted.seconds, counted.paused) == (1, 5)
