"""The states of all ranks of a distributed run in one: what they share once, and what belongs to each."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..distributed import Communicator
from ..errors import InputError

if TYPE_CHECKING:
    from .state import State

# The order of the data and the random streams belong to a rank. Those of rank r > 0 stand beside those of rank 0, as
# the array "order_r" and as item r - 1 of the number "other_streams".


def join(communicator: Communicator, state: "State") -> "State":
    """Return the state of rank 0 with what belongs to the other ranks, on every rank.

    A state without other ranks stays as it is.
    """
    if communicator.size == 1:
        return state
    everyone = communicator.gather(state)
    arrays: dict[str, np.ndarray] = dict(everyone[0].arrays)
    numbers: dict[str, Any] = dict(everyone[0].numbers)
    arrays |= {f"order_{rank}": each.arrays["order"] for rank, each in enumerate(everyone) if rank}
    numbers["other_streams"] = [each.numbers["streams"] for each in everyone[1:]]
    return state._replace(arrays=arrays, numbers=numbers)


def part(communicator: Communicator, state: "State") -> "State":
    """Return the state of this rank, given what `join` returned.

    Raises
    ------
    InputError
        If the state is that of another number of ranks.
    """
    others = state.numbers.get("other_streams", [])
    ranks = 1 + len(others) if isinstance(others, list) else "none"
    if ranks != communicator.size:
        raise InputError(f"ranks: expected {communicator.size}, as many as the run has now, got a state of {ranks}")
    arrays = {name: array for name, array in state.arrays.items() if not name.startswith("order_")}
    numbers = {name: number for name, number in state.numbers.items() if name != "other_streams"}
    if communicator.rank:
        arrays["order"] = state.arrays.get(f"order_{communicator.rank}", np.empty(0))
        numbers["streams"] = others[communicator.rank - 1]
    return state._replace(arrays=arrays, numbers=numbers)
