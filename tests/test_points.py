"""Points: the toys by name are the same for every run, batches leave them as they are, and a run draws them."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_host
from minigan.datasets import MODES, Points, grid_centres, load_dataset, ring_centres
from minigan.datasets.batches import Batches, from_pixels_first

SHORT = {"steps": 3, "batch_size": 4, "log_every": 1, "quiet": True, "device": "cpu"}


@pytest.mark.parametrize(("name", "centres", "std"), [("ring", ring_centres(), 0.01), ("grid", grid_centres(), 0.05)])
def test_named_points(name, centres, std):
    data = load_dataset(name)
    assert (data.name, len(data), data.sample_shape) == (name, 100_000, (2,))
    assert data.points.dtype == np.float32
    assert load_dataset(name) is data
    np.testing.assert_array_equal(MODES[name].centres, centres)
    assert MODES[name].std == std
    distance = np.linalg.norm(data.points[:1000, None] - centres, axis=2).min(axis=1)
    assert 0.97 < (distance < 3 * std).mean() < 1
    with pytest.raises(ValueError, match="read-only"):
        data.points[0] = 0
    with pytest.raises(InputError, match=f"split: expected 'train', because '{name}' has no test half, got 'test'"):
        load_dataset(name, split="test")


def test_points_are_taken_as_they_are():
    points = np.array([[3.0, -400.0], [0.5, 2.0]], dtype=np.float32)
    data = Points("mine", points)
    assert data.points is data.samples is points
    assert load_dataset(data) is data
    assert Points("mine", points.astype(float)).points.dtype == np.float32
    assert repr(data) == "Points('mine', points (2, 2) float32)"


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[0.0, 1.0]], "points: expected a NumPy array, got list"),
        (np.zeros(3), r"points: expected shape \(N, 1\) or \(N, 2\) .*, got \(3,\)"),
        (np.zeros((3, 3)), r"points: .*, got \(3, 3\)"),
        (np.zeros((0, 2)), r"points: .*, got \(0, 2\)"),
        (np.zeros((3, 2), int), "points: expected float32 or float64, got int64"),
        (np.array([[np.nan, 0]]), "points: expected finite numbers, got NaN or infinity"),
    ],
)
def test_refuses(points, message):
    with pytest.raises(InputError, match=message):
        Points("bad", points)
    with pytest.raises(InputError, match="name: expected a string, got int"):
        Points(3, np.zeros((1, 2)))


def test_batches_of_points(device):
    points = np.arange(20, dtype=np.float32).reshape(10, 2) * 100
    batches = Batches(points, 4, rng=np.random.default_rng(3), device=device)
    x = batches.next()
    assert (x.shape, x.dtype) == ((4, 2), np.float32)
    np.testing.assert_array_equal(to_host(x), points[np.random.default_rng(3).permutation(10)[:4]])
    np.testing.assert_array_equal(from_pixels_first(x), to_host(x))
    with pytest.raises(InputError, match="batch_size: expected at most 10, the number of points, got 11"):
        Batches(points, 11, rng=np.random.default_rng(3), device=device)


@pytest.mark.parametrize(("update", "packing"), [("alternating", None), ("simultaneous", 1)])
@pytest.mark.parametrize("name", ["ring", "grid"])
def test_train_sample_save_load(name, update, packing, device, tmp_path):
    run = minigan.train(data=name, update=update, packing=packing, **{**SHORT, "device": device})
    assert (run.config.model, run.config.data, run.config.augment_shift) == ("points", name, 0)
    points = run.sample(5, seed=1)
    assert type(points) is np.ndarray
    assert (points.shape, points.dtype) == ((5, 2), np.float32)
    loaded = minigan.load(run.save(tmp_path / "model.npz"))
    np.testing.assert_allclose(loaded.sample(5, seed=1), points, atol=1e-5)


def test_points_of_ones_own():
    run = minigan.train(data=Points("line", np.linspace(-1, 1, 50)[:, None]), **SHORT)
    assert (run.config.model, run.config.data) == ("points", "array")
    assert run.sample(3).shape == (3, 1)


def test_a_generator_is_not_squashed():
    """The grid reaches to 4, beyond any tanh."""
    run = minigan.train(data="grid", **SHORT)
    run.generator.theta *= 3
    assert np.abs(run.sample(100)).max() > 4
