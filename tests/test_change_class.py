"""Change of class: the noise stays, the asked digit is drawn, and styles are alike in one row alone."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.datasets import mnist_5k
from minigan.editing import change_class
from minigan.editing.change_class import (
    draw_each_digit,
    find_digit_classes,
    measure_style_kept,
    with_class,
)
from minigan.editing.inputs import as_images
from minigan.editing.invert import invert

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {"model": "mlp", "steps": 1, "batch_size": 4, "latent_dim": 6, "log_every": 1, "quiet": True}


@pytest.fixture(scope="module")
def run():
    return minigan.load("mnist-labels")


@pytest.fixture(scope="module")
def classes(run):
    return find_digit_classes(run)


def test_only_the_code_changes(run):
    latents = run.latent(3, seed=1)
    before = latents.copy()
    changed = with_class(run, latents, np.array([0, 4, 9]))
    np.testing.assert_array_equal(changed[:, :128], before[:, :128])
    np.testing.assert_array_equal(changed[:, 128:], np.eye(10)[[0, 4, 9]])
    np.testing.assert_array_equal(with_class(run, latents, 4)[:, 128:], np.eye(10)[[4, 4, 4]])
    np.testing.assert_array_equal(latents, before)
    assert changed.dtype == np.float32


def test_continuous_codes_stay(device):
    infogan = minigan.train(**SHORT, data=IMAGES, conditional="infogan", device=device)
    latents = infogan.latent(2, seed=1)
    changed = to_host(with_class(infogan, latents, 7))
    np.testing.assert_array_equal(changed[:, -2:], to_host(latents)[:, -2:])
    np.testing.assert_array_equal(changed[:, 6:16], np.eye(10)[[7, 7]])
    assert type(with_class(infogan, latents, 7)) is type(latents)


def test_told_labels_are_found_again(classes):
    np.testing.assert_array_equal(classes.classes, np.arange(10))
    assert classes.certainty.min() > 0.9


def test_clusters_that_draw_each_digit_are_found():
    run = minigan.load("mnist")
    found = find_digit_classes(run)
    images = draw_each_digit(run, run.latent(20, seed=9), found)
    assert len(set(found.classes)) == 10
    assert measure_style_kept(run, images).right.mean() > 0.95


def test_the_style_is_kept_in_a_row(run, classes):
    images = draw_each_digit(run, run.latent(100, seed=4), classes)
    assert images.shape == (100, 10, 28, 28)
    kept = measure_style_kept(run, images)
    assert kept.right.mean() > 0.97
    thickness, slant, size = kept.same
    assert slant > 0.75
    assert thickness > 0.45
    assert size > 0.3
    assert np.abs(kept.other).max() < 0.1


def test_the_class_of_inverted_digits_is_changed(run, classes):
    real = as_images(mnist_5k().images[:20], run)
    latents = to_device(invert(run, real, steps=30, restarts=1).latents, run.generator.device)
    kept = measure_style_kept(run, draw_each_digit(run, latents, classes))
    assert kept.right.mean() > 0.8
    assert kept.same[1] > 0.6


def test_correlations_by_hand(run, rng):
    """Columns that are one column of digits, with other digits: the correlation of a column with itself is 1."""
    column = run.sample(30, seed=2)
    kept = measure_style_kept(run, np.repeat(column[:, None], 10, axis=1))
    np.testing.assert_allclose(kept.same, 1)
    assert np.abs(kept.other).max() < 0.35
    assert kept.right.sum() == pytest.approx(1)


def test_columns_without_variation_have_no_correlation(run):
    kept = measure_style_kept(run, np.full((20, 10, 28, 28), -1, dtype=np.float32))
    assert np.isnan(kept.same).all()


def test_a_run_whose_classes_draw_no_digits(run, monkeypatch):
    noise = np.full((200, 10), 0.1)
    noise[:, 3] += 0.01
    monkeypatch.setattr(change_class, "probabilities", lambda run, images: noise)
    with pytest.raises(InputError, match="run: expected a class that draws each digit, got none for 0 1 2 3 4 5"):
        find_digit_classes(run)


def test_runs_without_classes():
    run = minigan.train(**SHORT, data=IMAGES, conditional="none", device="cpu")
    for function in (find_digit_classes, lambda each: with_class(each, each.latent(2), 1)):
        with pytest.raises(InputError, match="run: expected a conditional model, whose class can be changed, got one"):
            function(run)


@pytest.mark.parametrize("wrong", [10, -1, 1.5, np.array([1, 2]), np.array([[1, 2, 3]])])
def test_wrong_classes(run, wrong):
    with pytest.raises(InputError, match="classes: expected integers from 0 to 9, got"):
        with_class(run, run.latent(3), wrong)


def test_too_few_rows(run):
    with pytest.raises(InputError, match=r"images: expected \(N, 10, H, W\) with N >= 20, got \(5, 10, 28, 28\)"):
        measure_style_kept(run, np.zeros((5, 10, 28, 28), dtype=np.float32))
