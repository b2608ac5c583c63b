"""Metrics: numbers that say how good the samples of a run are."""

from .distances import Distances
from .evaluation import Evaluation, evaluate
from .evaluator import EVALUATORS, Evaluator, load_evaluator
from .frechet import Moments, frechet_distance, moments
from .kernel import KernelDistance, kernel_distance
from .measures import Measures, QuickLook, measure, quick_look
from .memorisation import Memorisation, memorisation
from .modes import ModeCoverage, mode_coverage
from .neighbours import NeighbourScores, neighbour_scores
from .scores import class_histogram, classifier_score, kl_to_uniform
from .two_sample import TwoSampleAccuracy, two_sample_accuracy

__all__ = [
    "EVALUATORS",
    "Distances",
    "Evaluation",
    "Evaluator",
    "KernelDistance",
    "Measures",
    "Memorisation",
    "ModeCoverage",
    "Moments",
    "NeighbourScores",
    "QuickLook",
    "TwoSampleAccuracy",
    "class_histogram",
    "classifier_score",
    "evaluate",
    "frechet_distance",
    "kernel_distance",
    "kl_to_uniform",
    "load_evaluator",
    "measure",
    "memorisation",
    "mode_coverage",
    "moments",
    "neighbour_scores",
    "quick_look",
    "two_sample_accuracy",
]
