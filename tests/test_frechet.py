"""The Frechet distance: closed forms, a general matrix square root, and what it must refuse."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.metrics import Moments, frechet_distance, moments


@pytest.fixture
def two(rng):
    """Two sets of correlated features with different means."""
    a, b = (rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6)) + rng.standard_normal(6) for _ in range(2))
    return a, b


def test_moments_are_numpys(two):
    mean, covariance = moments(two[0])
    np.testing.assert_allclose(mean, two[0].mean(axis=0), rtol=0, atol=1e-15)
    np.testing.assert_allclose(covariance, np.cov(two[0], rowvar=False), rtol=1e-13, atol=1e-15)


def test_float32_features_are_summed_in_float64(two):
    rounded = two[0].astype(np.float32)
    for a, b in zip(moments(rounded), moments(rounded.astype(np.float64)), strict=True):
        assert a.dtype == np.float64
        np.testing.assert_array_equal(a, b)


def test_equal_sets_are_at_0(two):
    for features in two:
        assert frechet_distance(features, features) < 1e-8
        assert frechet_distance(features, features[::-1]) < 1e-8


def test_a_shift_counts_by_its_square(two):
    step = np.arange(6.0)
    np.testing.assert_allclose(frechet_distance(two[0], two[0] + step), step @ step, rtol=1e-9)


def test_symmetric(two):
    a, b = two
    assert frechet_distance(a, b) > 1
    np.testing.assert_allclose(frechet_distance(a, b), frechet_distance(b, a), rtol=1e-10)


def test_diagonal_gaussians_have_a_closed_form(rng):
    m1, m2 = rng.standard_normal((2, 5))
    s1, s2 = rng.uniform(0.1, 3, (2, 5))
    found = frechet_distance(Moments(m1, np.diag(s1**2)), Moments(m2, np.diag(s2**2)))
    np.testing.assert_allclose(found, ((m1 - m2) ** 2 + (s1 - s2) ** 2).sum(), rtol=1e-12)


def test_against_a_general_square_root(two):
    # Tr (C1 C2)^(1/2) from the eigenvalues of the product itself, which is not symmetric
    (m1, c1), (m2, c2) = map(moments, two)
    values = np.linalg.eigvals(c1 @ c2)
    assert np.abs(np.imag(values)).max() < 1e-9
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2) - 2 * np.sqrt(np.real(values)).sum()
    np.testing.assert_allclose(frechet_distance(*two), expected, rtol=1e-10)


def test_against_scipy(two):
    linalg = pytest.importorskip("scipy.linalg")
    (m1, c1), (m2, c2) = map(moments, two)
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * np.real(linalg.sqrtm(c1 @ c2)))
    assert abs(frechet_distance(*two) - expected) < 1e-6 * max(1, expected)


def test_on_every_device(two, device):
    there = [to_device(each, device) for each in two]
    np.testing.assert_allclose(frechet_distance(*there), frechet_distance(*two), rtol=1e-10)
    for a, b in zip(moments(there[0]), moments(two[0]), strict=True):
        np.testing.assert_allclose(to_host(a), b, rtol=1e-12, atol=1e-14)


def test_against_the_coupling_that_attains_it(two):
    # it is E|x - T x|^2 under the optimal map T x = m2 + A (x - m1), and A C1 A = C2
    (m1, c1), (m2, c2) = map(moments, two)

    def root(c):
        values, vectors = np.linalg.eigh(c)
        return vectors * np.sqrt(values) @ vectors.T

    half = root(c1)
    a = np.linalg.inv(half) @ root(half @ c2 @ half) @ np.linalg.inv(half)
    np.testing.assert_allclose(a @ c1 @ a, c2, rtol=0, atol=1e-9)
    moved = np.eye(6) - a
    expected = ((m1 - m2) ** 2).sum() + np.trace(moved @ c1 @ moved.T)
    np.testing.assert_allclose(frechet_distance(*two), expected, rtol=1e-9)


def test_a_rotation_of_both_changes_nothing(two, rng):
    q, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    np.testing.assert_allclose(frechet_distance(two[0] @ q, two[1] @ q), frechet_distance(*two), rtol=1e-10)
    assert abs(frechet_distance(two[0] @ q, two[1]) - frechet_distance(*two)) > 0.1


def test_singular_covariances_do_no_harm(rng):
    # features that never fire, one that copies another, and a set of one single image
    flat = np.zeros((100, 8))
    flat[:, :3] = rng.standard_normal((100, 3))
    flat[:, 3] = flat[:, 0]
    assert frechet_distance(flat, flat) < 1e-8
    one = np.ones((100, 8))
    m, c = moments(flat)
    expected = ((m - 1) ** 2).sum() + np.trace(c)
    for found in (frechet_distance(flat, one), frechet_distance(one, flat)):
        assert isinstance(found, float)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_refuses_too_few_samples(rng):
    good = rng.standard_normal((9, 8))
    assert frechet_distance(good, good) < 1e-8
    with pytest.raises(InputError, match="expected more samples than their 8 dimensions, got 8"):
        frechet_distance(good, good[:8])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite(two, bad):
    two[1][3, 2] = bad
    with pytest.raises(InputError, match="features: expected finite numbers"):
        frechet_distance(*two)


def test_refuses_other_shapes(two):
    with pytest.raises(InputError, match=r"features: expected \(n, C\), got \(200, 2, 3\)"):
        moments(two[0].reshape(200, 2, 3))
    with pytest.raises(InputError, match="a, b: expected features of the same dimension, got 6 and 5"):
        frechet_distance(two[0], two[1][:, :5])
