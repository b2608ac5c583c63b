"""How fast this computer is at its best: a large matrix product, and a large copy."""

import os
import time
from collections.abc import Callable

import numpy as np

from ..fast.threads import parallel_for, slices, threads

SIZE = 1024  # of both matrices of the product
ELEMENTS = 1 << 25  # of the array that is copied, 128 MiB, which fits in no cache
REPEATS = 20


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def matmul_speed() -> tuple[float, int]:
    """Measure a float32 product of two large matrices; the fastest of several counts.

    Returns
    -------
    speed : float
        In GFLOP/s; a multiplication and its addition count as two operations.
    busy : int
        The number of busy cores, which is processor time over elapsed time.
    """
    a = np.ones((SIZE, SIZE), dtype=np.float32)
    a @ a
    start, start_cpu = time.perf_counter(), time.process_time()
    fastest = min(_seconds(lambda: a @ a) for _ in range(REPEATS))
    elapsed, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return 2 * SIZE**3 / fastest / 1e9, max(1, round(cpu / elapsed))


def copy_speed() -> float:
    """Measure a copy of a large array by all threads, in GB/s; what is read and what is written both count.

    The fastest of several copies counts.
    """
    source, target = np.ones(ELEMENTS, dtype=np.float32), np.zeros(ELEMENTS, dtype=np.float32)

    def copy(part: slice) -> None:
        target[part] = source[part]

    with threads():
        parts = slices(ELEMENTS, ELEMENTS // 64, like=source)
        seconds = min(_seconds(lambda: parallel_for(copy, parts)) for _ in range(REPEATS // 2))
    return 2 * source.nbytes / seconds / 1e9


def _seconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start
