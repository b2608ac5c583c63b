"""Mode coverage: how many modes of a mixture of Gaussians a generator found, and how many samples lie near one."""

from typing import NamedTuple

from ..backend import Array, get_array_module
from ..errors import InputError

SAMPLES = 2500  # the number that VEEGAN and PacGAN draw
WITHIN = 3  # a sample of high quality lies within so many standard deviations of a centre


class ModeCoverage(NamedTuple):
    """What `mode_coverage` counted.

    found : number of modes with at least one sample of high quality
    modes : number of modes in all
    high_quality : share of the samples that lie within three standard deviations of a centre, in [0, 1]
    """

    found: int
    modes: int
    high_quality: float

    def __str__(self) -> str:
        return (
            f"{self.found} of {self.modes} modes, {100 * self.high_quality:.1f} % of the samples "
            f"within {WITHIN} standard deviations"
        )


def mode_coverage(points: Array, centres: Array, std: float) -> ModeCoverage:
    """Count the modes that were found and the samples of high quality, as VEEGAN and PacGAN do with 2,500 samples.

    A sample is of high quality when it lies within three standard deviations of the nearest centre,
    min_m |x - c_m| <= 3 std. A mode is found when at least one such sample is nearest to it (Srivastava et al. 2017,
    "VEEGAN", arXiv 1705.07761; Lin et al. 2018, "PacGAN", arXiv 1712.04086, section 4.1). In two dimensions
    exp(-9 / 2) = 1.1 % of the mixture's own points lie further away.

    Parameters
    ----------
    points : (n, C), finite; the samples of a generator
    centres : (M, C), the centres of the modes
    std : standard deviation of each coordinate around its centre, above 0

    Raises
    ------
    InputError : the shapes do not fit, or the standard deviation is not above 0

    >>> import numpy as np
    >>> print(mode_coverage(np.array([[0.0, 0.1], [5.0, 5.0]]), np.array([[0.0, 0.0], [0.0, 2.0]]), 0.05))
    1 of 2 modes, 50.0 % of the samples within 3 standard deviations
    """
    shapes_fit = points.ndim == centres.ndim == 2 and points.shape[1] == centres.shape[1]
    if not (shapes_fit and len(points) and len(centres)):
        raise InputError(f"points, centres: expected (n, C) and (M, C), got {points.shape} and {centres.shape}")
    if not std > 0:
        raise InputError(f"std: expected a number above 0, got {std!r}")
    xp = get_array_module(points)
    distance = xp.linalg.norm(points[:, None] - centres, axis=2)  # (n, M)
    good = distance.min(axis=1) <= WITHIN * std
    return ModeCoverage(len(xp.unique(distance.argmin(axis=1)[good])), len(centres), float(good.mean()))
