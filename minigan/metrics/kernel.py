"""The kernel distance (KID): how far two sets of features are apart in their first, second and third moments."""

from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, device_of, get_array_module, to_device
from ..errors import InputError
from .distances import check_pair

SUBSETS = 100
SIZE = 1000


class KernelDistance(NamedTuple):
    """What `kernel_distance` found.

    mean : of the squared distance over the subsets; 0 is best, and rounding and chance may bring it below 0
    std : standard deviation between the subsets. They overlap, so the error of the mean is not std / sqrt(subsets)
    """

    mean: float
    std: float


def polynomial_kernel(x: Array, y: Array) -> Array:
    """Return k(x, y) = (x . y / C + 1)^3 for all pairs: (n, C), (m, C) -> (n, m)."""
    base = x @ y.T
    base /= x.shape[1]
    base += 1
    cube = base * base
    cube *= base
    return cube


def squared_mmd(x: Array, y: Array) -> Array:
    """Return the unbiased estimate of the squared maximum mean discrepancy.

    MMD^2 = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)

    (Gretton et al. 2012, eq. 3; Binkowski et al. 2018, arXiv 1801.01401, section 4). Its expectation is the distance of
    the distributions for every n and m, and for equal ones it is 0; so a single estimate may be negative.

    Parameters
    ----------
    x : (n, C) floating, n above 1
    y : (m, C), m above 1

    Returns
    -------
    A scalar on the device of the samples.
    """
    n, m = len(x), len(y)
    xx, yy, xy = polynomial_kernel(x, x), polynomial_kernel(y, y), polynomial_kernel(x, y)
    within = (xx.sum() - xx.trace()) / (n * (n - 1)) + (yy.sum() - yy.trace()) / (m * (m - 1))
    return within - 2 * xy.mean()


def kernel_distance(
    real: Array, fake: Array, *, subsets: int = SUBSETS, size: int = SIZE, seed: int = 0
) -> KernelDistance:
    """Return mean and spread of `squared_mmd` over random subsets (Binkowski et al. 2018, section 4).

    Each subset is drawn without replacement. The features should have about unit size, as batch norm gives them.

    Parameters
    ----------
    real, fake : (N, C) and (M, C), floating, of one type and device
    subsets : how many pairs of subsets are drawn
    size : samples in each, but at most half of the smaller set, so that the subsets differ
    seed : of the draws

    Raises
    ------
    InputError : the samples do not fit, or there are fewer than four
    """
    check_pair("real", real, "fake", fake)
    validation.integer("subsets", subsets)
    size = min(validation.integer("size", size, least=2), len(real) // 2, len(fake) // 2)
    if size < 2:
        raise InputError(f"real, fake: expected at least 4 samples each, got {len(real)} and {len(fake)}")
    xp, rng, device = get_array_module(real), np.random.default_rng(seed), device_of(real)

    def draw(samples: Array) -> Array:
        return samples[to_device(rng.choice(len(samples), size, replace=False), device)]

    found = xp.stack([squared_mmd(draw(real), draw(fake)) for _ in range(subsets)])
    return KernelDistance(float(found.mean()), float(found.std()))
