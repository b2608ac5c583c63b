"""Truncation: clearer digits that differ less, measured, and the row of real digits."""

import math

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.editing.truncate import measure_truncation


@pytest.fixture(scope="module")
def run():
    return minigan.load("mnist-labels")


def test_recall_and_spread_fall_and_certainty_rises(run):
    free, mild, strong, real = measure_truncation(run, (None, 1.5, 0.5), n=400)
    assert [each.limit for each in (free, mild, strong)] == [None, 1.5, 0.5]
    assert free.recall > mild.recall > strong.recall
    assert free.spread > mild.spread > strong.spread
    assert free.certainty < mild.certainty < strong.certainty
    assert free.spread == pytest.approx(1, abs=0.15)
    assert math.isnan(real.limit)
    assert real.spread == pytest.approx(1, abs=0.05)
    assert real.precision == pytest.approx(real.recall, abs=0.05)
    assert real.certainty > 0.97


def test_the_numbers_are_those_of_the_metrics(run):
    (row, _) = measure_truncation(run, (1.0,), n=500, seed=3)
    evaluator = minigan.metrics.load_evaluator()
    images = run.sample(500, seed=3, truncation=1.0)
    features = evaluator.features(images)
    real = evaluator.reference_features[np.random.default_rng(0).permutation(10_000)[:500]]
    expected = minigan.metrics.neighbour_scores(minigan.metrics.Distances(real, features), (3,))[3]
    assert (row.precision, row.recall) == expected[:2]
    assert row.certainty == pytest.approx(evaluator.probabilities(images).max(axis=1).mean())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limits": (0.01,)}, "truncation: expected a number of at least 0.1, got 0.01"),
        ({"n": 9}, "n: expected an integer from 10 to 5000, got 9"),
        ({"n": 6000}, "n: expected an integer from 10 to 5000, got 6000"),
    ],
)
def test_bad_arguments(run, options, said):
    with pytest.raises(InputError, match=said):
        measure_truncation(run, **options)


def test_a_run_of_points_is_refused():
    with pytest.raises(InputError, match="run: expected a model that draws images"):
        measure_truncation(minigan.train(data="ring", steps=1, quiet=True, device="cpu"))
