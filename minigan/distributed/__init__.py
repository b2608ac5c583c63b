"""Several processes that train one game together: what they say to each other, through MPI or inside one process."""

from .communicator import ALONE, Alone, Communicator, average
from .in_process import run_ranks
from .job import all_or_none, connect, ending_together, place_on_machine, take_gpus

__all__ = [
    "ALONE",
    "Alone",
    "Communicator",
    "all_or_none",
    "average",
    "connect",
    "ending_together",
    "place_on_machine",
    "run_ranks",
    "take_gpus",
]
