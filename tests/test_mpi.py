"""MPI: what its ranks compute is what the ranks of one process compute; and a rank that fails ends the job."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mpi_job
import numpy as np
import pytest

from minigan import InputError, backend
from minigan.backend import get_array_module, to_device, to_host
from minigan.distributed import ALONE, run_ranks
from minigan.distributed.mpi import Mpi

ROOT = Path(__file__).parents[1]


# the class by itself, over a stand-in for the part of MPI that it calls


class Comm:
    """The calls of `mpi4py.MPI.Comm` for arrays on the host, between the ranks of one process."""

    def __init__(self, ranks):
        self.ranks, self.calls = ranks, []

    def Get_rank(self):
        return self.ranks.rank

    def Get_size(self):
        return self.ranks.size

    def allgather(self, thing):
        return self.ranks.gather(thing)

    def Bcast(self, array):
        assert type(array) is np.ndarray
        self.ranks.broadcast(array)

    def Allgather(self, array, out):
        self.calls.append("Allgather")
        out[...] = self.ranks.gather(array.copy())

    def Alltoallv(self, parts, out):
        self.calls.append("Alltoallv")
        vector, (counts, starts) = parts
        own = slice(starts[self.ranks.rank], starts[self.ranks.rank] + counts[self.ranks.rank])
        out[...] = [each[own] for each in self.ranks.gather(vector.copy())]

    def Allgatherv(self, part, parts):
        self.calls.append("Allgatherv")
        vector, (counts, starts) = parts
        for each, count, start in zip(self.ranks.gather(part), counts, starts, strict=True):
            vector[start : start + count] = each


@pytest.mark.parametrize(
    ("size", "n", "calls"),
    [
        (1, 10_000, ["Allgather"]),
        (2, 10_000, ["Allgather"]),
        (3, 4096, ["Allgather"]),
        (3, 4097, ["Alltoallv", "Allgatherv"]),
        (4, 10_001, ["Alltoallv", "Allgatherv"]),
        (3, 0, ["Allgather"]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sum_has_the_same_bits(size, n, calls, dtype, device, pinned):
    host = np.random.default_rng(n).standard_normal((size, n)).astype(dtype)

    def work(ranks):
        comm = Comm(ranks)
        communicator = Mpi(comm)
        ours, defined = to_device(host[ranks.rank].copy(), device), host[ranks.rank].copy()
        communicator.sum_(ours)
        ranks.sum_(defined)
        assert comm.calls == calls
        assert get_array_module(ours) is get_array_module(to_device(defined, device))
        np.testing.assert_array_equal(to_host(ours), defined)
        ours += ranks.rank
        communicator.broadcast(ours)
        np.testing.assert_array_equal(to_host(ours), defined)
        assert communicator.gather(ranks.rank) == list(range(size))

    run_ranks(size, work)


@pytest.fixture
def pinned(device, monkeypatch):
    """The sizes of the pinned blocks that are taken."""
    taken = []
    if device == "cuda":
        cuda = backend.array_module("cuda").cuda
        original = getattr(cuda, "alloc_pinned_memory", bytearray)  # the stand-in for CuPy has none
        monkeypatch.setattr(cuda, "alloc_pinned_memory", lambda n: (taken.append(n), original(n))[1], raising=False)
    return taken


def test_the_pinned_block_is_used_again(device, pinned, normal):
    communicator = Mpi(Comm(ALONE))
    for n in (10, 4, 10, 12, 3):
        communicator.sum_(normal(n))
    assert pinned == ([80, 96] if device == "cuda" else [])


def test_a_view_with_other_strides_is_refused(device, normal):
    with pytest.raises(InputError, match=r"^array: expected a contiguous array"):
        Mpi(Comm(ALONE)).sum_(normal(2, 3).T)


# under mpiexec

MPIEXEC = shutil.which("mpiexec", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


def runs_mpi():
    code = "from mpi4py import MPI; assert MPI.COMM_WORLD.size == 2"
    try:
        return MPIEXEC is not None and launch(["-c", code]).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def launch(arguments):
    """Run Python on two ranks; the variables are for Open MPI, which otherwise refuses root and few cores."""
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    shared = {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    return subprocess.run(
        [str(MPIEXEC), "-n", "2", sys.executable, *arguments],
        env={**os.environ, **allowed, **shared, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture(scope="module")
def mpiexec():
    if not runs_mpi():
        pytest.skip("mpi4py or mpiexec is missing")
    return lambda *jobs: launch([mpi_job.__file__, *jobs])


def test_real_ranks_compute_what_is_defined(mpiexec):
    """Sums, and the weights after three steps of training: to the bit what the ranks of one process have."""
    jobs = ("sums", "train", "synchronised")
    done = mpiexec(*jobs)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for job in jobs:
        assert said[job] == run_ranks(2, mpi_job.JOBS[job]), job
    assert len({*said["train"], *said["synchronised"]}) == 2  # all ranks have the same weights and statistics


@pytest.mark.parametrize("how", ["raise", "exit", "kill"])
def test_a_rank_that_dies_ends_the_job(how, mpiexec):
    """The others wait for it, and would sleep for a minute."""
    start = time.perf_counter()
    done = mpiexec(how)
    assert time.perf_counter() - start < 20
    assert done.returncode != 0
    assert ("its own error" in done.stderr) == (how == "raise")
