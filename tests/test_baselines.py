"""Baselines: by hand, by loops, and no training image that stands for itself."""

import numpy as np
import pytest
from test_invert import IMAGES, KNOWN, make_run

import minigan
from minigan.datasets import mnist, mnist_5k
from minigan.editing.baselines import bicubic, blur, fill_with_mean, nearest_image, training_images
from minigan.editing.operators import BlockMeans, Identity, Mask, measure


def images(rng, n, side=8, channels=1):
    return rng.uniform(-1, 1, (n, side, side, channels)).astype(np.float32)


@pytest.mark.parametrize("operator", [Identity(), Mask(KNOWN), BlockMeans(2)])
def test_the_nearest_image_by_loops(rng, operator):
    among, truth = images(rng, 20), images(rng, 5)
    y = measure(operator, truth)
    found = nearest_image(y, operator, among)
    for each, one in zip(found, y, strict=True):
        distances = [np.square(measure(operator, other[None])[0] - one).sum() for other in among]
        np.testing.assert_array_equal(each, among[np.argmin(distances)])


def test_the_mean_fills_the_hole_alone(rng):
    given, training = images(rng, 3), images(rng, 10)
    found = fill_with_mean(given, KNOWN, training)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, KNOWN], given[:, KNOWN])
    for each in found:
        np.testing.assert_array_equal(each[~KNOWN], training.mean(axis=0)[~KNOWN])


@pytest.mark.parametrize("channels", [1, 3])
def test_bicubic(rng, channels):
    small = images(rng, 2, side=4, channels=channels)
    found = bicubic(small, 2)
    assert found.shape == (2, 8, 8, channels)
    assert found.dtype == np.float32
    assert np.abs(found).max() <= 1
    flat = bicubic(np.full((1, 4, 4, 1), 0.25, dtype=np.float32), 4)
    np.testing.assert_allclose(flat, 0.25, atol=1e-6)
    ramp = np.broadcast_to(np.linspace(-0.75, 0.75, 8, dtype=np.float32), (8, 8))
    finer = bicubic(ramp[None, ..., None], 2)[0, 8, :, 0]
    # a new pixel lies a quarter of an old one beside its centre; a cubic keeps a line straight where it sees no border
    np.testing.assert_allclose(np.diff(finer[5:11]), 1.5 / 14, atol=1e-6)
    assert finer[7] == pytest.approx(-1.5 / 28, abs=1e-6)


def test_blur(rng):
    dot = np.full((1, 9, 9, 1), -1, dtype=np.float32)
    dot[0, 4, 4] = 1
    found = blur(dot, 1.0)[0, ..., 0]
    assert found[4, 4] == found.max() < 0
    np.testing.assert_allclose(found, found.T, atol=0.02)
    assert ((found + 1) / 2).sum() == pytest.approx(1, abs=0.1)
    assert blur(images(rng, 2, channels=3), 1.0).shape == (2, 8, 8, 3)


def test_training_images(tmp_path):
    np.savez(tmp_path / "own.npz", images=IMAGES)
    run = make_run(data=str(tmp_path / "own.npz"), conditional="none")
    training = training_images(run)
    np.testing.assert_allclose(training[..., 0], IMAGES / 127.5 - 1, atol=1e-6)
    left = training_images(run, apart_from=training[[3, 5]])
    np.testing.assert_array_equal(left, np.delete(training, [3, 5], axis=0))
    (tmp_path / "own.npz").unlink()
    assert training_images(run) is None
    assert training_images(make_run(data=IMAGES, conditional="none")) is None  # an array is not kept


def test_other_images_under_the_old_name(tmp_path):
    np.savez(tmp_path / "own.npz", images=IMAGES)
    run = make_run(data=str(tmp_path / "own.npz"), conditional="none")
    np.savez(tmp_path / "own.npz", images=np.zeros((5, 12, 12), dtype=np.uint8))
    assert training_images(run) is None


def test_without_mnist_its_5000_digits_stand_for_it(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    monkeypatch.setattr(mnist, "_download", lambda stem: pytest.fail("nothing may be downloaded"))
    training = training_images(minigan.load("mnist"))
    np.testing.assert_allclose(training[..., 0], mnist_5k().images / 127.5 - 1, atol=1e-6)
