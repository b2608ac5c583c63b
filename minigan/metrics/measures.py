"""All measures of one set of digits under one evaluator, and how a table shows them."""

from typing import NamedTuple

import numpy as np

from ..backend import Device, to_device
from ..errors import InputError
from ..fast.threads import threads
from .distances import Distances
from .evaluator import EVALUATORS, Evaluator, load_evaluator
from .frechet import frechet_distance, moments
from .kernel import kernel_distance
from .neighbours import neighbour_scores
from .scores import class_histogram, classifier_score, kl_of_perfect_draws, kl_to_uniform, score_ceiling
from .two_sample import two_sample_accuracy


class QuickLook(NamedTuple):
    """What `quick_look` found.

    fid : Frechet distance to MNIST's 10,000 test digits; 0 is best
    kl : divergence of the classes from equal ones, in nats; 0 is best
    score : classifier score, from 1 to 10
    counts : how many images the evaluator reads as 0, 1, ..., 9
    """

    fid: float
    kl: float
    score: float
    counts: tuple[int, ...]


class Measures(NamedTuple):
    """Everything that `measure` found; the table says in which direction each number is good.

    fid, kid, kid_std : Frechet distance; kernel distance and its spread over the subsets
    precision_3, recall_3, density_3, coverage_3 : with k = 3 neighbours
    precision_5, recall_5, density_5, coverage_5 : with k = 5 neighbours
    real_accuracy, fake_accuracy : of the two-sample test, on real digits and on the drawn ones
    score, kl, counts : classifier score, divergence of the classes from equal ones, and their counts
    """

    fid: float
    kid: float
    kid_std: float
    precision_3: float
    recall_3: float
    density_3: float
    coverage_3: float
    precision_5: float
    recall_5: float
    density_5: float
    coverage_5: float
    real_accuracy: float
    fake_accuracy: float
    score: float
    kl: float
    counts: tuple[int, ...]


class Row(NamedTuple):
    """One row of the table: the field of `Measures`, its name in words, its digits after the point, and the best."""

    field: str
    name: str
    decimals: int
    best: str


def table_rows(n: int, classes: int = 10) -> list[Row]:
    """Return the rows of the table for n images; the best score and the best KL depend on n."""
    return [
        Row("fid", "Frechet distance", 3, "0"),
        Row("kid", "kernel distance", 5, "0"),
        Row("kid_std", "  its spread over subsets", 5, ""),
        *(
            Row(f"{name}_{k}", f"{name}, k = {k}", 3, "1")
            for k in (3, 5)
            for name in ("precision", "recall", "density", "coverage")
        ),
        Row("real_accuracy", "1-NN accuracy, real digits", 3, "0.5"),
        Row("fake_accuracy", "1-NN accuracy, these images", 3, "0.5"),
        Row("score", "classifier score", 3, f"{score_ceiling(n, classes):.3f}"),
        Row("kl", "KL of the classes", 5, f"{kl_of_perfect_draws(n, classes):.5f}"),
    ]


def features_of(images: np.ndarray, evaluator: Evaluator, device: Device) -> np.ndarray:
    """Return the features of enough images.

    Raises
    ------
    InputError : the images have another shape, type or range, or are too few for a covariance
    """
    needed = evaluator.reference_features.shape[1]
    if isinstance(images, np.ndarray) and len(images) <= needed:
        raise InputError(f"images: expected more than {needed}, the number of features, got {len(images)}")
    with threads(device=device):
        return evaluator.features(images)


def quick_look(images: np.ndarray, *, evaluator: str = EVALUATORS[0], device: Device = "cpu") -> QuickLook:
    """Measure the Frechet distance and the classes alone, under one evaluator: 2,000 digits in less than a second.

    The distance depends on the number of images: fewer images seem to be further away.

    Parameters
    ----------
    images : (n, 28, 28) or (n, 28, 28, 1), uint8 or floating in [-1, 1]; n is above the number of features
    evaluator : a name in `EVALUATORS`
    device : where the evaluator computes

    Raises
    ------
    InputError : the images have another shape, type or range, or are too few
    """
    judge = load_evaluator(evaluator, device)
    return _look(features_of(images, judge, device), judge)


def measure(features: np.ndarray, evaluator: Evaluator, *, device: Device = "cpu") -> Measures:
    """Compare features with those of MNIST's 10,000 test digits, in every measure.

    The Frechet distance takes all features and all test digits. The other distances take as many features as test
    digits: the first 10,000 features at most, and as many random test digits, always the same.

    Parameters
    ----------
    features : (n, C), as ``evaluator.features`` returns them, n above C
    evaluator : that made them
    device : where the distances are computed
    """
    look = _look(features, evaluator)
    reference = evaluator.reference_features
    size = min(len(features), len(reference))
    chosen = np.random.default_rng(0).permutation(len(reference))[:size]
    real, fake = to_device(reference[chosen], device), to_device(features[:size], device)
    distances = Distances(real, fake)
    kid, neighbours, accuracy = (
        kernel_distance(real, fake),
        neighbour_scores(distances),
        two_sample_accuracy(distances),
    )
    return Measures(look.fid, *kid, *neighbours[3], *neighbours[5], *accuracy, look.score, look.kl, look.counts)


def _look(features: np.ndarray, evaluator: Evaluator) -> QuickLook:
    assert evaluator.reference is not None
    probabilities = evaluator.classify(features)
    counts = class_histogram(probabilities)
    return QuickLook(
        fid=frechet_distance(moments(features), evaluator.reference),
        kl=kl_to_uniform(counts),
        score=classifier_score(probabilities),
        counts=tuple(counts.tolist()),
    )
