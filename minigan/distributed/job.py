"""How a process becomes a rank, and how all ranks end when one fails."""

import platform
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from ..backend import array_module
from ..errors import DeviceError, InputError
from ..launcher import started_as
from .communicator import Communicator
from .mpi import Mpi
from .nccl import Nccl

Result = TypeVar("Result")


def connect() -> Communicator:
    """Join the MPI job as one of its ranks.

    Raises
    ------
    DeviceError
        If mpi4py or MPI is missing, or mpiexec belongs to another MPI than mpi4py: then each process is alone.
    """
    communicator = Mpi()
    started = started_as()[1]
    if started > 1 and communicator.size == 1:
        raise DeviceError(
            f"distributed: expected {started} processes that know each other, got processes that are alone, because "
            "mpiexec belongs to another MPI than mpi4py"
        )
    return communicator


def take_gpus(communicator: Communicator) -> Communicator:
    """Let the ranks of each machine compute on its GPUs in turn.

    Returns
    -------
    `Nccl`, if every rank has a GPU of its own and CuPy has NCCL; otherwise the same communicator.
    """
    cuda = array_module("cuda").cuda
    index, here = place_on_machine(communicator)
    gpus = cuda.runtime.getDeviceCount()
    cuda.Device(index % gpus).use()
    own = here <= gpus and cuda.nccl.available
    return Nccl() if communicator.size > 1 and all(communicator.gather(own)) else communicator


def place_on_machine(communicator: Communicator) -> tuple[int, int]:
    """Return which of the ranks on this machine this one is, from 0 on, and how many there are."""
    machines = communicator.gather(platform.node())
    here = machines[communicator.rank]
    return machines[: communicator.rank].count(here), machines.count(here)


@contextmanager
def ending_together(communicator: Communicator, *alike: type[Exception]) -> Iterator[None]:
    """End all ranks when the block fails on this one: its traceback is printed, and the job is aborted.

    Without this a rank that fails leaves the others waiting for it. A process that is killed needs no such help,
    because ``mpiexec`` ends the others.

    Parameters
    ----------
    communicator : Communicator
    alike : types of errors
        All ranks raise them together in this block, so nobody waits, and they pass through.
    """
    try:
        yield
    except alike:
        raise
    except BaseException:
        if communicator.size > 1:
            failed = f"rank {communicator.rank} of {communicator.size} failed:\n{traceback.format_exc()}"
            sys.stderr.write(failed)  # as one piece: the abort may cut off what mpiexec has not passed on yet
            sys.stderr.flush()
            communicator.abort()
        raise


def all_or_none(communicator: Communicator, prepare: Callable[[], Result]) -> Result:
    """Return ``prepare()`` if that succeeds on all ranks.

    Raises
    ------
    InputError, DeviceError
        On all ranks, the error of the first rank that has one.
    """
    result, problem = None, None
    try:
        result = prepare()
    except (InputError, DeviceError) as error:
        problem = error
    found = [each for each in communicator.gather(problem) if each]
    if found:
        raise found[0]
    return cast(Result, result)
