"""Metrics: numbers that say how good the samples of a run are."""

from .evaluation import Evaluation, evaluate
from .evaluator import Evaluator, load_evaluator
from .frechet import Moments, frechet_distance, moments
from .modes import ModeCoverage, mode_coverage
from .scores import class_histogram, classifier_score, kl_to_uniform

__all__ = [
    "Evaluation",
    "Evaluator",
    "ModeCoverage",
    "Moments",
    "class_histogram",
    "classifier_score",
    "evaluate",
    "frechet_distance",
    "kl_to_uniform",
    "load_evaluator",
    "mode_coverage",
    "moments",
]
