"""How a process becomes a rank, and how all ranks end when one fails."""

import platform
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from ..backend import Device
from ..errors import DeviceError, DivergedError, InputError
from .communicator import Communicator
from .mpi import Mpi
from .nccl import Nccl, choose_gpu

ALIKE = (InputError, DeviceError, DivergedError, SystemExit)
Result = TypeVar("Result")


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
    because ``mpiexec`` ends the others. Errors that all ranks find alike pass through: wrong input, a divergence, and
    the end of a process that was asked to end.
    """
    try:
        yield
    except ALIKE:
        raise
    except BaseException:
        if communicator.size > 1:
            print(f"rank {communicator.rank} of {communicator.size} failed:", file=sys.stderr)
            traceback.print_exc()
            sys.stderr.flush()
            communicator.abort()
        raise


def all_or_none(communicator: Communicator, prepare: Callable[[], Result]) -> Result:
    """Return ``prepare()`` if that succeeds on all ranks; otherwise rank 0 raises the error, and the others end.

    Raises
    ------
    InputError, DeviceError
        The error of this rank, or on rank 0 that of the first rank that has one.
    SystemExit
        On the other ranks, with status 2.
    """
    result, problem = None, None
    try:
        result = prepare()
    except (InputError, DeviceError) as error:
        problem = error
    found = [each for each in communicator.gather(problem) if each]
    if not found:
        return cast(Result, result)
    if communicator.rank == 0:
        raise found[0]
    raise SystemExit(2)
