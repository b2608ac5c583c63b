"""The toys have the centres, the spread and the balance that PacGAN's section 4.1 gives them."""

import numpy as np
import pytest

from minigan.datasets import grid, grid_centres, ring, ring_centres
from minigan.errors import InputError

TOYS = [
    pytest.param(ring, ring_centres, 8, 0.01, id="ring"),
    pytest.param(grid, grid_centres, 25, 0.05, id="grid"),
]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_ring_centres_by_hand():
    half = 0.5**0.5
    expected = [[1, 0], [half, half], [0, 1], [-half, half], [-1, 0], [-half, -half], [0, -1], [half, -half]]
    np.testing.assert_allclose(ring_centres(), expected, atol=1e-7)
    np.testing.assert_allclose(ring_centres(modes=2, radius=3), [[3, 0], [-3, 0]], atol=1e-6)


def test_grid_centres_by_hand():
    expected = [[x, y] for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    np.testing.assert_array_equal(grid_centres(), expected)
    np.testing.assert_array_equal(grid_centres(side=1), [[0, 0]])


@pytest.mark.parametrize(("draw", "centres", "modes", "std"), TOYS)
def test_shapes_and_types(draw, centres, modes, std):
    points, labels = draw(100, rng=rng())
    assert points.shape == (100, 2)
    assert points.dtype == centres().dtype == np.float32
    assert labels.shape == (100,)
    assert labels.dtype == np.int64
    assert centres().shape == (modes, 2)
    assert draw(1, rng=rng(), std=np.float64(0.5))[0].dtype == np.float32


@pytest.mark.parametrize(("draw", "centres", "modes", "std"), TOYS)
def test_spread_and_balance(draw, centres, modes, std):
    points, labels = draw(50_000, rng=rng(1))
    offsets = (points - centres()[labels]) / std
    assert abs(offsets.mean()) < 0.02  # five standard errors: 5 / sqrt(100,000)
    assert abs(offsets.std() - 1) < 0.02
    inside = np.linalg.norm(offsets, axis=1) < 3
    assert abs(inside.mean() - (1 - np.exp(-4.5))) < 0.003  # a 2-D Gaussian within 3 std
    counts = np.bincount(labels, minlength=modes)
    expected = 50_000 / modes
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))


@pytest.mark.parametrize(("draw", "centres", "modes", "std"), TOYS)
def test_a_label_is_the_nearest_centre(draw, centres, modes, std):
    points, labels = draw(1000, rng=rng(2))
    distance = np.linalg.norm(points[:, None] - centres()[None], axis=2)  # (N, modes)
    np.testing.assert_array_equal(distance.argmin(axis=1), labels)


@pytest.mark.parametrize(("draw", "centres", "modes", "std"), TOYS)
def test_one_seed_one_set(draw, centres, modes, std):
    np.testing.assert_array_equal(draw(50, rng=rng(3))[0], draw(50, rng=rng(3))[0])
    assert not np.array_equal(draw(50, rng=rng(3))[0], draw(50, rng=rng(4))[0])


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3", None])
@pytest.mark.parametrize("draw", [ring, grid])
def test_refuses_n(draw, n):
    with pytest.raises(InputError, match="n: expected an integer of at least 1, got"):
        draw(n, rng=rng())


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "1", True, None])
@pytest.mark.parametrize(("draw", "name"), [(ring, "radius"), (ring, "std"), (grid, "spacing"), (grid, "std")])
def test_refuses_lengths(draw, name, value):
    with pytest.raises(InputError, match=f"{name}: expected a positive number, got"):
        draw(10, rng=rng(), **{name: value})


@pytest.mark.parametrize(("draw", "name"), [(ring, "modes"), (grid, "side")])
def test_refuses_counts(draw, name):
    for value in (0, 2.5):
        with pytest.raises(InputError, match=f"{name}: expected an integer of at least 1, got {value}"):
            draw(10, rng=rng(), **{name: value})


@pytest.mark.parametrize("generator", [None, 0, np.random])
def test_refuses_a_generator_that_is_none(generator):
    with pytest.raises(InputError, match=r"rng: expected a numpy\.random\.Generator, got"):
        ring(10, rng=generator)


def test_options_are_given_by_name():
    with pytest.raises(TypeError):
        ring(10, rng())
