"""The Frechet distance between two sets of features, each taken as a Gaussian."""

from typing import NamedTuple

import numpy as np

from ..errors import InputError


class Moments(NamedTuple):
    """What the distance knows of a set of features: their mean (C,) and covariance (C, C), float64."""

    mean: np.ndarray
    covariance: np.ndarray


def moments(features: np.ndarray) -> Moments:
    """Return mean and covariance, 1/(n - 1) sum (f - mean)(f - mean)^T, of features (n, C).

    Raises ``InputError`` for values that are not finite, and for n <= C: the covariance of so few has directions
    without any spread, and the distance would measure that.
    """
    if features.ndim != 2:
        raise InputError(f"features: expected (n, C), got {features.shape}")
    n, c = features.shape
    if n <= c:
        raise InputError(
            f"features: expected more samples than their {c} dimensions, got {n}: too few for a covariance"
        )
    if not np.isfinite(features).all():
        raise InputError("features: expected finite numbers, got NaN or infinity")
    features = features.astype(np.float64, copy=False)
    mean = features.mean(axis=0)
    centred = features - mean
    return Moments(mean, centred.T @ centred / (n - 1))


def frechet_distance(a: np.ndarray | Moments, b: np.ndarray | Moments) -> float:
    """Return the Frechet (2-Wasserstein) distance, squared, between the Gaussians with the moments of a and b.

    d = |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2))        (Dowson & Landau 1982; Heusel et al. 2017, eq. 6)

    C1 C2 is not symmetric, and a general matrix square root of it may come out complex. With R = C1^(1/2) it has the
    eigenvalues of the symmetric, positive semidefinite R C2 R, whence

    Tr (C1 C2)^(1/2) = sum_i sqrt(lambda_i(R C2 R))

    from two symmetric eigenvalue problems in float64; eigenvalues below 0 can only be rounding, and count as 0. A
    singular covariance does no harm.

    a, b : features (n, C), n > C, as `moments` takes them, or their `Moments`
    returns : a number, 0 for equal moments, up to rounding

    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((100, 3))
    >>> round(frechet_distance(x, x + [3, 0, 0]), 6), round(frechet_distance(x, x), 6)
    (9.0, 0.0)
    """
    (m1, c1), (m2, c2) = (each if isinstance(each, Moments) else moments(each) for each in (a, b))
    if m1.shape != m2.shape:
        raise InputError(f"a, b: expected features of one dimension, got {len(m1)} and {len(m2)}")
    values, vectors = np.linalg.eigh(c1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c2 @ root), 0)).sum()
    difference = m1 - m2
    distance = difference @ difference + np.trace(c1) + np.trace(c2) - 2 * overlap
    return max(float(distance), 0.0)
