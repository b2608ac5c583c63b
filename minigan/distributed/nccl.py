"""Ranks with a GPU each: NCCL moves their arrays from GPU to GPU, without a detour through the host."""

import numpy as np

from ..backend import Array, array_module, get_array_module
from .communicator import flat
from .mpi import Mpi


class Nccl(Mpi):
    """A rank of an MPI job with a GPU of its own: NCCL sends arrays on the GPU, MPI everything else.

    NCCL adds up in an order of its own. The sum is the same on all ranks, and in every run on the same machines.
    No machine with several GPUs was at hand to run this class: the tests only see what NCCL is asked to do.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cuda = array_module("cuda").cuda
        name = self._cuda.nccl.get_unique_id() if self.rank == 0 else None  # of this group of ranks
        self._nccl = self._cuda.nccl.NcclCommunicator(self.size, self.gather(name)[0], self.rank)

    def sum_(self, array: Array) -> None:
        """Replace ``array`` by its sum over the ranks, in place."""
        if get_array_module(array) is np:
            super().sum_(array)
        else:
            self._nccl.allReduce(*self._buffers(flat(array)), self._cuda.nccl.NCCL_SUM, self._stream)

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` by that of rank 0, in place."""
        if get_array_module(array) is np:
            super().broadcast(array)
        else:
            self._nccl.broadcast(*self._buffers(flat(array)), 0, self._stream)

    def _buffers(self, vector: Array) -> tuple[int, int, int, int]:
        """Return what NCCL asks for: where the vector comes from and goes to, its length and its type."""
        kinds = {"float32": "NCCL_FLOAT32", "float64": "NCCL_FLOAT64", "int64": "NCCL_INT64"}
        return vector.data.ptr, vector.data.ptr, vector.size, getattr(self._cuda.nccl, kinds[str(vector.dtype)])

    @property
    def _stream(self) -> int:
        return self._cuda.get_current_stream().ptr
