"""The updates by name: the ways in which the two players may take turns."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from ..distributed import Communicator, average
from ..layers import BatchNorm
from .simultaneous import simultaneous_step
from .steps import Players, StepResult, alternating_step

Update = Callable[..., StepResult]
Seen = TypeVar("Seen")  # what an update returns

UPDATES: dict[str, Update] = {"alternating": alternating_step, "simultaneous": simultaneous_step}


def agreeing(update: Callable[..., Seen], communicator: Communicator) -> Callable[..., Seen]:
    """Return an update after which the ranks of a distributed run have the same running statistics.

    Those of a batch norm that sees only the samples of its own rank are replaced by their means over the ranks.
    """
    if communicator.size == 1:
        return update

    @wraps(update)
    def on_ranks(players: Players, *batch: Any, **options: Any) -> Seen:
        seen = update(players, *batch, **options)
        for network in (players.generator, players.discriminator):
            if any(type(each) is BatchNorm for layer in network.layers for each in layer.walk()):
                average(communicator, network.stats)
        return seen

    return on_ranks
