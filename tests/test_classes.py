"""Classes: labels, clusters and invented classes reach a conditional game with the shares that they have."""

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import Points
from minigan.datasets.dataset import Dataset
from minigan.distributed import ALONE, run_ranks
from minigan.objectives.conditional import ACGAN, Clusters, InfoGAN, Projection
from minigan.training.classes import Classes, agree_on_classes, find_classes, find_clusters_again

LABELS = np.array([0, 2, 2, 2, 1] * 12)
IMAGES = np.broadcast_to((100 * LABELS).astype(np.uint8)[:, None, None], (60, 4, 4))
DIGITS = Dataset("shades", IMAGES, LABELS)


def test_without_a_game_there_are_no_classes(rng):
    labels, shares = find_classes(None, DIGITS, clusters=None, rng=rng)
    assert labels is None
    assert shares.shape == (0,)


@pytest.mark.parametrize("game", [Projection, ACGAN])
def test_labels_keep_their_shares(game, rng):
    labels, shares = find_classes(game, DIGITS, clusters=None, rng=rng)
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_allclose(shares, [0.2, 0.2, 0.6])


def test_clusters_need_no_labels(rng):
    labels, shares = find_classes(Clusters, Dataset("shades", IMAGES), clusters=3, rng=rng)
    assert len(set(zip(labels.tolist(), LABELS.tolist(), strict=True))) == 3
    np.testing.assert_allclose(sorted(shares), [0.2, 0.2, 0.6])


def test_labels_are_divided_into_clusters(rng):
    """Label 0 holds two shades, label 1 one, and label 2 too few samples for a second cluster."""
    label_of = np.array([0] * 60 + [1] * 40 + [2] * 30)
    shade = np.array([0] * 20 + [100] * 40 + [50] * 40 + [200] * 29 + [10])
    images = np.broadcast_to(shade.astype(np.uint8)[:, None, None], (130, 4, 4))
    labels, shares = find_classes(Projection, Dataset("shades", images, label_of), clusters=2, rng=rng)
    np.testing.assert_array_equal(labels // 2, label_of)
    assert len(set(zip(labels[:60].tolist(), shade[:60].tolist(), strict=True))) == 2
    assert set(labels[100:].tolist()) == {4}
    assert shares.shape == (3, 2)
    np.testing.assert_allclose(sorted(shares[0]), np.array([20, 40]) / 130)
    np.testing.assert_allclose(shares.sum(axis=1), np.array([60, 40, 30]) / 130)


@pytest.mark.parametrize(("samples", "clusters", "count"), [(60, 100, 3), (60, 2, 2), (39, 100, 2), (200, 100, 10)])
def test_small_data_has_fewer_clusters(samples, clusters, count, rng):
    points = Points("line", rng.standard_normal((samples, 2)).astype(np.float32))
    labels, shares = find_classes(Clusters, points, clusters=clusters, rng=rng)
    assert len(shares) == count
    np.testing.assert_array_equal(np.bincount(labels, minlength=count), np.rint(samples * shares))


def test_invented_classes_are_equally_frequent(rng):
    labels, shares = find_classes(InfoGAN, Dataset("shades", IMAGES), clusters=None, rng=rng)
    assert labels is None
    np.testing.assert_array_equal(shares, np.full(10, 0.1))


def test_labels_are_needed(rng):
    with pytest.raises(InputError, match=r"^conditional: expected data with labels for 'projection', got 'shades'"):
        find_classes(Projection, Dataset("shades", IMAGES), clusters=None, rng=rng)


def test_clusters_are_found_again_within_their_label(rng):
    """The features of both labels are the same, so without the labels two clusters would be enough."""
    kind = np.arange(200) % 2
    label = np.arange(200) // 100
    features = rng.standard_normal((200, 4)) * 0.1 + 5 * kind[:, None]
    wrong = 2 * label + np.where(rng.random(200) < 0.1, 1 - kind, kind)
    shares = np.bincount(wrong, minlength=4).reshape(2, 2) / 200
    found = find_clusters_again(Classes(wrong, shares), features, rng=rng)
    np.testing.assert_array_equal(found.labels, 2 * label + kind)
    np.testing.assert_allclose(found.shares, 0.25)
    whole = find_clusters_again(Classes(wrong, shares.ravel()), features, rng=rng)
    assert whole.shares.shape == (4,)
    np.testing.assert_allclose(whole.shares, np.bincount(whole.labels, minlength=4) / 200)


def test_ranks_agree_on_what_rank_0_found():
    """Also where each found something else; the labels of the last samples are left out, and nothing else changes."""
    found = [Classes(np.arange(7, dtype=np.uint8) + rank, np.array([0.5, 0.5]) + rank) for rank in range(3)]
    agreed = run_ranks(3, lambda communicator: agree_on_classes(found[communicator.rank], communicator))
    for labels, shares in agreed:
        assert labels.dtype == np.int64
        assert (labels.tolist(), shares.tolist()) == ([0, 1, 2, 3, 4, 5], [0.5, 0.5])
    assert found[1].labels.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert agree_on_classes(found[1], ALONE) is found[1]
    none = Classes(None, np.array([1.0]))
    assert run_ranks(2, lambda communicator: agree_on_classes(none, communicator)) == [none, none]
