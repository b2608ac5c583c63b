"""Keeping freed memory: what is asked of glibc, and that nothing is asked of another C library."""

import pytest

from minigan.fast import memory


class Library:
    """A C library that remembers what mallopt was asked."""

    def __init__(self):
        self.asked = []

    def mallopt(self, parameter, value):
        self.asked.append((parameter, value))


def test_both_thresholds_are_raised(monkeypatch):
    """M_TRIM_THRESHOLD is -1 and M_MMAP_THRESHOLD -3; 32 MiB is the most that glibc takes for the latter."""
    library, names = Library(), []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: names.append(name) or library)
    memory.retain_heap()
    assert names == [None]  # the process itself
    assert library.asked == [(-1, 2**31 - 1), (-3, 32 * 2**20)]


@pytest.mark.parametrize("error", [None, OSError("no library"), TypeError("no name")])
def test_it_does_nothing_without_glibc(error, monkeypatch):
    asked = []

    def load(name):
        asked.append(name)
        if error:
            raise error
        return object()  # it has no mallopt

    monkeypatch.setattr(memory.ctypes, "CDLL", load)
    memory.retain_heap()
    assert asked == [None]


def test_twice_does_no_harm():
    memory.retain_heap()
    memory.retain_heap()
