"""Books the time of a program on rows: each moment belongs to one row, that of the innermost booked call.

Several threads may work on one `parallel_for`. The time that it takes is then shared out between the rows in proportion
to what all its threads did, so that the rows always add up to the time of the calling thread.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from time import perf_counter
from typing import Any

import numpy as np

Times = defaultdict[str, float]  # the seconds of each row
Counts = defaultdict[str, np.ndarray]  # of each row: floating point operations, and bytes that must be moved
Count = Callable[..., tuple[float, float]]  # both for one call, from its result and its arguments

REST = "rest"  # the row of everything that is not booked


class State:
    """Where one Python thread is: its times so far, the row of this moment, and since when."""

    __slots__ = ("row", "since", "times")

    def __init__(self) -> None:
        self.times, self.row, self.since = Times(float), REST, perf_counter()

    def turn_to(self, row: str) -> None:
        """Book the time since the last call on the present row, and turn to another one."""
        now = perf_counter()
        self.times[self.row] += now - self.since
        self.row, self.since = row, now


class Here(threading.local):
    """The state of each thread."""

    def __init__(self) -> None:
        self.state = State()


_here = Here()
_counts: Counts | None = None  # while calls are counted
_lock = threading.Lock()


def booked(function: Callable[..., Any], row: str, count: Count | None = None, *, inner: bool = True) -> Any:
    """Return ``function``, whose calls are booked on ``row``.

    Parameters
    ----------
    count : what a call computes and moves at least; it is asked only inside of `count_in`
    inner : with False, only a call on the row `REST` is booked; a call inside another row remains there
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        state = _here.state
        outer = state.row
        if not inner and outer != REST:
            return function(*args, **options)
        state.turn_to(row)
        try:
            result = function(*args, **options)
        finally:
            state.turn_to(outer)
        if count and _counts is not None:
            add(row, *count(result, *args, **options))
        return result

    return call


def add(row: str, flops: float, moved: float) -> None:
    """Count operations and bytes on a row, inside of `count_in`; elsewhere this does nothing."""
    if _counts is not None:
        with _lock:
            _counts[row] = _counts[row] + (flops, moved)


def present_row() -> str:
    """Return the row of this moment."""
    return _here.state.row


def shared_out(parallel_for: Callable[..., None]) -> Callable[..., None]:
    """Return `minigan.fast.threads.parallel_for` with its time shared out between the rows of its tasks."""

    @wraps(parallel_for)
    def call(task: Callable[[Any], object], items: Sequence[Any]) -> None:
        here, found = _here.state, list[Times]()
        row = here.row
        here.turn_to(row)
        start = here.since

        try:
            parallel_for(lambda item: _apart(partial(task, item), row, found), items)
        finally:
            here.since = perf_counter()
            _share(here.times, found, here.since - start)

    return call


def shared_block(background: Callable[[], Any]) -> Callable[[], Any]:
    """Return `minigan.fast.threads.background` with the time of a block shared out between all that was done in it."""

    @contextmanager
    def block() -> Iterator[Callable[[Sequence[Callable[[], object]]], None]]:
        here, found = _here.state, list[Times]()
        outer, row = here.times, here.row
        here.turn_to(row)
        start = here.since
        here.times = Times(float)
        found.append(here.times)

        def do(task: Callable[[], object], row: str) -> None:
            _here.state.turn_to(_here.state.row)
            _apart(task, row, found)

        try:
            with background() as later:
                yield lambda tasks: later([partial(do, task, present_row()) for task in tasks])
        finally:
            here.turn_to(row)
            here.times = outer
            _share(outer, found, here.since - start)

    return block


def _apart(task: Callable[[], object], row: str, found: list[Times]) -> None:
    """Do a task of several threads, with times of its own, which are appended to ``found``."""
    there = _here.state
    outer = there.times, there.row
    there.times, there.row, there.since = Times(float), row, perf_counter()
    try:
        task()
    finally:
        there.turn_to(row)
        found.append(there.times)
        there.times, there.row = outer


def _share(into: Times, found: Sequence[Times], elapsed: float) -> None:
    total = sum(sum(times.values()) for times in found)
    for times in found:
        for row, seconds in times.items():
            into[row] += elapsed * seconds / total if total else 0.0


def take(step: Callable[[], Any]) -> Times:
    """Take one step, and return the seconds of each row."""
    state = _here.state
    state.times, state.row, state.since = Times(float), REST, perf_counter()
    step()
    state.turn_to(REST)
    return state.times


def count_in(step: Callable[[], Any]) -> Counts:
    """Take one step, and return for each row its floating point operations and the bytes that must be moved."""
    global _counts
    _counts = counts = Counts(lambda: np.zeros(2))
    try:
        step()
    finally:
        _counts = None
    return counts


def size_of(*values: Any) -> int:
    """Add up the bytes of the different arrays in values, tuples and lists; views of one array count as one."""
    found: dict[int, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, np.ndarray):
            memory = id(value if value.base is None else value.base)
            found[memory] = max(found.get(memory, 0), value.nbytes)
        elif isinstance(value, (tuple, list)):
            for each in value:
                visit(each)

    visit(values)
    return sum(found.values())
