"""The objectives by name. To add an objective of your own, put it into ``OBJECTIVES``."""

from ..errors import InputError
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
    if not isinstance(name, str) or name not in OBJECTIVES:
        raise InputError(f"objective: expected one of {', '.join(OBJECTIVES)}, got {name!r}")
    return OBJECTIVES[name]
