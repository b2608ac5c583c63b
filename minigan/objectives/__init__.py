"""Objectives: what each player of the game minimises, and the penalties that may be added."""

from .elbo import ELBO
from .gan import Minimax, NonSaturating, Objective
from .hinge import Hinge
from .least_squares import LeastSquares
from .penalties import PENALTIES, Penalty, get_penalty
from .registry import OBJECTIVES, get_objective
from .soft_labels import SoftLabels
from .wasserstein import Wasserstein
from .wrapper import ObjectiveWrapper

__all__ = [
    "ELBO",
    "OBJECTIVES",
    "PENALTIES",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Objective",
    "ObjectiveWrapper",
    "Penalty",
    "SoftLabels",
    "Wasserstein",
    "get_objective",
    "get_penalty",
]
