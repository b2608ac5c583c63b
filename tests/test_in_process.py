"""Ranks in the threads of one process: they compute what is defined, and one that fails ends the others."""

import threading

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.distributed import run_ranks

each_size = pytest.mark.parametrize("size", [1, 2, 3, 5])


def vectors(size, device="cpu", n=1000):
    """One float32 vector for each rank; their sum depends on its order."""
    host = np.random.default_rng(size).standard_normal((size, n)).astype(np.float32)
    return [to_device(v, device) for v in host]


@each_size
def test_a_sum_is_that_in_the_order_of_the_ranks(size, device):
    mine = vectors(size, device)
    expected = to_host(mine[0]).copy()
    for v in mine[1:]:
        expected += to_host(v)
    run_ranks(size, lambda ranks: ranks.sum_(mine[ranks.rank]))
    for v in mine:
        assert get_array_module(v) is get_array_module(to_device(expected, device))
        np.testing.assert_array_equal(to_host(v), expected)


@each_size
def test_broadcast_and_gather(size, device):
    mine = vectors(size, device)
    first = to_host(mine[0]).copy()
    gathered = run_ranks(size, lambda ranks: (ranks.broadcast(mine[ranks.rank]), ranks.gather(ranks.rank**2))[1])
    assert gathered == size * [[rank**2 for rank in range(size)]]
    for v in mine:
        np.testing.assert_array_equal(to_host(v), first)


def test_many_operations_in_a_row_do_not_mix():
    def work(ranks):
        seen = []
        for i in range(200):
            v = np.array([float(i + ranks.rank)])
            ranks.sum_(v)
            v *= 10 + ranks.rank  # its own again
            seen.append((float(v[0]), ranks.gather(i)))
        return seen

    for rank, seen in enumerate(run_ranks(3, work)):
        assert seen == [((3 * i + 3) * (10 + rank), [i] * 3) for i in range(200)]


def test_a_view_with_other_strides_is_refused():
    with pytest.raises(InputError, match=r"^array: expected a contiguous array"):
        run_ranks(2, lambda ranks: ranks.sum_(np.zeros((2, 3)).T))


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_rank_that_fails_ends_the_others(failing):
    def work(ranks):
        ranks.gather(0)
        if ranks.rank == failing:
            raise KeyError("its own error")
        ranks.gather(1)  # the others wait here
        raise AssertionError("not reached")

    before = threading.active_count()
    with pytest.raises(KeyError, match="its own error"):
        run_ranks(3, work)
    assert threading.active_count() == before


def test_abort():
    def work(ranks):
        if ranks.rank == 1:
            ranks.abort()
            return "aborted"
        ranks.gather(0)
        return "waited in vain"

    assert run_ranks(2, work) == [None, "aborted"]
