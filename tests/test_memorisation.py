"""Memorisation: Mann-Whitney's U by literal pairs and by scipy, an honest p-value, and copies that are found."""

import math

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device
from minigan.datasets import mnist_5k
from minigan.metrics import memorisation
from minigan.metrics.distances import nearest
from minigan.metrics.memorisation import flat_pixels


def by_pairs(drawn, held_out):
    """U, and its variance under every way to divide the pooled ranks, from the ranks themselves."""
    u = sum((d > h) + 0.5 * (d == h) for d in drawn for h in held_out)
    pooled = np.concatenate([drawn, held_out])
    ranks = np.array([(pooled < x).sum() + ((pooled == x).sum() + 1) / 2 for x in pooled])
    n, m = len(drawn), len(held_out)
    return u, n * m / (n + m) * ranks.var(ddof=1)  # of a sum of n ranks that are drawn without replacement


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_equals_the_definition(decimals, device, rng):
    drawn, held_out = rng.random(23).round(decimals) + 0.2, rng.random(31).round(decimals) + 0.2
    u, variance = by_pairs(drawn, held_out)
    found = memorisation(to_device(drawn, device), to_device(held_out, device))
    z = (u - 23 * 31 / 2) / math.sqrt(variance)
    assert found.nearer == pytest.approx(1 - u / (23 * 31))
    assert found.z == pytest.approx(z)
    assert found.p == pytest.approx((1 + math.erf(z / math.sqrt(2))) / 2)
    assert found.drawn == pytest.approx(np.median(drawn))
    assert found.held_out == pytest.approx(np.median(held_out))


@pytest.mark.parametrize("decimals", [8, 1])
def test_equals_scipy(decimals, rng):
    stats = pytest.importorskip("scipy.stats")
    drawn, held_out = rng.random(60).round(decimals), 0.2 + rng.random(45).round(decimals)
    expected = stats.mannwhitneyu(drawn, held_out, alternative="less", method="asymptotic", use_continuity=False)
    found = memorisation(drawn, held_out)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (1 - found.nearer) * 60 * 45 == pytest.approx(expected.statistic)


def test_the_p_value_is_honest(rng):
    """For new images it is uniform, whatever the sizes; a p below 0.05 comes in one of twenty draws."""
    p = [memorisation(rng.exponential(size=40), rng.exponential(size=150)).p for _ in range(2000)]
    for level in (0.01, 0.05, 0.5, 0.95):
        assert np.mean(np.array(p) < level) == pytest.approx(level, abs=5 * math.sqrt(level * (1 - level) / 2000))


def test_a_p_value_far_out_is_not_rounded_to_0():
    assert 0 < memorisation(np.linspace(0, 1, 500), np.linspace(2, 3, 500)).p < 1e-100


def test_nothing_to_compare():
    found = memorisation(np.ones(5), np.ones(7))
    assert (found.nearer, found.close, found.z, found.p) == (0.5, 0, 0, 0.5)


def test_close_counts_one_in_a_hundred(rng):
    drawn, held_out = rng.exponential(size=(2, 20_000))
    assert memorisation(drawn, held_out).close == pytest.approx(0.01, abs=0.004)
    drawn[:1000] = 0
    found = memorisation(drawn, held_out)
    assert found.close == pytest.approx(0.06, abs=0.005)
    assert found.nearer < 0.54, "one copy in twenty moves the mean little"


def test_copies_new_digits_and_noise(rng):
    digits = flat_pixels(mnist_5k().images)
    training, held_out, new = digits[:1500], digits[2000:2500], digits[3000:3500]
    noisy = np.clip(training[:300] + 0.05 * rng.standard_normal((300, 784)).astype(np.float32), 0, 1)
    test = nearest(held_out, training)[0]
    found = {
        name: memorisation(nearest(images, training)[0], test)
        for name, images in {
            "copies": training[:300],
            "noisy copies": noisy,
            "new": new,
            "noise": rng.random((300, 784), dtype=np.float32),
        }.items()
    }
    assert found["copies"].drawn == 0
    assert found["copies"].nearer == found["copies"].close == 1
    assert found["noisy copies"].p < 1e-50
    assert 0.45 < found["new"].nearer < 0.55
    assert found["new"].p > 0.01
    assert found["noise"].nearer == 0
    assert found["noise"].p == 1


def test_distances_go_from_black_0_to_white_1(rng):
    white = np.full((1, 4, 3), 255, np.uint8)
    assert nearest(flat_pixels(white), flat_pixels(np.zeros_like(white)))[0] == pytest.approx(math.sqrt(12))
    images = rng.integers(256, size=(5, 4, 3, 2)).astype(np.uint8)
    pixels = flat_pixels(images)
    assert pixels.shape == (5, 24)
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(flat_pixels(images / 127.5 - 1), pixels, atol=1e-6)


@pytest.mark.parametrize(
    ("drawn", "held_out", "words"),
    [
        (np.ones((2, 2)), np.ones(3), r"drawn: expected distances \(n,\), got shape \(2, 2\)"),
        (np.ones(3), np.ones(0), r"held_out: expected distances \(n,\), got shape \(0,\)"),
        (np.array([np.nan]), np.ones(3), "drawn: expected finite numbers of at least 0"),
        (np.ones(3), np.array([-1.0]), "held_out: expected finite numbers of at least 0"),
    ],
)
def test_refuses(drawn, held_out, words):
    with pytest.raises(InputError, match=words):
        memorisation(drawn, held_out)
