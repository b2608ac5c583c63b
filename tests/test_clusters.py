"""Clusters: k-means finds groups that are there, never raises its cost, and the components are those of the SVD."""

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import clusters as module
from minigan.datasets import load_dataset
from minigan.datasets.clusters import cluster_again, cluster_labels, k_means, principal_components


@pytest.fixture
def groups(rng):
    """Five groups of 40 points around centres that lie ten standard deviations apart, and the group of each point."""
    centres = 10 * np.eye(5, 6)
    labels = np.repeat(np.arange(5), 40)
    return (centres[labels] + 0.3 * rng.standard_normal((200, 6))).astype(np.float32), labels


def same_partition(a, b):
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a)) == len(set(b))


def cost(x, labels):
    return sum(((x[labels == k] - x[labels == k].mean(axis=0)) ** 2).sum() for k in np.unique(labels))


def test_groups_are_found(groups, rng):
    x, labels = groups
    found = k_means(x, 5, rng=rng)
    assert found.dtype == np.int64
    assert same_partition(found, labels)


def test_points_are_nearest_to_the_mean_of_their_own_cluster(rng):
    """The fixed point of both steps, against loops."""
    x = rng.standard_normal((300, 4)).astype(np.float32)
    labels = k_means(x, 7, rng=rng)
    means = np.array([x[labels == k].mean(axis=0) for k in range(7)])
    distances = np.array([[((point - mean) ** 2).sum() for mean in means] for point in x])
    np.testing.assert_array_equal(distances.argmin(axis=1), labels)


def test_more_rounds_never_cost_more(rng, monkeypatch):
    x = rng.standard_normal((500, 3)).astype(np.float32)
    costs = []
    for rounds in (1, 2, 4, 8, 30):
        monkeypatch.setattr(module, "ROUNDS", rounds)
        costs.append(cost(x, k_means(x, 12, rng=np.random.default_rng(5))))
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 0.95 * costs[0]


def test_parts_change_nothing(rng, monkeypatch):
    x = rng.standard_normal((100, 8)).astype(np.float32)
    whole = cluster_labels(x, 6, rng=np.random.default_rng(0))
    monkeypatch.setattr(module, "CHUNK", 7)
    np.testing.assert_array_equal(cluster_labels(x, 6, rng=np.random.default_rng(0)), whole)


def test_components_are_the_directions_of_greatest_variance(rng):
    scales = np.array([5.0, 3.0, 2.0, 0.5, 0.1])
    mix = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    x = (rng.standard_normal((900, 5)) * scales) @ mix + 7
    found = principal_components(x, 3, rng=rng)
    assert found.shape == (900, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    expected = (x - x.mean(axis=0)) @ vectors[:, ::-1][:, :3]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.var(axis=0), values[::-1][:3], rtol=1e-4)


def test_seed_decides(rng):
    x = rng.standard_normal((200, 5)).astype(np.float32)
    first, again, other = (cluster_labels(x, 9, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_images_of_every_kind(rng):
    for shape in ((30, 8, 8), (30, 8, 8, 3), (30, 2)):
        labels = cluster_labels(rng.integers(0, 256, shape).astype(np.uint8), 4, rng=rng)
        assert sorted(set(labels)) == [0, 1, 2, 3]


def test_equal_samples_are_one_cluster(rng):
    np.testing.assert_array_equal(cluster_labels(np.zeros((5, 4, 4), np.float32), 3, rng=rng), 0)


@pytest.mark.parametrize("count", [0, 6])
def test_refuses_more_clusters_than_samples(count, rng):
    with pytest.raises(InputError, match=f"^clusters: expected 1 to 5, the number of samples, got {count}$"):
        cluster_labels(np.zeros((5, 4, 4)), count, rng=rng)


def test_clusters_of_digits_are_mostly_one_digit():
    """100 clusters know nothing of the labels, but most of each cluster is one and the same digit."""
    digits = load_dataset("mnist-5k")
    labels = cluster_labels(digits.images, 100, rng=np.random.default_rng(0))
    sizes = np.bincount(labels, minlength=100)
    assert sizes.min() > 0
    most = sum(np.bincount(digits.labels[labels == k]).max() for k in range(100))
    assert 0.8 < most / 5000 < 0.95


def test_new_features_move_samples_and_keep_the_numbers(rng):
    """Two of three clusters change places in the features of a few samples; the numbers stay with the many."""
    x = rng.standard_normal((300, 5)) * 0.1 + 10 * np.eye(5)[np.arange(300) % 3]
    labels = np.array([7, 2, 9])[np.arange(300) % 3]
    wrong = labels.copy()
    wrong[:30] = np.roll(labels[:30], 1)
    np.testing.assert_array_equal(cluster_again(x, wrong, rng=rng), labels)
    np.testing.assert_array_equal(cluster_again(x, labels, rng=rng), labels)


def test_new_features_lower_the_cost(rng):
    x = rng.standard_normal((400, 6))
    labels = rng.integers(0, 8, 400)
    found = cluster_again(x, labels, rng=rng)
    assert set(found.tolist()) <= set(range(8))
    assert cost(x, found) < 0.8 * cost(x, labels)
