"""The states of all ranks of a distributed run in one: what they share once, and what belongs to each.

The order of the data and the random streams belong to a rank. Those of rank r > 0 stand beside those of rank 0, as the
array "order_r" and as item r - 1 of "other_streams".
"""

from typing import Any

import numpy as np

from ..distributed import Communicator
from ..errors import InputError

Arrays = dict[str, np.ndarray]
Numbers = dict[str, Any]


def join(communicator: Communicator, arrays: Arrays, numbers: Numbers) -> tuple[Arrays, Numbers]:
    """Return the state of rank 0 with what belongs to the other ranks, on every rank.

    Parameters
    ----------
    communicator : Communicator
    arrays, numbers : dict
        The state of this rank, as `minigan.training.state.State` describes it; a rank that is alone gets it back.
    """
    if communicator.size == 1:
        return arrays, numbers
    everyone = communicator.gather((arrays["order"], numbers["streams"]))
    (order, streams), others = everyone[0], everyone[1:]
    orders = {"order": order} | {f"order_{rank}": theirs for rank, (theirs, _) in enumerate(others, start=1)}
    return arrays | orders, numbers | {"streams": streams, "other_streams": [theirs for _, theirs in others]}


def count_ranks(numbers: Numbers) -> int:
    """Return the number of ranks of which a state is; 0 if it does not say so."""
    others = numbers.get("other_streams", [])
    return 1 + len(others) if isinstance(others, list) else 0


def part(communicator: Communicator, arrays: Arrays, numbers: Numbers) -> tuple[Arrays, Numbers]:
    """Return the state of this rank, given what `join` returned.

    Raises
    ------
    InputError
        If the state is that of another number of ranks.
    """
    ranks = count_ranks(numbers)
    if ranks != communicator.size:
        raise InputError(f"ranks: expected {communicator.size}, as many as the run has now, got a state of {ranks}")
    own = {name: array for name, array in arrays.items() if not name.startswith("order_")}
    counts = {name: number for name, number in numbers.items() if name != "other_streams"}
    if communicator.rank:
        own["order"] = arrays.get(f"order_{communicator.rank}", np.empty(0))
        counts["streams"] = numbers["other_streams"][communicator.rank - 1]
    return own, counts
