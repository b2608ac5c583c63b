"""The updates by name: the ways in which the two players may take turns."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..distributed import Communicator, average
from ..layers import BatchNorm
from .simultaneous import simultaneous_step
from .steps import Game, StepResult, alternating_step

Update = Callable[..., StepResult]

UPDATES: dict[str, Update] = {"alternating": alternating_step, "simultaneous": simultaneous_step}


def agreeing(update: Update, communicator: Communicator) -> Update:
    """Return an update after which the ranks of a distributed run have the same running statistics.

    Those of a batch norm that sees only the samples of its own rank are replaced by their means over the ranks.
    """
    if communicator.size == 1:
        return update

    @wraps(update)
    def on_ranks(game: Game, *batch: Any, **options: Any) -> StepResult:
        seen = update(game, *batch, **options)
        for network in (game.generator, game.discriminator):
            if any(type(each) is BatchNorm for layer in network.layers for each in layer.walk()):
                average(communicator, network.stats)
        return seen

    return on_ranks
