"""Softmax regression: its gradient, its certificate, its one optimum, and its errors."""

from itertools import pairwise

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.metrics.softmax_regression import fit, loss_and_gradient
from minigan.objectives.cross_entropy import one_hot, softmax


@pytest.fixture
def problem(rng, device):
    """60 samples of 7 features, the last of which is 1, in 3 classes that overlap."""
    labels = np.arange(60) % 3
    x = rng.standard_normal((60, 7)) + rng.standard_normal((3, 7))[labels]
    x[:, -1] = 1
    return to_device(x, device), one_hot(labels, 3, device=device).astype(np.float64)


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_gradient(problem, rng, weight):
    x, target = problem
    w = to_device(rng.standard_normal((7, 3)), "cpu" if isinstance(x, np.ndarray) else "cuda")
    _, dw = loss_and_gradient(w, x, target, weight)

    def f(at):
        return loss_and_gradient(at, x, target, weight)[0]

    for check in (check_directional("dw", f, w, dw, rng=rng), check_elementwise("dw", f, w, dw, rng=rng)):
        assert check.ok, check


def test_loss_by_hand():
    x, target = np.array([[1.0], [2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    w = np.array([[np.log(3), 0.0]])  # logits (log 3, 0) and (2 log 3, 0): the right classes get 3/4 and 1/10
    loss, _ = loss_and_gradient(w, x, target, 2.0)
    assert loss == pytest.approx((np.log(4 / 3) + np.log(10)) / 2 + np.log(3) ** 2)


@pytest.mark.parametrize("weight", [1e-4, 1e-2, 1.0])
def test_every_start_ends_in_the_same_optimum(problem, rng, weight):
    x, target = problem
    ends = []
    for start in (None, *(3 * rng.standard_normal((2, 7, 3)))):
        begin = None if start is None else to_device(start, "cpu" if isinstance(x, np.ndarray) else "cuda")
        found = fit(x, target, weight=weight, start=begin, tolerance=1e-13)
        assert found.gap <= 1e-13
        ends.append(to_host(found.w))
    for end in ends[1:]:  # each lies within |dw| / weight = sqrt(2 gap / weight) of the minimum
        assert np.linalg.norm(end - ends[0]) <= 2 * (2e-13 / weight) ** 0.5


@pytest.mark.parametrize("weight", [1e-4, 1e-2])
def test_the_gap_bounds_the_distance_from_the_minimum(problem, weight):
    x, target = problem
    least = fit(x, target, weight=weight, tolerance=1e-14).loss
    gaps = []
    for most in (0, 1, 2, 4, 8, 16):
        found = fit(x, target, weight=weight, tolerance=1e-20, most=most)
        assert found.steps == most
        assert -1e-14 <= found.loss - least <= found.gap
        gaps.append(found.gap)
    assert gaps[-1] < 1e-2 * gaps[0]


def test_the_loss_never_rises(problem):
    x, target = problem
    losses = [fit(x, target, weight=1e-3, tolerance=1e-20, most=most).loss for most in range(12)]
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_only_a_bias_learns_the_shares_of_the_classes(device):
    target = one_hot(np.array([0, 0, 0, 1]), 2, device=device).astype(np.float64)
    x = to_device(np.ones((4, 1)), device)
    found = fit(x, target, weight=1e-9, tolerance=1e-12)
    np.testing.assert_allclose(to_host(softmax(x @ found.w)), [[0.75, 0.25]] * 4, rtol=0, atol=1e-5)


def test_separable_classes_need_a_finite_answer():
    """Without a regulariser the weights would grow for ever; with it, the optimum balances both terms."""
    x, target = np.array([[-1.0], [1.0]]), np.eye(2)
    found = fit(x, target, weight=1e-3, tolerance=1e-14)
    a = found.w[0, 1]  # w = (-a, a) by symmetry, and then d/da (log(1 + e^-2a) + 1e-3 a^2) = 0
    np.testing.assert_allclose(found.w, [[-a, a]], rtol=1e-5)
    assert -2 / (1 + np.exp(2 * a)) + 2e-3 * a == pytest.approx(0, abs=1e-7)


def test_float32_stays_and_nothing_is_changed(problem):
    x, target = (each.astype(np.float32) for each in problem)
    before = to_host(x).copy()
    found = fit(x, target, weight=1e-2)
    assert found.w.dtype == np.float32
    assert found.gap <= 1e-4
    np.testing.assert_array_equal(to_host(x), before)
    start = found.w.copy()
    fit(x, target, weight=1e-3, start=start)
    np.testing.assert_array_equal(to_host(start), to_host(found.w))


def test_rounding_ends_the_search():
    x = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    target = one_hot(np.arange(20) % 2, 2)
    assert fit(x, target, weight=1e-3, tolerance=1e-30).steps < 1000


def test_scikit_learn_finds_the_same(problem):
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    x, target = map(to_host, problem)
    weight = 1e-3
    theirs = linear_model.LogisticRegression(C=1 / (weight * len(x)), fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs.fit(x, target.argmax(axis=1))
    ours = fit(x, target, weight=weight, tolerance=1e-13)
    np.testing.assert_allclose(ours.w.T, theirs.coef_, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weight": 0.0}, "weight: expected a positive number, got 0.0"),
        ({"weight": float("nan")}, "weight: expected a positive number, got nan"),
        ({"tolerance": -1.0}, "tolerance: expected a positive number, got -1.0"),
        ({"x": np.ones((3, 2))}, r"x, target: expected shapes \(N, F\) and \(N, K\), got \(3, 2\) and \(4, 2\)"),
        ({"x": np.ones(4)}, r"got \(4,\)"),
    ],
)
def test_refuses(change, words):
    arguments = {"x": np.ones((4, 2)), "target": np.ones((4, 2)) / 2, "weight": 1.0}
    with pytest.raises(InputError, match=words):
        fit(**(arguments | change))
