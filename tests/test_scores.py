"""What a classifier says of samples, against values worked out by hand and drawn by chance."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.metrics import class_histogram, classifier_score, kl_to_uniform
from minigan.metrics.scores import kl_of_perfect_draws, score_ceiling


def sure(labels, classes=10):
    return np.eye(classes)[labels]


def test_histogram():
    counts = class_histogram(np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]]))
    assert counts.tolist() == [2, 0, 1]


def test_kl():
    assert kl_to_uniform(np.full(10, 7)) == 0
    assert kl_to_uniform(np.eye(10)[3] * 500) == pytest.approx(np.log(10))
    assert kl_to_uniform(np.array([1, 3])) == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))


def test_perfect_draws(rng):
    kl = [kl_to_uniform(counts) for counts in rng.multinomial(10_000, [0.1] * 10, size=4000)]
    assert kl_of_perfect_draws(10_000, 10) == 0.00045
    # 2n KL is chi-squared with 9 degrees of freedom, of mean 9 and variance 18
    np.testing.assert_allclose(np.mean(kl), 0.00045, rtol=0, atol=5 * np.sqrt(18 / 4000) / 20_000)
    assert 0.00100 < np.quantile(kl, 0.99) < 0.00117


def test_score_of_a_sure_classifier():
    labels = np.arange(100) % 10
    assert classifier_score(sure(labels)) == pytest.approx(10)
    assert classifier_score(sure(labels % 3)) == pytest.approx(np.exp(-2 * 0.3 * np.log(0.3) - 0.4 * np.log(0.4)))
    assert classifier_score(sure(np.zeros(100, dtype=int))) == pytest.approx(1)


def test_score_of_an_unsure_classifier():
    assert classifier_score(np.full((100, 10), 0.1)) == pytest.approx(1)
    half = np.array([[0.75, 0.25], [0.25, 0.75]])
    assert classifier_score(half) == pytest.approx(np.exp(0.75 * np.log(1.5) + 0.25 * np.log(0.5)))


def test_on_every_device(device, rng):
    p = rng.dirichlet(np.full(10, 0.1), size=300)
    there = to_device(p, device)
    counts = class_histogram(there)
    np.testing.assert_array_equal(to_host(counts), class_histogram(p))
    assert kl_to_uniform(counts) == pytest.approx(kl_to_uniform(class_histogram(p)))
    assert classifier_score(there) == pytest.approx(classifier_score(p))


def test_score_does_not_depend_on_the_order(rng):
    p = rng.dirichlet(np.full(10, 0.1), size=300)
    assert classifier_score(p) == pytest.approx(classifier_score(p[rng.permutation(300)]), rel=1e-13)


def test_score_ceiling(rng):
    scores = [classifier_score(sure(rng.integers(10, size=1000))) for _ in range(200)]
    np.testing.assert_allclose(np.mean(scores), score_ceiling(1000, 10), rtol=0, atol=0.01)
    assert round(score_ceiling(10_000, 10), 3) == 9.996
    assert score_ceiling(1000, 10) < 9.96


@pytest.mark.parametrize(
    "bad", [np.full((2, 3), 0.5), np.array([[2.0, -1.0]]), np.ones(1), np.ones((0, 3)), [[np.nan]]]
)
def test_refuses_what_are_no_probabilities(bad):
    for function in (class_histogram, classifier_score):
        with pytest.raises(InputError, match="probabilities: expected rows"):
            function(np.asarray(bad))


@pytest.mark.parametrize("bad", [np.zeros(3), np.array([1, -1]), np.ones((2, 2)), np.array([])])
def test_refuses_what_are_no_counts(bad):
    with pytest.raises(InputError, match="counts: expected"):
        kl_to_uniform(bad)
