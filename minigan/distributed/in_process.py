"""Ranks inside one process, each in a thread of its own: the definition of what ranks compute, and for tests."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ..backend import Array
from .communicator import Communicator, flat, sum_in_order

Result = TypeVar("Result")


class InProcess:
    """One of several ranks that share the memory of one process; `run_ranks` makes them.

    Parameters
    ----------
    rank : int
    table : list with a place for the thing of each rank; all ranks have the same list
    barrier : threading.Barrier for as many threads
    """

    def __init__(self, rank: int, table: list[Any], barrier: threading.Barrier) -> None:
        self.rank = rank
        self.size = len(table)
        self._table = table
        self._barrier = barrier

    def sum_(self, array: Array) -> None:
        """Replace ``array`` by its sum over the ranks, in place."""
        flat(array)[...] = sum_in_order(self.gather(flat(array).copy()))

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` by that of rank 0, in place."""
        flat(array)[...] = self.gather(flat(array).copy())[0]

    def gather(self, thing: Any) -> list[Any]:
        """Return the things of all ranks, in their order."""
        self._table[self.rank] = thing
        self._barrier.wait()  # now every rank has written
        things = list(self._table)
        self._barrier.wait()  # now every rank has read
        return things

    def abort(self) -> None:
        """Let every rank that waits, or will wait, fail with ``BrokenBarrierError``."""
        self._barrier.abort()


def run_ranks(size: int, work: Callable[[Communicator], Result]) -> list[Result]:
    """Call ``work`` once for each rank, all at the same time, and return the results in the order of the ranks.

    If a rank raises an error, the others end as soon as they wait for it, and its error is raised again.

    >>> import numpy as np
    >>> def work(communicator):
    ...     v = np.full(2, 1.0 + communicator.rank)
    ...     communicator.sum_(v)
    ...     return v.tolist()
    >>> run_ranks(3, work)
    [[6.0, 6.0], [6.0, 6.0], [6.0, 6.0]]
    """
    table: list[Any] = [None] * size
    results: list[Any] = [None] * size
    errors: list[BaseException] = []
    barrier = threading.Barrier(size)

    def run(rank: int) -> None:
        try:
            results[rank] = work(InProcess(rank, table, barrier))
        except threading.BrokenBarrierError:
            pass  # another rank has failed
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
