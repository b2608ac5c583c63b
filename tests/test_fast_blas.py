"""The number of threads of the BLAS: one while anybody is in a block, and afterwards exactly what it was."""

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from minigan.fast import blas
from minigan.fast.threads import threads


class Library:
    """A BLAS with one number for the process, or with one for each thread."""

    internal_api = "openblas"

    def __init__(self, count, threading_layer):
        self.threading_layer = threading_layer
        self.usual = count
        self.counts = {}

    def _key(self):
        return threading.get_ident() if self.threading_layer == "openmp" else None

    @property
    def num_threads(self):
        return self.counts.get(self._key(), self.usual)

    def set_num_threads(self, count):
        self.counts[self._key()] = count


@pytest.fixture
def libraries(monkeypatch):
    found = [Library(3, "pthreads"), Library(4, "openmp")]
    monkeypatch.setattr(blas, "LIBRARIES", found)
    return found


def counts(libraries):
    return [library.num_threads for library in libraries]


class Other:
    """A Python thread that enters a block and stays there until it is told to leave."""

    def __init__(self, libraries):
        self.entered, self.leave, self.libraries = threading.Event(), threading.Event(), libraries
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.entered.wait(10)

    def run(self):
        with threads():
            self.helpers = threading.active_count()
            self.inside = counts(self.libraries)
            self.entered.set()
            self.leave.wait(10)
        self.after = counts(self.libraries)

    def end(self):
        self.leave.set()
        self.thread.join()


@pytest.mark.parametrize("first", ["main", "other"])
def test_the_first_takes_the_limit_and_the_last_gives_it_back(libraries, first):
    with threads(2):
        other = Other(libraries)
        assert counts(libraries) == other.inside == [1, 1]
        if first == "other":
            other.end()
            assert counts(libraries) == [1, 1]
            assert other.after == [1, 4]  # its own number is back, that of the process is not
    if first == "main":
        assert counts(libraries) == [1, 4]
        other.end()
        assert other.after == [3, 4]
    assert counts(libraries) == [3, 4]


def test_a_later_block_uses_as_many_threads_as_the_first(libraries):
    """Inside, the BLAS says that it has one thread; the default is what it has outside."""
    before = threading.active_count()
    with threads():
        other = Other(libraries)
        other.end()
    assert other.helpers == before + 3 + 1 + 3


def test_helpers_are_limited_where_each_thread_has_a_number(libraries):
    with threads(3):
        pass
    assert list(libraries[1].counts.values()).count(1) == 2  # of the two helpers, which are gone


def test_nothing_is_done_without_a_blas_that_can_be_limited(monkeypatch):
    monkeypatch.setattr(blas, "LIBRARIES", [])
    before = threading.active_count()
    with threads(3):
        assert threading.active_count() == before
    assert blas.blas_kernels() is None


def test_an_error_while_the_limit_is_set_gives_it_back(libraries, monkeypatch):
    def fail(count):
        if count == 1:
            raise OSError("no")

    monkeypatch.setattr(libraries[1], "set_num_threads", fail)
    with pytest.raises(OSError, match="no"), threads(3):
        pass
    assert counts(libraries) == [3, 4]
    assert not blas._inside
    assert not blas._outside


def test_a_number_that_another_thread_set_is_changed_and_given_back():
    """From 3.8 on, threadpoolctl listens to one Python thread alone, the first that sets a number."""

    def real():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    def work():
        with threads(2):
            seen.append(real())

    seen, before = [], real()
    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        seen.append(real())
        with threads(2):
            seen.append(real())
    assert seen == [{1}, {2}, {1}]
    assert real() == before


def test_the_kernels_have_a_name():
    assert blas.blas_kernels() is None or blas.blas_kernels().isprintable()
