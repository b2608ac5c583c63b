"""Train in four or five Python threads at once, again and again, and compare every run with the same run alone.

    python tests/hammer_threads.py 300 [SEED]

In some rounds the fifth thread forks while the others train, and the new process trains too; not on a Python without
its global lock, where a new process can hang in Python itself, at the lock of a dict that another thread held. A round
that hangs is ended after a minute, and all stacks are shown.
"""

import faulthandler
import os
import signal
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

os.environ["OPENBLAS_NUM_THREADS"] = "2"  # before NumPy loads: the BLAS has something to give back

import numpy as np
from threadpoolctl import threadpool_info

import minigan
from minigan.fast import adam, elementwise, im2col, transform
from minigan.fast import threads as parallel

for module, name in (
    (parallel, "MIN_TASK_FLOPS"), (transform, "COLUMNS"), (im2col, "ROWS"), (elementwise, "BLOCK"), (adam, "BLOCK"),
):  # fmt: skip
    setattr(module, name, 1 << 10)  # parts so small that everything is shared

IMAGES = np.random.default_rng(0).integers(256, size=(64, 8, 8), dtype=np.uint8)
DIRAC = {"data": "dirac", "steps": 3}
RUNS = [{**DIRAC, "seed": seed} for seed in range(4)] + [
    {"data": IMAGES, "model": model, "batch_size": 16, "steps": steps, "seed": steps, "plain": plain}
    for model, steps, plain in (("mlp", 2, False), ("mlp", 5, False), ("mlp", 3, True), ("conv", 2, False))
]


MAY_FORK = hasattr(os, "fork") and getattr(sys, "_is_gil_enabled", lambda: True)()


def weights(number):
    run = minigan.train(**RUNS[number], quiet=True, device="cpu")
    return np.concatenate([run.generator.theta, run.discriminator.theta])


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def same_in_a_fork(number, alone):
    """Train in a new process; its exit status says whether the weights are the same."""
    with warnings.catch_warnings(action="ignore"):  # Python warns of a fork beside threads
        child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends the process; the watchdog of faulthandler does not survive a fork
        status = 1
        try:
            status = 0 if np.array_equal(weights(number), alone) and blas_threads() == [2] else 2
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        print(f"the new process ended with {status}", file=sys.stderr)  # 1: an error, 2: other bits, -14: it hung
    return status == 0


def hammer(rounds, seed):
    """Return how many runs were compared with the same run alone; a difference is an error."""
    rng, compared, usual = np.random.default_rng(seed), 0, blas_threads()
    alone = [weights(number) for number in range(len(RUNS))]
    together = Barrier(5)

    def start(number, forks):
        together.wait()
        if not forks:
            return np.array_equal(weights(number), alone[number])
        time.sleep(0.002 * number)
        return same_in_a_fork(number, alone[number])

    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    with ThreadPoolExecutor(5) as pool:
        for count in range(rounds):
            faulthandler.dump_traceback_later(60, exit=True)
            chosen = rng.integers(4 if count % 2 else len(RUNS), size=5).tolist()
            forks = [False] * 4 + [MAY_FORK and count % 4 == 0]
            equal = list(pool.map(start, chosen, forks))
            compared += len(equal)
            assert all(equal), f"round {count} of seed {seed}: {chosen}, equal {equal}"
            assert blas_threads() == usual, f"round {count} of seed {seed}: the BLAS has {blas_threads()} threads"
    faulthandler.cancel_dump_traceback_later()
    return compared


if __name__ == "__main__":
    began = time.monotonic()
    total = hammer(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"{total} runs in {sys.argv[1]} rounds, all equal to the same run alone, {time.monotonic() - began:.1f} s")
