"""Precision, recall, density and coverage: which samples lie in the balls around samples of the other set.

The ball of a sample reaches to its k-th nearest other sample of the same set. All real balls together stand
for the region of the real images, and all fake balls for that of the drawn ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..backend import get_array_module
from ..errors import InputError
from .distances import Distances


class NeighbourScores(NamedTuple):
    """What `neighbour_scores` found for one k.

    precision : share of the fake samples that lie in at least one real ball, in [0, 1]
    recall : share of the real samples that lie in at least one fake ball, in [0, 1]
    density : how many real balls a fake sample lies in, on average, divided by k; at least 0, and about 1 at best
    coverage : share of the real balls that hold at least one fake sample, in [0, 1]
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbour_scores(distances: Distances, ks: Sequence[int] = (3, 5)) -> dict[int, NeighbourScores]:
    """Compute precision, recall, density and coverage, for several k in one pass over the distances.

    With R_k(x) the distance from x to its k-th nearest other sample in its own set, N real samples r, M fake ones f:

    precision = 1/M sum_f 1[some r: |f - r| <= R_k(r)]       (Kynkaanniemi et al. 2019, arXiv 1904.06991, eq. 1 and 2)
    recall    = 1/N sum_r 1[some f: |f - r| <= R_k(f)]       (the same with the sets exchanged)
    density   = 1/(kM) sum_f sum_r 1[|f - r| <= R_k(r)]      (Naeem et al. 2020, arXiv 2002.09797, section 3.2)
    coverage  = 1/N sum_r 1[some f: |f - r| <= R_k(r)]       (the same section)

    One outlier among the real samples has a large ball, which raises precision; density and coverage change little.
    All four depend on N and M, so compare numbers of equal N and M only.

    Parameters
    ----------
    distances : between real and fake samples
    ks : each from 1 to the number of neighbours that ``distances`` knows

    Returns
    -------
    The four numbers for each k.

    Raises
    ------
    InputError : a k is out of its range
    """
    for k in ks:
        if not 1 <= k <= distances.neighbours:
            raise InputError(f"ks: expected numbers from 1 to {distances.neighbours}, got {k!r}")
    xp = get_array_module(distances.real)
    n, m = len(distances.real), len(distances.fake)
    in_a_real_ball = {k: xp.zeros(m, dtype=bool) for k in ks}
    in_a_fake_ball, in_balls, holds_a_fake = ({k: 0 for k in ks} for _ in range(3))
    for rows, squared in distances.between():
        nearest = squared.min(axis=1)
        for k in ks:
            radius = distances.within_real[rows, k - 1]
            inside = squared <= radius[:, None]
            in_a_real_ball[k] |= inside.any(axis=0)
            in_balls[k] += int(xp.count_nonzero(inside))
            holds_a_fake[k] += int(xp.count_nonzero(nearest <= radius))
            in_a_fake_ball[k] += int(xp.count_nonzero((squared <= distances.within_fake[:, k - 1]).any(axis=1)))
    return {
        k: NeighbourScores(
            precision=int(xp.count_nonzero(in_a_real_ball[k])) / m,
            recall=in_a_fake_ball[k] / n,
            density=in_balls[k] / (k * m),
            coverage=holds_a_fake[k] / n,
        )
        for k in ks
    }
