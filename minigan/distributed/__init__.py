"""Several processes that train one game together: what they say to each other, through MPI or inside one process."""

from .communicator import ALONE, Alone, Communicator, average
from .in_process import run_ranks
from .job import connect, ending_together, place_on_machine

__all__ = ["ALONE", "Alone", "Communicator", "average", "connect", "ending_together", "place_on_machine", "run_ranks"]
