"""All measures of a set of digits: equal to their own functions, and worse for damaged digits where they claim it."""

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import mnist_5k
from minigan.metrics import (
    EVALUATORS,
    Distances,
    Measures,
    frechet_distance,
    kernel_distance,
    load_evaluator,
    measure,
    moments,
    neighbour_scores,
    quick_look,
    two_sample_accuracy,
)
from minigan.metrics.measures import features_of, table_rows

DIGITS = mnist_5k()


def test_quick_look():
    look = quick_look(DIGITS.images[:300])
    features = load_evaluator().features(DIGITS.images[:300])
    assert look.fid == pytest.approx(frechet_distance(moments(features), load_evaluator().reference), rel=1e-4)
    assert look.counts == pytest.approx(np.bincount(DIGITS.labels[:300]), abs=2)  # a digit or two may be misread
    assert look.kl < 0.002
    assert look.score > 9.5
    assert quick_look(DIGITS.images[:300], evaluator=EVALUATORS[1]).counts == pytest.approx(look.counts, abs=3)


def test_measure_is_all_of_them(device):
    load_evaluator.cache_clear()
    evaluator = load_evaluator(EVALUATORS[1], device)
    features = features_of(DIGITS.images[:150], evaluator, device)
    found = measure(features, evaluator, device=device)
    load_evaluator.cache_clear()
    chosen = np.random.default_rng(0).permutation(10_000)[:150]
    real = evaluator.reference_features[chosen]
    pair = Distances(real, features)
    expected = (
        frechet_distance(features, evaluator.reference),
        *kernel_distance(real, features),
        *neighbour_scores(pair)[3],
        *neighbour_scores(pair)[5],
        *two_sample_accuracy(pair),
    )
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-6)
    assert sum(found.counts) == 150


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    digits = DIGITS.images[:600]
    noisy = np.clip(digits / 127.5 - 1 + 0.6 * rng.standard_normal(digits.shape), -1, 1)
    images = {
        "real": digits,
        "shifted": np.roll(digits, 4, axis=2),
        "noisy": noisy,
        "one class": DIGITS.images[DIGITS.labels == 7][:500],
        "one digit": digits[:1].repeat(600, axis=0),
    }
    return {
        name: [measure(features_of(each, e, "cpu"), e) for e in map(load_evaluator, EVALUATORS)]
        for name, each in images.items()
    }


@pytest.mark.parametrize("damage", ["shifted", "noisy", "one class", "one digit"])
def test_damage_is_seen(sets, damage):
    for real, found in zip(sets["real"], sets[damage], strict=True):
        assert found.fid > 3 * real.fid
        assert found.kid > real.kid + 3 * real.kid_std
        assert found.recall_3 < real.recall_3
        assert found.coverage_3 < 0.8 * real.coverage_3
        assert found.coverage_5 < 0.8 * real.coverage_5
        assert found.real_accuracy + found.fake_accuracy > real.real_accuracy + real.fake_accuracy + 0.1
        assert found.score < real.score


@pytest.mark.parametrize("damage", ["shifted", "noisy"])
def test_damage_to_each_digit_is_seen_by_precision_and_density(sets, damage):
    for real, found in zip(sets["real"], sets[damage], strict=True):
        assert found.precision_3 < real.precision_3 - 0.05
        assert found.density_3 < 0.9 * real.density_3
        assert found.density_5 < 0.9 * real.density_5


def test_precision_does_not_see_a_lost_class_and_others_do(sets):
    for real, found in zip(sets["real"], sets["one class"], strict=True):
        assert found.precision_3 > 0.9 * real.precision_3
        assert found.recall_3 < 0.3 * real.recall_3
        assert found.kl > 2
        assert found.counts[7] > 490
        assert found.score < 1.2


def test_refuses_too_few_images():
    for name in EVALUATORS:
        evaluator = load_evaluator(name)
        needed = evaluator.reference_features.shape[1]
        with pytest.raises(InputError, match=f"images: expected more than {needed}, .* got {needed}"):
            features_of(DIGITS.images[:needed], evaluator, "cpu")


def test_the_table_names_every_measure():
    rows = table_rows(10_000)
    assert [row.field for row in rows] == [name for name in Measures._fields if name != "counts"]
    best = {row.field: row.best for row in rows}
    assert (best["fid"], best["recall_5"], best["fake_accuracy"]) == ("0", "1", "0.5")
    assert (best["score"], best["kl"]) == ("9.996", "0.00045")
