"""Objectives: what each player of the game minimises, and what may be added to it."""

from .gan import (
    OBJECTIVES,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Objective,
    ObjectiveWrapper,
    Wasserstein,
    get_objective,
)
from .penalties import PENALTIES, Penalty, get_penalty
from .soft_labels import SoftLabels

__all__ = [
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
