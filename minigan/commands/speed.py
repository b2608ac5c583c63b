"""How fast this computer is at its best: a large matrix product, and a large copy."""

import os
import time
from collections.abc import Callable

import numpy as np

from ..backend import Device, array_module, synchronize
from ..fast.threads import parallel_for, slices, threads

SIZE: dict[Device, int] = {"cpu": 1 << 10, "cuda": 1 << 11}  # rows and columns of both matrices of the product
ELEMENTS: dict[Device, int] = {"cpu": 1 << 25, "cuda": 1 << 26}  # float32 numbers that are copied; they fit in no cache
REPEATS = 20


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def matmul_speed(device: Device = "cpu") -> tuple[float, int]:
    """Measure a float32 product of two large matrices; the fastest of several counts.

    Returns
    -------
    speed : float
        In GFLOP/s; a multiplication and its addition count as two operations.
    busy : int
        The number of busy cores, which is processor time over elapsed time.
    """
    size = SIZE[device]
    a = array_module(device).ones((size, size), dtype=np.float32)
    _seconds(lambda: a @ a, device)
    start, start_cpu = time.perf_counter(), time.process_time()
    fastest = min(_seconds(lambda: a @ a, device) for _ in range(REPEATS))
    elapsed, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return 2 * size**3 / fastest / 1e9, max(1, round(cpu / elapsed))


def copy_speed(device: Device = "cpu") -> float:
    """Measure a copy of a large array by all threads or by the GPU; the fastest of several counts.

    Returns
    -------
    speed : float
        In GB/s; what is read and what is written both count.
    """
    xp, size = array_module(device), ELEMENTS[device]
    source, target = xp.ones(size, dtype=np.float32), xp.zeros(size, dtype=np.float32)

    def copy(part: slice) -> None:
        target[part] = source[part]

    with threads(device=device):
        parts = slices(size, size // 64, like=source)
        fastest = min(_seconds(lambda: parallel_for(copy, parts), device) for _ in range(REPEATS // 2))
    return 2 * source.nbytes / fastest / 1e9


def _seconds(task: Callable[[], object], device: Device) -> float:
    synchronize(device)
    start = time.perf_counter()
    task()
    synchronize(device)
    return time.perf_counter() - start
