"""How a process becomes a rank, and how all ranks end when one fails."""

import platform
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ..backend import Device
from .communicator import Communicator
from .mpi import Mpi
from .nccl import Nccl, choose_gpu


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
        own = choose_gpu(*place_on_machine(communicator))
        if communicator.size > 1 and all(communicator.gather(own)):
            return Nccl()
    return communicator


def place_on_machine(communicator: Communicator) -> tuple[int, int]:
    """Return which of the ranks on this machine this one is, from 0 on, and how many there are."""
    machines = communicator.gather(platform.node())
    here = machines[communicator.rank]
    return machines[: communicator.rank].count(here), machines.count(here)


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
