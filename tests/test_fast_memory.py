"""Freed memory is kept where the C library can be asked to, and nothing happens elsewhere."""

import pytest

from minigan.fast import memory


def test_it_may_be_asked_for_twice():
    memory.retain_heap()
    memory.retain_heap()


def test_what_is_asked_for(monkeypatch):
    asked = []

    class Library:
        def mallopt(self, parameter, value):
            asked.append((parameter, value))

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: Library())
    memory.retain_heap()
    assert asked == [(-1, 2**31 - 1), (-3, 2**25)]


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_without_glibc_nothing_happens(error, monkeypatch):
    asked = []

    def missing(name):
        asked.append(name)
        raise error

    monkeypatch.setattr(memory.ctypes, "CDLL", missing)
    memory.retain_heap()
    assert asked == [None]
