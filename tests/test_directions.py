"""Directions: least squares on data that is known, the Jacobian by finite differences, its principal directions."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.editing import directions
from minigan.editing.attributes import ATTRIBUTES, measure_attributes
from minigan.editing.directions import (
    attribute_directions,
    find_direction,
    fit_noise,
    jacobian,
    number_of,
    principal_directions,
    within_classes,
)
from minigan.editing.latents import draw
from minigan.finite_differences import central_difference

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
LABELS = np.arange(16) % 2
SHORT = {"model": "hybrid", "steps": 1, "batch_size": 4, "latent_dim": 6, "log_every": 1, "quiet": True}


def short_run(device="cpu", **options):
    data = minigan.datasets.Dataset("noise", IMAGES, LABELS)
    return minigan.train(**{**SHORT, "data": data, **options}, device=device)


@pytest.fixture(scope="module")
def run():
    return short_run(conditional="projection")


@pytest.fixture(scope="module")
def digits():
    return minigan.load("mnist-labels")


# least squares


def linear_data(rng, spread):
    noise, classes = rng.standard_normal((2000, 12)), rng.integers(0, 7, 2000)
    weights, levels = rng.standard_normal((12, 2)), 5 * rng.standard_normal((7, 2))
    rest = spread * np.linalg.norm(weights, axis=0) * rng.standard_normal((2000, 2))
    return noise, noise @ weights + levels[classes] + rest, classes, weights


def test_a_linear_function_with_levels_is_found_exactly(rng):
    noise, values, classes, weights = linear_data(rng, 0.0)
    found, shares = fit_noise(noise, values, classes)
    np.testing.assert_allclose(found, weights, rtol=1e-9)
    np.testing.assert_allclose(shares, 1, rtol=1e-9)


def test_the_share_is_what_the_noise_explains(rng):
    """With a rest of twice the variance, R^2 is 1 / 3; and it is about 0 for values without any noise."""
    noise, values, classes, weights = linear_data(rng, np.sqrt(2))
    found, shares = fit_noise(noise, values, classes)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.1)
    assert ((found * weights).sum(axis=0) / np.linalg.norm(found, axis=0) / np.linalg.norm(weights, axis=0)).min() > 0.9
    shuffled = rng.permutation(values)
    assert np.abs(fit_noise(noise, shuffled, np.zeros(2000, dtype=int))[1]).max() < 0.1


def test_it_is_the_fit_with_a_column_for_each_class(rng):
    """The three quarters that are fitted, by least squares with a one-hot column for each class."""
    noise, values, classes, _ = linear_data(rng, 1.0)
    columns = np.hstack((noise, np.eye(7)[classes]))[:1500]
    expected = np.linalg.lstsq(columns, values[:1500], rcond=None)[0][:12]
    np.testing.assert_allclose(fit_noise(noise, values, classes)[0], expected, rtol=1e-9)


def test_values_that_do_not_vary_are_explained_by_nothing(rng):
    weights, shares = fit_noise(rng.standard_normal((100, 3)), np.ones((100, 1)), np.zeros(100, dtype=int))
    np.testing.assert_allclose(weights, 0, atol=1e-12)
    np.testing.assert_array_equal(shares, 0)


def test_within_classes(rng):
    values, classes = rng.standard_normal((30, 2)), np.array([0, 2, 5] * 10)
    centred = within_classes(values, classes)
    for each in (0, 2, 5):
        rows = classes == each
        np.testing.assert_allclose(centred[rows], values[rows] - values[rows].mean(axis=0))


def test_the_directions_of_digits_change_their_attributes(digits):
    """On other digits, a step of 1 along each direction moves its attribute by its slope, and both ways."""
    found = attribute_directions(digits, n=2000)
    assert [each.name for each in found] == list(ATTRIBUTES)
    assert [each.unit for each in found] == ["pixels", "degrees", "pixels"]
    latents = digits.latent(200, seed=5)
    before = measure_attributes(draw(digits, latents))
    for which, direction in enumerate(found):
        assert np.linalg.norm(direction.vector) == pytest.approx(1)
        assert 0.3 < direction.share < 1
        for sign in (-1, 1):
            moved = latents.copy()
            moved[:, :128] += np.float32(sign) * direction.vector.astype(np.float32)
            change = (measure_attributes(draw(digits, moved)) - before)[:, which].mean()
            assert change == pytest.approx(sign * direction.slope, rel=0.5), (direction.name, sign)


def test_noise_that_changes_nothing_is_refused(digits, monkeypatch):
    monkeypatch.setattr(directions, "draw", lambda run, latents: np.zeros((len(latents), 8, 8)))
    with pytest.raises(InputError, match="run: expected a model whose noise changes the thickness of a digit"):
        attribute_directions(digits, n=1024)


# the Jacobian


def test_the_jacobian_equals_finite_differences(run, rng):
    generator = run.generator.copy(dtype="float64")
    latents = run.latent(3, seed=2).astype(np.float64)
    found = jacobian(generator, latents, 6)
    assert found.shape == (8, 8, 3, 1, 6)
    for _ in range(5):
        upstream, tangent = rng.standard_normal((8, 8, 3, 1)), np.zeros_like(latents)
        tangent[:, :6] = rng.standard_normal((3, 6))

        def f(h, upstream=upstream, tangent=tangent):
            return float((upstream * generator.forward(latents + h * tangent, train=False)[0]).sum())

        by_columns = float(np.einsum("hwnc,hwnck,nk->", upstream, found, tangent[:, :6]))
        assert central_difference(f) == pytest.approx(by_columns, rel=1e-6)


def test_the_jacobian_is_the_transpose_of_backward(run, device, rng):
    generator = run.generator.copy(device=device)
    latents = to_device(rng.standard_normal((4, 8)).astype(np.float32), device)
    upstream = to_device(rng.standard_normal((8, 8, 4, 1)).astype(np.float32), device)
    _, caches = generator.forward(latents, train=False)
    expected = to_host(generator.backward(upstream, caches, param_grads=False))[:, :6]
    found = np.einsum("hwnck,hwnc->nk", to_host(jacobian(generator, latents, 6)), to_host(upstream))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_principal_directions_are_eigenvectors_of_the_mean_metric(run):
    found = principal_directions(run, 6, points=20, seed=3)
    columns = jacobian(run.generator, run.latent(20, seed=3), 6).reshape(-1, 6).astype(np.float64)
    metric = columns.T @ columns / 20
    vectors = np.stack([each.vector for each in found], axis=1)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(6), atol=1e-9)
    shares = np.array([each.share for each in found])
    np.testing.assert_allclose(vectors.T @ metric @ vectors / np.trace(metric), np.diag(shares), atol=1e-5)
    assert (np.diff(shares) <= 0).all()
    assert shares.sum() == pytest.approx(1)
    assert [each.name for each in found] == list("123456")
    assert all(each.vector[np.abs(each.vector).argmax()] > 0 for each in found)


def test_parts_of_the_jacobian_give_the_same(run, monkeypatch):
    whole = principal_directions(run, 2, points=7)
    monkeypatch.setattr(directions, "MOST_BYTES", 1)
    for a, b in zip(whole, principal_directions(run, 2, points=7), strict=True):
        np.testing.assert_allclose(a.vector, b.vector, atol=1e-4)


def test_a_small_step_along_the_first_changes_the_image_most(run):
    """The mean squared change for a step h is h^2 times the eigenvalue: its share of the trace."""
    found, h = principal_directions(run, 6, points=50, seed=3), 1e-2
    latents = run.latent(50, seed=3)
    before, changes = draw(run, latents), []
    for each in found:
        moved = latents.copy()
        moved[:, :6] += (h * each.vector).astype(np.float32)
        changes.append(np.square(draw(run, moved) - before).sum())
    np.testing.assert_allclose(np.array(changes) / sum(changes), [each.share for each in found], rtol=0.05)


# by name


def test_find_direction(digits, run):
    assert find_direction(run, "2").name == "2"
    assert [number_of(run, name) for name in ("slant", "2", "006")] == [0, 2, 6]
    np.testing.assert_array_equal(find_direction(run, "2").vector, principal_directions(run, 3)[1].vector)
    assert find_direction(digits, "slant").name == "slant"


@pytest.mark.parametrize("name", ["colour", "0", "7", "-1", "1.5", "", "²", "9" * 30])
def test_unknown_directions(run, name):
    with pytest.raises(InputError, match="direction: expected one of thickness, slant, size, or a number from 1 to 6"):
        find_direction(run, name)


def test_bad_arguments(run):
    with pytest.raises(InputError, match="n: expected an integer of at least 48, got 10"):
        attribute_directions(run, n=10)
    with pytest.raises(InputError, match="count: expected an integer from 1 to 6, got 7"):
        principal_directions(run, 7)
    points = minigan.train(data="ring", steps=1, quiet=True, device="cpu")
    for find in (
        attribute_directions,
        lambda each: principal_directions(each, 1),
        lambda each: find_direction(each, "x"),
    ):
        with pytest.raises(InputError, match="run: expected a model that draws images, got one that draws points"):
            find(points)
