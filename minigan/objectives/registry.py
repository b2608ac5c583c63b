"""The objectives by name. To add an objective of your own, put it into ``OBJECTIVES``.

Its losses depend on the logits alone, and stay the same for a whole run (see `minigan.objectives.fused`).
"""

from .. import validation
from .gan import Minimax, NonSaturating, Objective
from .hinge import Hinge
from .least_squares import LeastSquares
from .wasserstein import Wasserstein

OBJECTIVES: dict[str, Objective] = {
    objective.name: objective for objective in (NonSaturating(), Minimax(), LeastSquares(), Wasserstein(), Hinge())
}


def get_objective(name: str) -> Objective:
    """Return the objective of this name.

    Raises
    ------
    InputError
        If there is none; the message lists the known names.
    """
    return OBJECTIVES[validation.one_of("objective", name, OBJECTIVES)]
