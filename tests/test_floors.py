"""The floors: for few digits measured at once, for many those that ship, and these are what the digits give."""

import os
from pathlib import Path

import numpy as np
import pytest

from minigan.datasets import mnist, mnist_5k
from minigan.metrics import EVALUATORS, load_evaluator, measure, measure_floors, memorisation
from minigan.metrics.distances import nearest
from minigan.metrics.floors import floors_for, held_out_distances
from minigan.metrics.measures import features_of
from minigan.metrics.memorisation import flat_pixels

REAL = Path(os.environ.get("MINIGAN_DATA") or "no folder is named")
needs_real_mnist = pytest.mark.skipif(
    not any((folder / f"{mnist.FILES[0]}.gz").is_file() for folder in (REAL, REAL / "mnist")),
    reason="the full MNIST is not here; MINIGAN_DATA names its folder",
)


def test_few_digits_are_measured_at_once():
    floors = floors_for(100)
    assert floors.n == 100
    assert list(floors.measured) == list(EVALUATORS)
    for name, found in floors.measured.items():
        evaluator = load_evaluator(name)
        assert found == measure(features_of(mnist_5k().images[:100], evaluator, "cpu"), evaluator)


@pytest.mark.parametrize("n", [5001, 10_000, 30_000])
def test_many_have_the_shipped_numbers(n):
    floors = floors_for(n)
    assert floors.n == 10_000
    assert list(floors.measured) == list(EVALUATORS)
    for found in floors.measured.values():
        assert sum(found.counts) == 10_000
        assert found.fid < floors_for(100).measured[EVALUATORS[0]].fid
        assert 0.7 < found.precision_3 < found.precision_5 < 1
        assert abs(found.kid) < found.kid_std
        assert 0.5 < found.real_accuracy < 0.6


def test_held_out_distances():
    few, many = held_out_distances("mnist-5k"), held_out_distances("mnist")
    assert few.shape == many.shape == (10_000,)
    assert few.dtype == many.dtype == np.float32
    assert (np.diff(few) >= 0).all()
    assert (many <= few).all(), "mnist-5k is a part of mnist"
    assert held_out_distances("other") is None


def test_the_command_writes_both_files(tmp_path, monkeypatch, capsys):
    digits = mnist_5k()
    monkeypatch.setattr(measure_floors, "mnist", lambda split: digits)
    monkeypatch.setattr(measure_floors, "random_training_digits", lambda: digits.images[:100])
    monkeypatch.setattr(measure_floors, "held_out", lambda training: np.arange(3, dtype=np.float32))
    measure_floors.main(["--out", str(tmp_path)])
    assert capsys.readouterr().out.count(" bytes\n") == 2
    monkeypatch.setattr("minigan.metrics.floors.FLOORS", tmp_path / "floors.json")
    monkeypatch.setattr("minigan.metrics.floors.HELD_OUT", tmp_path / "held_out.npz")
    for each in ("_read_floors", "floors_for", "held_out_distances"):
        monkeypatch.setattr(f"minigan.metrics.floors.{each}", getattr(measure_floors_module(), each).__wrapped__)
    floors = measure_floors_module()
    assert floors.floors_for(6000).measured == floors_for(100).measured
    np.testing.assert_array_equal(floors.held_out_distances("mnist"), np.arange(3))


def measure_floors_module():
    from minigan.metrics import floors

    return floors


@needs_real_mnist
@pytest.mark.parametrize("name", EVALUATORS)
def test_the_shipped_floors_are_what_the_digits_give(name):
    found = measure_floors.measure_digits(measure_floors.random_training_digits(), name)
    shipped = floors_for(10_000).measured[name]
    np.testing.assert_allclose(found[:-1], shipped[:-1], rtol=0.02, atol=2e-3)
    np.testing.assert_allclose(found.counts, shipped.counts, atol=3)


@needs_real_mnist
def test_the_shipped_distances_are_what_the_digits_give():
    few = measure_floors.held_out(mnist_5k().images)
    np.testing.assert_allclose(held_out_distances("mnist-5k"), few, rtol=1e-5)
    test = flat_pixels(mnist.mnist("test").images)[:200]
    far, _ = nearest(test, flat_pixels(mnist.mnist("train").images))
    shipped = held_out_distances("mnist")
    assert np.abs(shipped[:, None] - far).min(axis=0).max() < 1e-4, "each of them is among the shipped ones"


@needs_real_mnist
def test_other_training_digits_are_as_new_as_test_digits():
    train, few = mnist.mnist("train").images, mnist_5k().images
    digits = train[np.random.default_rng(0).choice(60_000, 3000, replace=False)]
    far, _ = nearest(flat_pixels(digits), flat_pixels(few))
    found = memorisation(far[far > 0], held_out_distances("mnist-5k"))  # at 0 are the 5,000 themselves
    assert found.nearer == pytest.approx(0.5, abs=0.02)
    assert found.close == pytest.approx(0.01, abs=0.006)
    assert found.p > 0.01
