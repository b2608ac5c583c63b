"""The Frechet distance between two sets of features, each of which is described by a Gaussian."""

from typing import NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..errors import InputError


class Moments(NamedTuple):
    """The mean (C,) and the covariance (C, C) of a set of features, float64; the distance needs nothing else."""

    mean: Array
    covariance: Array


def moments(features: Array) -> Moments:
    """Return the mean and the covariance 1/(n - 1) sum (f - mean)(f - mean)^T of features.

    Parameters
    ----------
    features : (n, C), n > C; with fewer samples the covariance would have directions without spread

    Raises
    ------
    InputError : the shape does not fit, or a value is not finite
    """
    if features.ndim != 2:
        raise InputError(f"features: expected (n, C), got {features.shape}")
    n, c = features.shape
    if n <= c:
        raise InputError(
            f"features: expected more samples than their {c} dimensions, got {n}, too few for a covariance"
        )
    if not bool(get_array_module(features).isfinite(features).all()):
        raise InputError("features: expected finite numbers, got NaN or infinity")
    features = features.astype(np.float64, copy=False)
    mean = features.mean(axis=0)
    centred = features - mean
    return Moments(mean, centred.T @ centred / (n - 1))


def frechet_distance(a: Array | Moments, b: Array | Moments) -> float:
    """Return the squared Frechet (2-Wasserstein) distance between the Gaussians with the moments of a and b.

    d = |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2))        (Dowson & Landau 1982; Heusel et al. 2017, eq. 6)

    C1 C2 is not symmetric, so a general matrix square root of it may be complex. With R = C1^(1/2) it has the same
    eigenvalues as the symmetric, positive semidefinite matrix R C2 R, and therefore

    Tr (C1 C2)^(1/2) = sum_i sqrt(lambda_i(R C2 R))

    This takes two symmetric eigenvalue problems in float64. Eigenvalues below 0 come from rounding alone and count as
    0. A singular covariance does no harm.

    Parameters
    ----------
    a, b : features (n, C), n > C, as `moments` takes them, or their `Moments`

    Returns
    -------
    A number of at least 0; for equal moments it is 0 up to rounding.

    Raises
    ------
    InputError : the features do not fit, or have different dimensions

    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((100, 3))
    >>> round(frechet_distance(x, x + [3, 0, 0]), 6), round(frechet_distance(x, x), 6)
    (9.0, 0.0)
    """
    (m1, c1), (m2, c2) = (each if isinstance(each, Moments) else moments(each) for each in (a, b))
    if m1.shape != m2.shape:
        raise InputError(f"a, b: expected features of the same dimension, got {len(m1)} and {len(m2)}")
    xp = get_array_module(m1)
    values, vectors = xp.linalg.eigh(c1)
    root = vectors * xp.sqrt(xp.maximum(values, 0)) @ vectors.T
    overlap = xp.sqrt(xp.maximum(xp.linalg.eigvalsh(root @ c2 @ root), 0)).sum()
    difference = m1 - m2
    distance = difference @ difference + c1.trace() + c2.trace() - 2 * overlap
    return max(float(distance), 0.0)
