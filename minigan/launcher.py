"""What mpiexec says to the processes that it starts, before they join each other; this needs no MPI and no NumPy."""

import os

LAUNCHERS = ("PMI", "OMPI_COMM_WORLD")  # what the variables of MPICH and its relatives, and of Open MPI, begin with


def started_as() -> tuple[int, int]:
    """Return the rank of this process and the number of ranks, as mpiexec tells them; (0, 1) without mpiexec."""
    for name in LAUNCHERS:
        rank, size = os.environ.get(f"{name}_RANK", ""), os.environ.get(f"{name}_SIZE", "")
        if rank.isdecimal() and size.isdecimal():
            return int(rank), int(size)
    return 0, 1
