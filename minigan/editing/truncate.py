"""Truncation: noise from the middle of its distribution alone, and what it costs in variety."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .. import validation
from ..fast.threads import threads
from ..metrics.distances import Distances
from ..metrics.neighbours import neighbour_scores
from ..runs.run import Run
from .directions import within_classes
from .reader import find_reader

LIMITS = (None, 2.0, 1.5, 1.0, 0.5)
NEIGHBOURS = 3
MOST = 5000  # digits, as many as there are pairs of test digits


class Truncated(NamedTuple):
    """How good and how varied digits are.

    limit : of the noise; None for no limit, NaN for real digits
    precision : share of the drawn digits that lie among the real ones
    recall : share of the real digits that lie among the drawn ones
    certainty : mean probability of the most probable digit
    spread : how much the ways to draw one digit differ: the root of the mean squared distance of features from the mean
        of all images that are read as the same digit, as a share of that of real digits
    """

    limit: float | None
    precision: float
    recall: float
    certainty: float
    spread: float


def measure_truncation(
    run: Run, limits: Sequence[float | None] = LIMITS, *, n: int = 1000, seed: int = 0
) -> list[Truncated]:
    """Measure digits for several limits of the noise (Brock et al. 2019, arXiv 1809.11096, section 3.1).

    Precision and recall are those of `minigan.metrics.neighbour_scores` with k = 3, between n drawn digits and n test
    digits under the first evaluator. They depend on n.

    Parameters
    ----------
    run : that draws digits
    limits : the numbers of the noise lie in [-limit, limit]; None sets no limit
    n : number of digits for each limit, from 10 to 5,000
    seed : of the noise

    Returns
    -------
    One row for each limit, and a last one for n other test digits in the place of the drawn ones.

    Raises
    ------
    InputError : a number is out of its range, or the evaluator cannot read what the run draws
    """
    reader = find_reader(run)
    validation.integer("n", n, least=10, most=MOST)
    order = np.random.default_rng(0).permutation(len(reader.reference_features))
    real, others = reader.reference_features[order[:n]], reader.reference_features[order[n : 2 * n]]

    def spread(features: np.ndarray) -> float:
        digits = reader.classify(features).argmax(axis=1)
        return float(np.sqrt(np.square(within_classes(features, digits)).sum() / len(features)))

    unit = spread(reader.reference_features)

    def row(limit: float | None, features: np.ndarray) -> Truncated:
        scores = neighbour_scores(Distances(real, features), (NEIGHBOURS,))[NEIGHBOURS]
        certainty = float(reader.classify(features).max(axis=1).mean())
        return Truncated(limit, scores.precision, scores.recall, certainty, spread(features) / unit)

    with threads(device=run.generator.device):
        rows = [row(limit, reader.features(run.sample(n, seed=seed, truncation=limit))) for limit in limits]
        return [*rows, row(float("nan"), others)]
