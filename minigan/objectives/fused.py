"""The objective of a run on the fast floor: on a GPU each of its losses is one kernel."""

from ..backend import Array
from ..fast.fuse import fused
from ..layers.activations import sigmoid
from .gan import Objective
from .wrapper import ObjectiveWrapper

fused_sigmoid = fused(sigmoid)


class FusedObjective(ObjectiveWrapper):
    """An objective with the losses of another one, each computed in one kernel on a GPU (see `fused`).

    The logits of a batch are few, so nearly all the time that a GPU spends on a loss is the time to start its kernels.
    On the CPU the losses are those of the objective.

    Parameters
    ----------
    objective : Objective
        Its losses draw no random numbers and do not change: on a GPU each may be called only once.
    """

    name = "fused"

    def __init__(self, objective: Objective) -> None:
        super().__init__(objective)
        self._real_loss = fused(objective.real_loss)
        self._fake_loss = fused(objective.fake_loss)
        self._generator_loss = fused(objective.generator_loss)

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return self._real_loss(s)

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return self._fake_loss(s)

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return self._generator_loss(s)

    def output(self, s: Array) -> Array:
        return fused_sigmoid(s) if self.log_odds else s
