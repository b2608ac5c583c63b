"""What a classifier says about drawn images: their classes, how equal the classes are, and how sure it is."""

import numpy as np

from ..backend import Array, get_array_module
from ..errors import InputError


def class_histogram(probabilities: Array) -> Array:
    """Count the samples of each class by their most probable class: probabilities (n, K) -> integers (K,)."""
    _check(probabilities)
    xp = get_array_module(probabilities)
    return xp.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def kl_to_uniform(counts: Array) -> float:
    """Return KL(h || uniform) = sum_k h_k log(K h_k) for the shares h = counts / n.

    It is 0 when all counts are equal, and log K when there is only one class. For n labels that are drawn with equal
    probabilities it is (K - 1) / (2n) on average, see `kl_of_perfect_draws`.

    Parameters
    ----------
    counts : (K,), at least 0, not all 0

    Raises
    ------
    InputError : the counts are something else
    """
    if counts.ndim != 1 or not bool((counts >= 0).all()) or not bool(counts.sum() > 0):
        raise InputError(f"counts: expected numbers (K,) of at least 0, not all 0, got {counts!r}")
    shares = counts[counts > 0] / counts.sum()
    return float((shares * get_array_module(counts).log(len(counts) * shares)).sum())


def kl_of_perfect_draws(n: int, classes: int) -> float:
    """Return the mean (K - 1) / (2n) of `kl_to_uniform` for n independent labels with equal probabilities.

    2n KL is the likelihood ratio statistic, which for large n is chi-squared with K - 1 degrees of freedom (Wilks
    1938). For 10,000 digits the mean is 0.00045, and one draw in a hundred exceeds 0.00108.
    """
    return (classes - 1) / (2 * n)


def classifier_score(probabilities: Array) -> float:
    """Return exp mean_n KL(p_n || mean p), from 1 to K.

    It is high when the classifier is sure of every sample, and all classes occur (Salimans et al. 2016, section 4,
    there with the Inception network). It is computed over all n at once, because a mean over parts would depend on
    their number and on the order of the samples.

    Parameters
    ----------
    probabilities : p (n, K), each row a distribution

    Raises
    ------
    InputError : the rows are no distributions
    """
    _check(probabilities)
    xp, p = get_array_module(probabilities), probabilities
    log_p, log_mean = (xp.log(xp.maximum(each, np.finfo(np.float64).tiny)) for each in (p, p.mean(axis=0)))
    return float(xp.exp((p * (log_p - log_mean)).sum(axis=1).mean()))


def score_ceiling(n: int, classes: int) -> float:
    """Return exp(log K - (K - 1) / (2n)), the score of a classifier that is always sure, for n labels drawn fairly.

    The score is then the exponential of the entropy of the classes, which is log K - `kl_to_uniform`. For 10,000
    digits it is 9.996.
    """
    return float(np.exp(np.log(classes) - kl_of_perfect_draws(n, classes)))


def _check(probabilities: Array) -> None:
    fits = probabilities.ndim == 2 and probabilities.size > 0
    if not (fits and bool((probabilities >= 0).all() and abs(probabilities.sum(axis=1) - 1).max() < 1e-3)):
        raise InputError(f"probabilities: expected rows (n, K) that sum to 1, got shape {probabilities.shape}")
