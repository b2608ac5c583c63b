"""Threads that share work between the cores of a CPU.

A BLAS shares one product between its threads, but between two products all cores but one are idle. In the small
products of a convolution the threads of a BLAS even wait for each other. So this module cuts the arithmetic into
parts that do not depend on each other (columns of a transform, products of a batch, blocks of an activation), and
`parallel_for` gives them to our own threads, while the BLAS computes each product on one thread. NumPy releases
Python's lock while it computes, so the threads really run at the same time.

The parts are the same for any number of threads, and so are the results.

Several Python threads may train at once, each with threads of its own ("helpers"), and a process may be forked while
they do. What a fork leaves is one Python thread without helpers, which computes everything itself.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from .. import validation
from ..backend import Array, Device, get_array_module
from . import blas

Item = TypeVar("Item")
Task = Callable[[], object]
Later = Callable[[Sequence[Task]], None]  # takes tasks that do not depend on each other, in any order
Jobs = SimpleQueue[Callable[[], None] | None]  # what one helper does, in turn; None ends it

MIN_TASK_FLOPS = 14_000_000  # multiplications in a part, which take 0.1 to 0.2 ms; a smaller part is not worth a thread
WRITE_COST = 16  # multiplications in the time that it takes to write one element to memory, as measured

END = object()  # behind the last item, once for each thread


class Here(threading.local):
    """What belongs to one Python thread: the jobs of each of its helpers, or None outside a block of `threads`."""

    helpers: list[Jobs] | None = None


_here = Here()


@contextmanager
def threads(count: int | None = None, *, device: Device = "cpu") -> Iterator[None]:
    """Compute on ``count`` threads inside the block, each product on one of them; `minigan.train` does so itself.

    The block belongs to the Python thread that enters it. While any Python thread is in a block, NumPy's BLAS computes
    on one thread in the whole process. Nothing changes for a GPU, inside another block, or where the BLAS cannot be
    limited to one thread (Apple's Accelerate).

    Parameters
    ----------
    count : int >= 1, optional
        The default is what NumPy's BLAS uses outside all blocks: the number of cores, or OPENBLAS_NUM_THREADS or a
        similar variable.
    device : "cpu" or "cuda"
        Where the arrays are.

    Raises
    ------
    InputError
        If ``count`` is not a positive integer.
    """
    if count is not None:
        validation.integer("count", count)
    if device != "cpu" or _here.helpers is not None:
        yield
        return
    caller = threading.get_ident()
    helpers: list[Jobs] = []
    started: list[tuple[threading.Thread, Jobs]] = []

    def end() -> None:
        if threading.get_ident() == caller:
            _here.helpers = None
        helpers.clear()
        for _, jobs in started:
            jobs.put(None)
        for thread, _ in started:
            if thread.is_alive():  # else Ctrl-C came before it started
                thread.join()
        blas.give_back(caller)

    try:
        usual = blas.limit(caller)
        _here.helpers = helpers
        for _ in range((count or usual) - 1 if usual else 0):
            jobs: Jobs = SimpleQueue()
            thread = threading.Thread(target=_work_off, args=(jobs,), daemon=True)
            started.append((thread, jobs))
            thread.start()
            helpers.append(jobs)
        yield
    finally:
        try:
            end()
        except BaseException:  # Ctrl-C, for example; what is done twice does no harm
            end()
            raise


def _work_off(jobs: Jobs) -> None:
    _here.helpers = []  # a helper has no helpers
    blas.limit_helper()
    while (job := jobs.get()) is not None:
        job()


def _wait_for_helpers() -> None:
    """Wait until the helpers of this Python thread have done what they were given."""
    idle: SimpleQueue[None] = SimpleQueue()
    helpers = _here.helpers or []
    for jobs in helpers:
        jobs.put(lambda: idle.put(None))
    for _ in helpers:
        idle.get()


def _after_fork_in_child() -> None:
    if _here.helpers is not None:
        _here.helpers = []  # the new process has only the thread that forked


if hasattr(os, "register_at_fork"):  # not on Windows; a signal may fork in the middle of a `parallel_for`
    os.register_at_fork(before=_wait_for_helpers, after_in_child=_after_fork_in_child)


def parallel_for(task: Callable[[Item], object], items: Sequence[Item]) -> None:
    """Call ``task`` on each item, in any order and on all threads; an error in a call is raised again at the end."""
    helpers = _here.helpers
    if len(items) < 2 or not helpers:
        for item in items:
            task(item)
        return
    # A free thread takes the next item, and stops at its own end mark. Threads can share a deque, but not an iterator.
    waiting: deque[Any] = deque([*items, *[END] * (len(helpers) + 1)])
    finished: SimpleQueue[BaseException | None] = SimpleQueue()

    def job() -> None:
        while (item := waiting.popleft()) is not END:
            try:
                task(item)
                finished.put(None)
            except BaseException as error:
                finished.put(error)

    try:
        for jobs in helpers:
            jobs.put(job)
        job()
        answers = [finished.get() for _ in items]  # one for each item, so a helper that wakes too late delays nothing
    except BaseException:  # Ctrl-C: after it, nobody may go on with the arrays
        _wait_for_helpers()
        raise
    _raise_first(answers)


def run(tasks: Sequence[Task]) -> None:
    """Call functions without arguments, in any order and on all threads."""
    parallel_for(lambda task: task(), tasks)


@contextmanager
def background() -> Iterator[Later]:
    """Yield a function that hands tasks to the helpers while this thread goes on; the block ends when all are done.

    At its end, this thread does what no helper has begun. Without helpers, tasks are done as they are handed over. An
    error in a task is raised at the end. The tasks may not depend on each other.
    """
    helpers = _here.helpers
    if not helpers:
        yield run
        return
    waiting: deque[Task] = deque()
    finished: SimpleQueue[BaseException | None] = SimpleQueue()
    count = 0

    def work() -> None:
        while True:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            try:
                task()
                finished.put(None)
            except BaseException as error:
                finished.put(error)

    def hand_over(tasks: Sequence[Task]) -> None:
        nonlocal count
        count += len(tasks)
        waiting.extend(tasks)
        for jobs in helpers:
            jobs.put(work)

    try:
        yield hand_over
        work()
        answers = [finished.get() for _ in range(count)]
    except BaseException:  # as in `parallel_for`
        waiting.clear()
        _wait_for_helpers()
        raise
    _raise_first(answers)


def _raise_first(answers: Sequence[BaseException | None]) -> None:
    for error in answers:
        if error is not None:
            raise error


def slices(length: int, size: int, *, like: Array) -> list[slice]:
    """Cut ``length`` into slices of ``size``, or into one slice for an array on a GPU, which shares its own work."""
    if get_array_module(like) is not np:
        size = length
    return [slice(start, min(start + size, length)) for start in range(0, length, max(size, 1))]


def equal_slices(length: int, flops: int, *, like: Array) -> list[slice]:
    """Cut ``length`` into 1, 2, 4, ... slices of at most MIN_TASK_FLOPS; one unit takes ``flops`` multiplications."""
    count = 1
    while count * MIN_TASK_FLOPS < length * flops:
        count *= 2
    return slices(length, -(-length // count), like=like)
