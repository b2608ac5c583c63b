"""What a classifier says of drawn images: which classes they are, how evenly, and how surely."""

import numpy as np

from ..errors import InputError


def class_histogram(probabilities: np.ndarray) -> np.ndarray:
    """Return how many of the samples (n, K) are most probably of each class, (K,) integers."""
    _check(probabilities)
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def kl_to_uniform(counts: np.ndarray) -> float:
    """KL(h || uniform) = sum_k h_k log(K h_k) of the shares h = counts / n: 0 when even, log K for a single class.

    For n labels drawn evenly it is (K - 1) / (2n) in the mean, see `kl_of_perfect_draws`.

    counts : (K,) of at least 0, not all 0
    """
    if counts.ndim != 1 or not (counts >= 0).all() or not counts.sum() > 0:
        raise InputError(f"counts: expected numbers (K,) of at least 0, not all 0, got {counts!r}")
    shares = counts[counts > 0] / counts.sum()
    return float((shares * np.log(len(counts) * shares)).sum())


def kl_of_perfect_draws(n: int, classes: int) -> float:
    """Return what `kl_to_uniform` is in the mean for n independent labels drawn evenly, (K - 1) / (2n).

    2n KL is the likelihood ratio statistic, asymptotically chi-squared with K - 1 degrees of freedom
    (Wilks 1938): 0.00045 for 10,000 digits, and 0.00108 is exceeded once in a hundred times.
    """
    return (classes - 1) / (2 * n)


def classifier_score(probabilities: np.ndarray) -> float:
    """exp mean_n KL(p_n || mean p): high when each sample is surely of one class, and all classes are drawn.

    At least 1 and at most K (Salimans et al. 2016, section 4, there with Inception). It is taken over all n at once: a
    mean over parts would depend on their number and on the order of the samples.

    probabilities : p (n, K), each row a distribution
    """
    _check(probabilities)
    p = probabilities
    log_p, log_mean = (np.log(np.maximum(each, np.finfo(np.float64).tiny)) for each in (p, p.mean(axis=0)))
    return float(np.exp((p * (log_p - log_mean)).sum(axis=1).mean()))


def score_ceiling(n: int, classes: int) -> float:
    """Return the score of a classifier that is always sure, for n labels drawn evenly: exp(log K - (K - 1) / (2n)).

    A sure score is exp of the entropy of the histogram, which is log K - `kl_to_uniform`. 9.996 for 10,000 digits.
    """
    return float(np.exp(np.log(classes) - kl_of_perfect_draws(n, classes)))


def _check(probabilities: np.ndarray) -> None:
    fits = probabilities.ndim == 2 and probabilities.size > 0
    if not (fits and (probabilities >= 0).all() and np.abs(probabilities.sum(axis=1) - 1).max() < 1e-3):
        raise InputError(f"probabilities: expected rows (n, K) that sum to 1, got shape {probabilities.shape}")
