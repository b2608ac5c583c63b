"""The 1-nearest-neighbour two-sample test: can real and fake samples be told apart by the company they keep?"""

from typing import NamedTuple

from ..backend import Array, get_array_module
from ..errors import InputError
from .distances import Distances


class TwoSampleAccuracy(NamedTuple):
    """What `two_sample_accuracy` found; each is in [0, 1], and 0.5 is best.

    real : share of the real samples whose nearest other sample is real
    fake : share of the fake samples whose nearest other sample is fake
    """

    real: float
    fake: float

    @property
    def both(self) -> float:
        """Share of all samples that are told apart rightly."""
        return (self.real + self.fake) / 2


def two_sample_accuracy(distances: Distances) -> TwoSampleAccuracy:
    """Classify each of N real and N fake samples by its nearest neighbour among all the others, leaving itself out.

    When both sets come from one distribution, a neighbour is as often real as fake, and both accuracies are 1/2. At 1
    the sets lie apart. Below 1/2 the fake samples lie closer to the real ones than these lie to each other, as copies
    do. Fake samples that crowd together in real places give a high ``fake`` and a low ``real``.

    It is a classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545, section 3) with the nearest
    neighbour as its classifier and leave-one-out as its test set (Xu et al. 2018, arXiv 1806.07755). A
    sample whose nearest real and fake neighbours are equally far counts one half.

    Parameters
    ----------
    distances : between N real and N fake samples

    Returns
    -------
    The accuracy on the real samples and on the fake ones.

    Raises
    ------
    InputError : the sets have different sizes; the larger one would then be the neighbour more often
    """
    n, m = len(distances.real), len(distances.fake)
    if n != m:
        raise InputError(f"real, fake: expected as many real as fake samples, got {n} and {m}")
    xp = get_array_module(distances.real)
    to_fake = xp.empty(n, dtype=distances.real.dtype)
    to_real = xp.full(m, xp.inf, dtype=distances.real.dtype)
    for rows, squared in distances.between():
        to_fake[rows] = squared.min(axis=1)
        xp.minimum(to_real, squared.min(axis=0), out=to_real)
    return TwoSampleAccuracy(
        real=_share_less(distances.within_real[:, 0], to_fake),
        fake=_share_less(distances.within_fake[:, 0], to_real),
    )


def _share_less(own: Array, other: Array) -> float:
    """Return how often the own set is nearer; a tie counts one half."""
    xp = get_array_module(own)
    return (int(xp.count_nonzero(own < other)) + 0.5 * int(xp.count_nonzero(own == other))) / len(own)
