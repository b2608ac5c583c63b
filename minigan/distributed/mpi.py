"""Ranks that are processes on one machine or on several, joined by MPI: ``mpiexec -n K python ...``."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, array_module, get_array_module
from ..errors import DeviceError
from .communicator import flat, sum_in_order

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
        """Return the things of all ranks, in their order; they travel as pickles between the processes of one job."""
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
            f"distributed: expected mpi4py and an MPI library, got the error {reason!r}; to install them, run "
            "pip install '.[mpi]' mpich in the folder of minigan"
        ) from None
    return MPI


def pinned_empty(nbytes: int) -> np.ndarray:
    """Return so many bytes of pinned host memory, which a GPU copies from and to without a detour."""
    return np.frombuffer(array_module("cuda").cuda.alloc_pinned_memory(nbytes), np.uint8, nbytes)
