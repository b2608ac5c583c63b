"""Learning from few labels: balanced choices, and a weight of the regulariser that no test sample chooses."""

import numpy as np
import pytest

from minigan.backend import to_device
from minigan.metrics import few_labels as module
from minigan.metrics.few_labels import learn, order_by_class, turns


def test_turns():
    np.testing.assert_array_equal(turns(np.array([3, 3, 8, 3, 8])), [0, 1, 0, 2, 1])


def test_every_start_of_the_order_is_balanced(rng):
    labels = np.repeat([0, 1, 2], [50, 50, 20])
    order = order_by_class(labels, rng)
    np.testing.assert_array_equal(np.sort(order), np.arange(120))
    for n in (3, 9, 60):
        assert np.bincount(labels[order[:n]]).tolist() == [n // 3] * 3
    assert not np.array_equal(order, order_by_class(labels, rng))


@pytest.fixture
def blobs(rng):
    """Three classes in 4 dimensions: 200 samples to learn from and 900 for the test; far from 0, and large."""

    def draw(n):
        labels = np.arange(n) % 3
        centres = 2.5 * np.eye(4)[:3]
        return 1000 + 50 * (centres[labels] + rng.standard_normal((n, 4))).astype(np.float32), labels

    return *draw(200), *draw(900)


def test_learn_finds_what_can_be_found(blobs, device):
    x, labels, test_x, test_labels = blobs
    score = learn(*(to_device(x, device), labels, to_device(test_x, device), test_labels), 3)
    centres = np.array([test_x[test_labels == k].mean(axis=0) for k in range(3)])
    best = (((test_x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) == test_labels).mean()  # equal Gaussians
    assert best - 0.03 < score.accuracy <= best + 0.01
    assert score.weight in module.WEIGHTS


def test_units_and_offsets_do_not_matter(blobs):
    x, labels, test_x, test_labels = blobs
    moved = learn(x.astype(np.float64) / 7 - 3, labels, test_x.astype(np.float64) / 7 - 3, test_labels, 3)
    score = learn(x.astype(np.float64), labels, test_x.astype(np.float64), test_labels, 3)
    assert moved == score


def test_features_that_are_all_equal_are_no_error(blobs):
    _, labels, _, test_labels = blobs
    score = learn(np.ones((200, 4)), labels, np.ones((900, 4)), test_labels, 3)
    assert score.accuracy == pytest.approx(1 / 3, abs=0.01)


def test_noise_gets_a_strong_regulariser(rng):
    labels = np.arange(100) % 2
    noise, test_noise = rng.standard_normal((100, 300)), rng.standard_normal((50, 300))
    clear = np.where(labels, 1.0, -1.0)[:, None] * np.ones(300) + 0.1 * noise
    assert learn(noise, labels, test_noise, labels[:50], 2).weight > 100 * learn(clear, labels, clear, labels, 2).weight


def test_the_test_images_choose_nothing(blobs, rng, monkeypatch):
    """Every fit is made before a test image is seen, and with other test labels the same weight is chosen."""
    x, labels, test_x, test_labels = blobs
    fits = []
    real = module.fit
    monkeypatch.setattr(module, "fit", lambda *a, **kw: fits.append(real(*a, **kw)) or fits[-1])
    first = learn(x, labels, test_x, test_labels, 3)
    count = len(fits)
    second = learn(x, labels, test_x[::-1], rng.permutation(test_labels), 3)
    assert first.weight == second.weight
    np.testing.assert_array_equal(fits[count - 1].w, fits[-1].w)
