"""ObjectiveWrapper: the base of every objective that changes another one, such as soft labels or a conditional game."""

from ..backend import Array
from .gan import Objective


class ObjectiveWrapper(Objective):
    """An objective with the losses of another one; a subclass changes some of them.

    Parameters
    ----------
    objective : Objective
        The one whose losses are used.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective, self.log_odds = objective, objective.log_odds

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return self.objective.real_loss(s)

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return self.objective.fake_loss(s)

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return self.objective.generator_loss(s)
