"""Precision, recall, density and coverage: by hand, by literal loops, in closed form, and in the right order."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.metrics import Distances, distances, neighbour_scores


def by_definition(real, fake, k):
    """The equations of both papers, word by word."""

    def radius(x, among):
        return np.sort(np.linalg.norm(among - x, axis=1))[k]  # [0] is x itself

    real_radii = [radius(r, real) for r in real]
    fake_radii = [radius(f, fake) for f in fake]
    inside = [[np.linalg.norm(f - r) <= radius for r, radius in zip(real, real_radii, strict=True)] for f in fake]
    covered = [any(np.linalg.norm(f - r) <= radius for f, radius in zip(fake, fake_radii, strict=True)) for r in real]
    inside = np.array(inside)  # (M, N)
    return (inside.any(axis=1).mean(), np.mean(covered), inside.sum() / (k * len(fake)), inside.any(axis=0).mean())


def scores(real, fake, *ks):
    return neighbour_scores(Distances(real, fake), ks)


@pytest.mark.parametrize("rows", [1, 300])
def test_equal_the_definitions(normal, rows, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK", rows)
    real, fake = normal(40, 4), 1.3 * normal(25, 4) + 0.5
    found = scores(real, fake, 1, 3, 5)
    assert list(found) == [1, 3, 5]
    for k, each in found.items():
        np.testing.assert_allclose(each, by_definition(to_host(real), to_host(fake), k), rtol=1e-12)
        assert all(isinstance(number, float) for number in each)


def test_by_hand(device):
    # on a line: real balls with k = 1 are [-1, 1], [0, 2], [1, 3], [8, 12]; with their radii 1, 1, 1 and 8
    real = to_device(np.array([[0.0], [1.0], [2.0], [10.0]]), device)
    fake = to_device(np.array([[1.5], [-3.0], [9.0], [30.0]]), device)
    found = neighbour_scores(Distances(real, fake, neighbours=1), (1,))[1]
    # 1.5 lies in the balls of 1 and 2; -3 in none; 9 in that of 10 alone; 30 in none
    assert found.precision == 2 / 4
    assert found.density == 3 / 4
    assert found.coverage == 3 / 4
    # fake radii are 4.5, 4.5, 7.5, 21: every real point lies in a fake ball
    assert found.recall == 1


def test_real_against_real_in_closed_form(rng):
    # N and N points in any order along the distance from r: a ball holds k fakes on average, so density is 1, and it
    # holds none when the first k of all are real ones, with probability 2^-k for large N (Naeem et al., appendix)
    found = scores(rng.standard_normal((2000, 2)), rng.standard_normal((2000, 2)), 3, 5)
    for k in (3, 5):
        assert found[k].density == pytest.approx(1, abs=0.05)
        assert found[k].coverage == pytest.approx(1 - 0.5**k, abs=0.03)
        assert found[k].precision == pytest.approx(found[k].recall, abs=0.03)


def test_apart_and_equal(normal):
    real = normal(30, 3)
    assert scores(real, real + 100, 3)[3] == (0, 0, 0, 0)
    same = scores(real, real + 0, 3)[3]
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert same.density == pytest.approx(4 / 3)  # each ball holds its centre and k others


def test_each_sees_what_it_claims(rng):
    real, other = rng.standard_normal((2, 600, 8))
    good = scores(real, other, 3)[3]
    shifted = scores(real, other + 0.7, 3)[3]
    noisy = scores(real, other + 2 * rng.standard_normal(other.shape), 3)[3]
    narrow = scores(real, 0.4 * other, 3)[3]  # diversity is lost, quality is not
    half = scores(np.abs(real) * np.where(rng.random(600) < 0.5, 1, -1)[:, None], np.abs(other), 3)[3]
    copies = scores(real, real[rng.integers(600, size=600)], 3)[3]
    for worse in (shifted, noisy):
        assert worse.precision < good.precision
        assert worse.density < good.density
        assert worse.coverage < good.coverage
    assert narrow.precision > good.precision
    assert narrow.recall < 0.2 * good.recall
    assert narrow.coverage < good.coverage
    assert half.recall < 0.7 * good.recall
    assert copies.precision == 1, "a copy is as good as real to all four: memorisation is another measure's business"


def test_an_outlier_raises_precision_and_not_density(rng):
    real, noise = rng.standard_normal((300, 4)), 4 * rng.standard_normal((300, 4)) + 8
    before = scores(real, noise, 3)[3]
    after = scores(np.vstack([real, np.full((1, 4), 20.0)]), noise, 3)[3]
    assert after.precision > before.precision + 0.5
    assert after.coverage < before.coverage + 0.01


@pytest.mark.parametrize("k", [0, 6])
def test_refuses_k(k, rng):
    with pytest.raises(InputError, match=f"ks: expected numbers from 1 to 5, got {k}"):
        scores(rng.standard_normal((9, 2)), rng.standard_normal((9, 2)), 3, k)
