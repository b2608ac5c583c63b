"""Clusters: classes that a data set suggests by itself, found by k-means in its principal components."""

import numpy as np

from ..errors import InputError

COMPONENTS = 40  # principal components that k-means sees; those of digits hold 78 % of the variance of the pixels
FITTED = 1000  # samples from which the components are found
ROUNDS = 30  # of k-means; the clusters of digits hardly change after ten
CHUNK = 10_000  # samples whose distances are held at once


def cluster_labels(samples: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Sort samples into clusters of similar ones.

    Parameters
    ----------
    samples : ndarray of shape (N, H, W), (N, H, W, C) or (N, C)
    count : int
        Number of clusters K, from 1 to N.
    rng : numpy.random.Generator
        Draws the samples from which the components are found, and the first centres.

    Returns
    -------
    labels : ndarray of shape (N,), int64
        The cluster of each sample, from 0 to K - 1. Each cluster has at least one sample if the samples differ.

    Raises
    ------
    InputError
        If there are fewer samples than clusters.
    """
    if not 1 <= count <= len(samples):
        raise InputError(f"clusters: expected 1 to {len(samples)}, the number of samples, got {count}")
    return k_means(principal_components(samples, COMPONENTS, rng=rng), count, rng=rng)


def cluster_again(features: np.ndarray, labels: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Sort samples into clusters by other features than before; each cluster keeps its number and most of its samples.

    No first centres are drawn: the steps of `k_means` start from the means that the clusters so far have in the
    principal components of the features (Liu et al. 2020, arXiv 2006.10728).

    Parameters
    ----------
    features : ndarray of shape (N, F)
    labels : ndarray of shape (N,)
        The clusters so far, of any numbers. A number that does not occur stays unused.
    rng : numpy.random.Generator
        Draws the samples from which the components are found.

    Returns
    -------
    labels : ndarray of shape (N,), int64
    """
    x = principal_components(features, COMPONENTS, rng=rng)
    used, old = np.unique(labels, return_inverse=True)
    return used[_lloyd(x, _means(x, old, np.zeros((len(used), x.shape[1]), x.dtype)))]


def principal_components(samples: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Return the coordinates of samples along the directions in which they differ most.

    Let A (M, D) hold samples minus their mean m, and let A = U S V^T be its singular value decomposition. The columns
    of V are the eigenvectors of the covariance A^T A / M, by falling eigenvalues S^2 / M (Pearson 1901). A sample x has
    the coordinates (x - m) V.

    Parameters
    ----------
    samples : ndarray of shape (N, ...)
    count : int
        Number of components; fewer are returned where the samples have no more.
    rng : numpy.random.Generator
        Draws the M samples, at most 1,000, that give m and V.

    Returns
    -------
    coordinates : float32 ndarray of shape (N, count)
    """
    flat = samples.reshape(len(samples), -1)
    few = flat[np.sort(rng.permutation(len(flat))[:FITTED])].astype(np.float32)
    mean = few.mean(axis=0)
    directions = np.linalg.svd(few - mean, full_matrices=False)[2][:count].T
    parts = np.split(flat, range(CHUNK, len(flat), CHUNK))
    return np.concatenate([(part.astype(np.float32) - mean) @ directions for part in parts])


def k_means(x: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Return the cluster of each point: the points of a cluster are nearer to its mean than to any other mean.

    Two steps are repeated (Lloyd 1982): each point joins the nearest centre, and each centre moves to the mean of its
    points. Neither step raises sum_n |x_n - c_y(n)|^2. The first centres are points drawn with a probability that is
    proportional to the squared distance from the centres before them (k-means++, Arthur & Vassilvitskii 2007).

    Parameters
    ----------
    x : ndarray of shape (N, C)
    count : int
        Number of clusters, at most N.
    rng : numpy.random.Generator
        Draws the first centres.

    Returns
    -------
    labels : ndarray of shape (N,), int64
    """
    return _lloyd(x, _first_centres(x, count, rng))


def _lloyd(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the cluster of each point after the two steps of `k_means`, repeated from these centres on."""
    labels = np.full(len(x), -1)
    for _ in range(ROUNDS):
        nearest = _nearest(x, centres)
        if (nearest == labels).all():
            break
        labels = nearest
        centres = _means(x, labels, centres)
    return labels


def _means(x: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the mean of the points of each cluster; a cluster without points keeps its centre."""
    sizes = np.bincount(labels, minlength=len(centres))[:, None]
    sums = np.stack([np.bincount(labels, weights=column, minlength=len(centres)) for column in x.T], axis=1)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(x.dtype)


def _first_centres(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [int(rng.integers(len(x)))]
    distance = ((x - x[chosen[0]]) ** 2).sum(axis=1, dtype=np.float64)
    while len(chosen) < count:
        total = distance.sum()
        weights = distance / total if total > 0 else None  # all points lie on a centre: any of them will do
        chosen.append(int(rng.choice(len(x), p=weights)))
        distance = np.minimum(distance, ((x - x[chosen[-1]]) ** 2).sum(axis=1, dtype=np.float64))
    return x[chosen]


def _nearest(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the nearest centre of each point, by |x|^2 - 2 <x, c> + |c|^2, in which |x|^2 changes nothing."""
    square = (centres * centres).sum(axis=1)
    parts = np.split(x, range(CHUNK, len(x), CHUNK))
    return np.concatenate([(square - 2 * (part @ centres.T)).argmin(axis=1) for part in parts])
