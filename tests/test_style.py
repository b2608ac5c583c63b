"""Style: moves are what they say, attributes follow, and the digit stays the same, beside a random direction."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.editing.attributes import ATTRIBUTES, measure_attributes
from minigan.editing.directions import Direction, attribute_directions
from minigan.editing.latents import draw
from minigan.editing.reader import read
from minigan.editing.style import measure_effects, move, move_randomly

VECTOR = np.array([0.6, 0.0, -0.8])
PLAIN = Direction("slant", "degrees", VECTOR, 5.0, 0.5)


@pytest.fixture(scope="module")
def run():
    return minigan.load("mnist-labels")


@pytest.fixture(scope="module")
def found(run):
    return dict(zip(ATTRIBUTES, attribute_directions(run, n=2000), strict=True))


def test_a_move_adds_amount_over_slope_times_the_vector(normal):
    latents = normal(4, 5, dtype="float32")
    before = to_host(latents).copy()
    moved = move(latents, PLAIN, 10)
    assert moved.dtype == np.float32
    assert type(moved) is type(latents)
    np.testing.assert_allclose(to_host(moved)[:, :3], before[:, :3] + 2 * VECTOR, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(to_host(moved)[:, 3:], before[:, 3:])
    np.testing.assert_array_equal(to_host(latents), before)
    np.testing.assert_allclose(to_host(move(moved, PLAIN, -10)), before, atol=1e-5)


def test_a_random_move_has_the_length_and_one_direction(normal):
    latents = to_device(np.zeros((4, 30), dtype=np.float32), "cpu")
    steps = np.stack([move_randomly(latents, 20, 3.0, seed=seed) for seed in range(200)])
    np.testing.assert_allclose(np.linalg.norm(steps, axis=2), 3, rtol=1e-5)
    np.testing.assert_array_equal(steps[:, :, 20:], 0)
    np.testing.assert_array_equal(steps[:, 1:], steps[:, :1].repeat(3, axis=1))
    cosines = steps[:, 0] @ steps[:, 0].T / 9
    assert np.abs(cosines[np.triu_indices(200, 1)]).mean() == pytest.approx(0.18, abs=0.02)  # sqrt(2 / (20 pi))
    np.testing.assert_allclose(move_randomly(latents, 20, -3.0, seed=7), -steps[7], rtol=1e-6)
    device = normal(4, 30, dtype="float32")
    moved = to_host(move_randomly(device, 20, 3.0, seed=7) - device)
    np.testing.assert_allclose(moved, steps[7], atol=1e-5)


@pytest.mark.parametrize(("name", "amount"), [("thickness", 0.4), ("slant", 15.0), ("size", 0.4)])
def test_digits_change_as_asked_and_stay_the_same_digits(run, found, name, amount):
    which = ATTRIBUTES.index(name)
    effects = measure_effects(run, run.latent(200, seed=3), found[name], [-amount, amount])
    asked, random = effects[::2], effects[1::2]
    assert [each.amount for each in asked] == [-amount, amount]
    for each, other in zip(asked, random, strict=True):
        assert each.attributes[which] == pytest.approx(each.amount, rel=0.6)
        assert each.same > 0.94
        assert other.amount is None
        assert other.step == each.step == pytest.approx(each.amount / found[name].slope)
        assert abs(other.attributes[which]) < abs(each.amount) / 4
        assert other.pixels < each.pixels


def test_an_effect_is_the_mean_over_the_digits(run, found):
    latents = run.latent(30, seed=3)
    (effect, _) = measure_effects(run, latents, found["slant"], [20.0])
    before, after = draw(run, latents), draw(run, move(latents, found["slant"], 20.0))
    change = measure_attributes(after) - measure_attributes(before)
    np.testing.assert_allclose(effect.attributes, change.mean(axis=0))
    assert effect.pixels == pytest.approx(np.sqrt(np.mean((after - before) ** 2)))
    assert effect.same == np.mean(read(run, after) == read(run, before))
    (nothing, _) = measure_effects(run, latents, found["slant"], [0.0])
    np.testing.assert_array_equal(nothing.attributes, 0)
    assert (nothing.pixels, nothing.same) == (0, 1)


def test_a_move_runs_on_the_device(device):
    latents = to_device(np.ones((2, 5), dtype=np.float32), device)
    assert to_host(move(latents, PLAIN, 5)).shape == (2, 5)


def test_bad_arguments(run, found):
    with pytest.raises(InputError, match="amount: expected a finite number, got nan"):
        move(run.latent(2), found["slant"], float("nan"))
    for far in (-1e6, 1e300):
        with pytest.raises(InputError, match=r"amount: expected at most .* degrees, got"):
            move(run.latent(2), found["slant"], far)
    with pytest.raises(InputError, match=r"latents: expected \(N, 128\) or longer rows, got shape \(2, 5\)"):
        move(np.ones((2, 5), dtype=np.float32), found["slant"], 1.0)
    with pytest.raises(InputError, match=r"latents: expected an array \(N, 138\)"):
        measure_effects(run, np.ones((2, 5), dtype=np.float32), found["slant"], [1.0])
