"""Books the time of a program on rows: each moment belongs to one row, that of the innermost booked call.

Several threads may work on one `parallel_for`. The time that it takes is then shared out between the rows in proportion
to what all its threads did, so that the rows always add up to the time of the calling thread.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from time import perf_counter
from typing import Any

import numpy as np

Count = Callable[..., tuple[float, float]]  # (result, *arguments) -> multiplications and additions, bytes


class Entry:
    """What one row has taken: seconds, floating point operations, and bytes that had to be moved."""

    __slots__ = ("bytes", "flops", "seconds")

    def __init__(self) -> None:
        self.seconds = self.flops = self.bytes = 0.0


Book = defaultdict[str, Entry]


class Here(threading.local):
    """Where one Python thread is: its book, the row of this moment, and since when."""

    def __init__(self) -> None:
        self.book: Book = defaultdict(Entry)
        self.row = REST
        self.since = perf_counter()

    def charge(self) -> None:
        """Book the time since the last call on the present row."""
        now = perf_counter()
        self.book[self.row].seconds += now - self.since
        self.since = now


REST = "rest"  # the row of everything that is not booked
_here = Here()


def booked(function: Callable[..., Any], row: str, count: Count | None = None, *, inner: bool = True) -> Any:
    """Return ``function``, whose calls are booked on ``row``.

    Parameters
    ----------
    count : what a call computes and moves at least, from its result and its arguments
    inner : with False, only a call on the row `REST` is booked; a call inside another row remains there
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        here = _here
        outer = here.row
        if not inner and outer != REST:
            return function(*args, **options)
        here.charge()
        here.row = row
        try:
            result = function(*args, **options)
        finally:
            here.charge()
            here.row = outer
        if count:
            add(row, *count(result, *args, **options))
        return result

    return call


def add(row: str, flops: float, moved: float) -> None:
    """Count operations and bytes on a row."""
    entry = _here.book[row]
    entry.flops += flops
    entry.bytes += moved


def present_row() -> str:
    """Return the row of this moment."""
    return _here.row


def shared_out(parallel_for: Callable[..., None]) -> Callable[..., None]:
    """Return `minigan.fast.threads.parallel_for` with its time shared out between the rows of its tasks."""

    @wraps(parallel_for)
    def call(task: Callable[[Any], object], items: Sequence[Any]) -> None:
        here, books = _here, list[Book]()
        here.charge()
        row = here.row

        def run(item: Any) -> None:
            there = _here
            outer = there.book, there.row
            there.book, there.row, there.since = defaultdict(Entry), row, perf_counter()
            try:
                task(item)
            finally:
                there.charge()
                books.append(there.book)
                there.book, there.row = outer
                there.since = perf_counter()

        start = perf_counter()
        parallel_for(run, items)
        elapsed = perf_counter() - start
        _merge(here.book, books, elapsed)
        here.since = perf_counter()

    return call


def _merge(into: Book, books: Sequence[Book], elapsed: float) -> None:
    total = sum(entry.seconds for book in books for entry in book.values())
    for book in books:
        for row, entry in book.items():
            into[row].seconds += elapsed * entry.seconds / total
            into[row].flops += entry.flops
            into[row].bytes += entry.bytes


def take(step: Callable[[], Any]) -> Book:
    """Take one step and return the book of this thread for it."""
    _here.book = defaultdict(Entry)
    _here.row, _here.since = REST, perf_counter()
    step()
    _here.charge()
    return _here.book


def size_of(*values: Any) -> int:
    """Add up the bytes of the different arrays in values, tuples and lists."""
    found: dict[int, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, np.ndarray):
            place = value.__array_interface__["data"][0]
            found[place] = max(found.get(place, 0), value.nbytes)
        elif isinstance(value, (tuple, list)):
            for each in value:
                visit(each)

    visit(values)
    return sum(found.values())
