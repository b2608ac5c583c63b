"""Distances in blocks: literal loops, blocks that do not fit, copies, both devices, and what is refused."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.metrics import distances
from minigan.metrics.distances import Distances, blocks, nearest, nearest_others


def by_loop(x, y):
    return np.array([[((a - b) ** 2).sum() for b in y] for a in x])


@pytest.fixture(params=[1, 30, 10_000])
def block(request, monkeypatch):
    """Distances that exist at once: one row, a few rows, all of them."""
    monkeypatch.setattr(distances, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
def test_blocks_are_all_distances(normal):
    x, y = normal(17, 5) + 40, normal(11, 5) + 40
    found = np.full((17, 11), np.nan)
    for rows, block in blocks(x, y):
        found[rows] = to_host(block)
    np.testing.assert_allclose(found, by_loop(to_host(x), to_host(y)), rtol=1e-11)


@pytest.mark.usefixtures("block")
def test_nearest_others_leave_out_the_sample_itself(normal):
    x = normal(20, 3)
    squared = by_loop(to_host(x), to_host(x))
    np.fill_diagonal(squared, np.inf)
    np.testing.assert_allclose(to_host(nearest_others(x, 4)), np.sort(squared, axis=1)[:, :4], rtol=1e-11)


@pytest.mark.usefixtures("block")
def test_nearest(normal):
    x, y = normal(20, 3), normal(13, 3)
    far, index = map(to_host, nearest(x, y))
    squared = by_loop(to_host(x), to_host(y))
    np.testing.assert_array_equal(index, squared.argmin(axis=1))
    np.testing.assert_allclose(far, np.sqrt(squared.min(axis=1)), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_copy_is_at_distance_0(normal, dtype):
    y = normal(50, 9, dtype=dtype) + 100
    far, index = nearest(y[::-1], y)
    assert far.dtype == y.dtype
    np.testing.assert_array_equal(to_host(far), 0)
    np.testing.assert_array_equal(to_host(index), np.arange(50)[::-1])


def test_an_exact_copy_in_the_same_set_is_a_neighbour(device):
    x = to_device(np.array([[0.0, 0], [0, 0], [3, 4]]), device)
    np.testing.assert_allclose(to_host(nearest_others(x, 2)), [[0, 25], [0, 25], [25, 25]], atol=1e-12)


def test_inputs_stay_as_they_are(normal):
    x, y = normal(20, 3), normal(13, 3)
    before = to_host(x).copy(), to_host(y).copy()
    pair = Distances(x, y, neighbours=2)
    assert pair.within_real.shape == (20, 2)
    assert pair.within_fake.shape == (13, 2)
    nearest(x, y)
    np.testing.assert_array_equal(to_host(x), before[0])
    np.testing.assert_array_equal(to_host(y), before[1])


@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (np.zeros((9, 2)), np.zeros((9, 3)), r"real, fake: expected samples .* got \(9, 2\) and \(9, 3\)"),
        (np.zeros(9), np.zeros(9), "real, fake: expected samples"),
        (np.zeros((9, 2)), np.zeros((0, 2)), "real, fake: expected samples"),
        (np.zeros((9, 2)), np.zeros((9, 2), np.float32), "both the same, got float64 and float32"),
        (np.zeros((9, 2), int), np.zeros((9, 2), int), "expected float32 or float64"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), "fake: expected finite"),
        (np.full((9, 2), np.inf), np.zeros((9, 2)), "real: expected finite"),
        (np.zeros((9, 2)), np.zeros((5, 2)), "samples: expected more than 5, the number of neighbours, got 5"),
    ],
)
def test_refuses(real, fake, words):
    with pytest.raises(InputError, match=words):
        Distances(real, fake)


@pytest.mark.parametrize("neighbours", [0, -1, 2.0, True])
def test_refuses_a_number_of_neighbours(neighbours, rng):
    with pytest.raises(InputError, match="count: expected an integer of at least 1"):
        Distances(rng.standard_normal((9, 2)), rng.standard_normal((9, 2)), neighbours=neighbours)
