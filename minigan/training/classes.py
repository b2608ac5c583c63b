"""The classes of a conditional game: where they come from, and how frequent they are."""

from typing import NamedTuple

import numpy as np

from ..datasets.clusters import cluster_again, cluster_labels
from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..distributed import Communicator
from ..objectives.codes import count_classes
from ..objectives.conditional import CATEGORIES, Conditional

SAMPLES_PER_CLUSTER = 20  # on average, at least


class Classes(NamedTuple):
    """What `find_classes` found.

    labels : ndarray of shape (N,), the class of each sample of the data, or None if the samples have no classes;
        with M clusters in each of K classes, from 0 to K M - 1
    shares : ndarray of shape (K,) or (K, M), how probable each class or cluster is; the sum is 1
    """

    labels: np.ndarray | None
    shares: np.ndarray


def find_classes(
    conditional: type[Conditional] | None, dataset: Dataset | Points, *, clusters: int | None, rng: np.random.Generator
) -> Classes:
    """Return the classes that a conditional game needs.

    Parameters
    ----------
    conditional : type of Conditional, or None for a game without codes, which has no classes
    dataset : Dataset or Points
    clusters : int or None
        Number of clusters: of the whole data in the game of clusters, and of each label in a game of labels, where None
        means that labels are not divided. With fewer than 20 samples for each, there are fewer clusters.
    rng : numpy.random.Generator
        Draws what `cluster_labels` needs.

    Raises
    ------
    InputError
        If the game needs labels and the data set has none, or if the labels do not fit.
    """
    if conditional is None:
        return Classes(None, np.empty(0))
    if conditional.classes_of == "chance":
        return Classes(None, np.full(CATEGORIES, 1 / CATEGORIES))
    if conditional.classes_of == "clusters":
        assert clusters is not None
        count = max(2, min(clusters, len(dataset) // SAMPLES_PER_CLUSTER))
        return _counted(cluster_labels(dataset.samples, count, rng=rng), count)
    labels = dataset.labels if isinstance(dataset, Dataset) else None
    count = count_classes(labels, conditional=conditional.name, data=dataset.name)
    assert labels is not None
    if clusters is None:
        return _counted(labels, count)
    within = _cluster_each_label(dataset.samples, labels, clusters, rng=rng)
    found = _counted(clusters * labels.astype(np.int64) + within, count * clusters)
    return Classes(found.labels, found.shares.reshape(count, clusters))


def _cluster_each_label(
    samples: np.ndarray, labels: np.ndarray, clusters: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Return the cluster of each sample among the samples of its label: (N,), from 0 to ``clusters`` - 1."""
    within = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = min(clusters, len(members) // SAMPLES_PER_CLUSTER)
        if count > 1:
            within[members] = cluster_labels(samples[members], count, rng=rng)
    return within


def find_clusters_again(classes: Classes, features: np.ndarray, *, rng: np.random.Generator) -> Classes:
    """Return the clusters that other features of the samples suggest; those of a label stay clusters of that label.

    Parameters
    ----------
    classes : Classes
        With clusters, of the whole data or of each label.
    features : ndarray of shape (N, F)
    rng : numpy.random.Generator
        Draws what `cluster_again` needs.
    """
    assert classes.labels is not None
    labels = classes.labels.copy()
    group = labels // classes.shares.shape[-1]  # the label; without labels all samples are in group 0
    for each in np.unique(group):
        members = np.flatnonzero(group == each)
        labels[members] = cluster_again(features[members], labels[members], rng=rng)
    found = _counted(labels, classes.shares.size)
    return Classes(labels, found.shares.reshape(classes.shares.shape))


def agree_on_classes(classes: Classes, communicator: Communicator) -> Classes:
    """Return what rank 0 found, without the labels of the last samples if the shards leave them out.

    All ranks find the same, unless their processors round differently.
    """
    if communicator.size == 1 or classes.labels is None:
        return classes
    kept = len(classes.labels) - len(classes.labels) % communicator.size
    agreed = Classes(classes.labels[:kept].astype(np.int64), classes.shares.copy())
    for array in agreed:
        communicator.broadcast(array)
    return agreed


def _counted(labels: np.ndarray, count: int) -> Classes:
    return Classes(labels, np.bincount(labels, minlength=count) / len(labels))
