"""The two-sample accuracy: by hand, by literal loops, at one half for one distribution, and in the right order."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.metrics import Distances, distances, two_sample_accuracy


def accuracy(real, fake):
    return two_sample_accuracy(Distances(real, fake, neighbours=1))


@pytest.mark.parametrize("block", [1, 10_000])
def test_equals_the_definition(normal, block, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK", block)
    real, fake = normal(30, 3), normal(30, 3) + 0.8
    pooled = np.concatenate([to_host(real), to_host(fake)])
    is_fake = np.arange(60) >= 30
    right = []
    for i, x in enumerate(pooled):
        far = np.linalg.norm(pooled - x, axis=1)
        far[i] = np.inf
        right.append(is_fake[far.argmin()] == is_fake[i])
    found = accuracy(real, fake)
    assert found == (np.mean(right[:30]), np.mean(right[30:]))
    assert found.both == pytest.approx(np.mean(right))


def test_by_hand(device):
    real = to_device(np.array([[0.0], [1.0], [10.0]]), device)
    fake = to_device(np.array([[10.5], [20.0], [21.0]]), device)
    assert accuracy(real, fake) == (2 / 3, 2 / 3)


def test_ties_count_one_half(device):
    real = to_device(np.array([[0.0], [2.0]]), device)
    fake = to_device(np.array([[-2.0], [4.0]]), device)
    assert accuracy(real, fake) == (0.5, 0)


def test_one_distribution_gives_one_half(rng):
    found = accuracy(rng.standard_normal((3000, 2)), rng.standard_normal((3000, 2)))
    np.testing.assert_allclose(found, 0.5, rtol=0, atol=0.035)


def test_each_kind_of_failure_has_its_pattern(rng):
    real, other = rng.standard_normal((2, 800, 6))
    good = accuracy(real, other)
    shifted, noisy = accuracy(real, other + 1), accuracy(real, 1.6 * other)
    assert shifted.both > good.both + 0.1
    assert noisy.both > good.both + 0.02
    assert accuracy(real, other + 100) == (1, 1)
    crowded = accuracy(real, other[:40].repeat(20, axis=0) + 1e-6 * rng.standard_normal(other.shape))
    assert crowded.fake > 0.9
    assert crowded.real > 0.8
    copies = accuracy(real, real + 1e-6 * rng.standard_normal(real.shape))
    assert copies == (0, 0)


def test_refuses_other_sizes(rng):
    with pytest.raises(InputError, match="real, fake: expected as many real as fake samples, got 9 and 8"):
        accuracy(rng.standard_normal((9, 2)), rng.standard_normal((8, 2)))
