"""Ranks that are processes on one machine or on several, joined by MPI: ``mpiexec -n K python ...``."""

import itertools
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..backend import Array, Device, choose_gpu, get_array_module, nccl_backend, pinned_empty
from ..errors import DeviceError
from .communicator import Communicator, flat, sum_in_order

SMALL = 4096  # elements of an array of which every rank gets all copies, because one message is faster than two


class Mpi:
    """A rank of an MPI job; arrays on a GPU pass through one block of pinned host memory.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, by default all processes of the job

    Raises
    ------
    DeviceError
        If mpi4py or the MPI library that it needs is missing.
    """

    def __init__(self, comm: Any = None) -> None:
        self._comm = import_mpi().COMM_WORLD if comm is None else comm
        self.rank: int = self._comm.Get_rank()
        self.size: int = self._comm.Get_size()
        self._pinned = np.empty(0, dtype=np.uint8)

    def sum_(self, array: Array) -> None:
        """Replace ``array`` by its sum over the ranks, in place."""
        self._on_host(self._sum, flat(array))

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` by that of rank 0, in place."""
        self._on_host(self._comm.Bcast, flat(array))

    def gather(self, thing: Any) -> list[Any]:
        """Return the things of all ranks, in their order."""
        return self._comm.allgather(thing)

    def abort(self) -> None:
        """End all processes of the job with status 1; this call does not return."""
        self._comm.Abort(1)

    def _sum(self, vector: np.ndarray) -> None:
        """Sum in the order of the ranks, which MPI's own sum does not promise.

        A small vector goes to all ranks, and each adds up the K copies. A long one is cut into K parts: rank r gets
        the copies of part r, adds them up, and sends the sum to all ranks. So each rank sends and gets about 2 vectors
        instead of K (Rabenseifner 2004). With two ranks both ways send the same amount.
        """
        if self.size <= 2 or vector.size <= SMALL:
            copies = np.empty((self.size, vector.size), vector.dtype)
            self._comm.Allgather(vector, copies)
            vector[...] = sum_in_order(copies)
            return
        bounds = [vector.size * r // self.size for r in range(self.size + 1)]
        counts = [end - start for start, end in itertools.pairwise(bounds)]
        parts = [vector, (counts, bounds[:-1])]
        copies = np.empty((self.size, counts[self.rank]), vector.dtype)
        self._comm.Alltoallv(parts, copies)
        self._comm.Allgatherv(sum_in_order(copies), parts)

    def _on_host(self, operation: Callable[[np.ndarray], object], vector: Array) -> None:
        if get_array_module(vector) is np:
            operation(vector)
            return
        if self._pinned.nbytes < vector.nbytes:
            self._pinned = pinned_empty(vector.nbytes)
        host = self._pinned[: vector.nbytes].view(vector.dtype)
        vector.get(out=host)
        operation(host)
        vector.set(host)


class Nccl(Mpi):
    """A rank of an MPI job with a GPU of its own: NCCL moves the arrays from GPU to GPU, MPI everything else.

    NCCL adds up in an order of its own. The sum is the same on all ranks, and in every run on the same machines.
    No machine with several GPUs was at hand to run this class; the tests only see that NCCL is called.
    """

    def __init__(self) -> None:
        super().__init__()
        self._nccl = nccl_backend(self.size, self.rank)

    def sum_(self, array: Array) -> None:
        """Replace ``array`` by its sum over the ranks, in place."""
        if get_array_module(array) is np:
            super().sum_(array)
        else:
            self._nccl.all_reduce(flat(array), flat(array))

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` by that of rank 0, in place."""
        if get_array_module(array) is np:
            super().broadcast(array)
        else:
            self._nccl.broadcast(flat(array))


def import_mpi() -> Any:
    """Return ``mpi4py.MPI``; the first import of it joins the MPI job.

    Raises
    ------
    DeviceError
        If mpi4py or the MPI library that it needs is missing.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py finds no MPI library
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DeviceError(
            f"distributed: expected mpi4py and an MPI library, got neither or only one ({reason}); to install them, "
            "run pip install '.[mpi]' mpich in the folder of minigan"
        ) from None
    return MPI


def connect(device: Device) -> Communicator:
    """Join the MPI job as one of its ranks; on GPUs the ranks of one machine take one after the other.

    Parameters
    ----------
    device : "cpu" or "cuda"
        With "cuda", `Nccl` is taken where every rank has a GPU of its own and CuPy has NCCL, otherwise `Mpi`.

    Raises
    ------
    DeviceError
        If mpi4py or MPI is missing.
    """
    communicator = Mpi()
    if device == "cuda":
        MPI = import_mpi()
        here = MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)  # the ranks of this machine
        own = choose_gpu(here.Get_rank(), here.Get_size())
        if communicator.size > 1 and all(communicator.gather(own)):
            return Nccl()
    return communicator


@contextmanager
def ending_together(communicator: Communicator) -> Iterator[None]:
    """End all ranks when the block fails on this one: its traceback is printed, and the job is aborted.

    Without this a rank that fails leaves the others waiting for it. A process that is killed needs no such help,
    because ``mpiexec`` ends the others.
    """
    try:
        yield
    except BaseException:
        if communicator.size > 1:
            print(f"rank {communicator.rank} of {communicator.size} failed:", file=sys.stderr)
            traceback.print_exc()
            sys.stderr.flush()
            communicator.abort()
        raise
