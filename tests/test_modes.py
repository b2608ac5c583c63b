"""Mode counting by hand, on the mixtures themselves, and in the last sentence of a run on a toy."""

import re

import numpy as np
import pytest

from minigan import InputError, cli
from minigan.datasets import MODES, load_dataset
from minigan.metrics import mode_coverage
from minigan.metrics.modes import SAMPLES

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_by_hand():
    points = np.array([[0.29, 0], [0, -0.3], [0.31, 0], [10, 0.1], [5, 5], [0, 9.6]])
    assert mode_coverage(points, CENTRES, 0.1) == (2, 3, 0.5)
    assert mode_coverage(points[[2, 4]], CENTRES, 0.1) == (0, 3, 0.0)
    assert mode_coverage(CENTRES, CENTRES, 1e-9) == (3, 3, 1.0)


def test_in_other_dimensions():
    assert mode_coverage(np.array([[0.1], [-1.0]]), np.zeros((1, 1)), 0.05) == (1, 1, 0.5)


def test_a_mode_lost():
    data = load_dataset("ring").points
    without = data[np.linalg.norm(data - MODES["ring"].centres[3], axis=1) > 0.1][:SAMPLES]
    assert mode_coverage(without, *MODES["ring"])[:2] == (7, 8)


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_the_mixture_itself(name, modes):
    found, of, high_quality = mode_coverage(load_dataset(name).points[:SAMPLES], *MODES[name])
    assert (found, of) == (modes, modes)
    expected = 1 - np.exp(-4.5)  # a 2-D Gaussian within 3 std
    assert abs(high_quality - expected) < 5 * np.sqrt(expected * (1 - expected) / SAMPLES)


def test_a_nan_is_no_sample_of_quality():
    assert mode_coverage(np.array([[np.nan, 0], [0, 0]]), CENTRES, 0.1) == (1, 3, 0.5)


@pytest.mark.parametrize(("points", "centres"), [((3,), (2, 2)), ((3, 1), (2, 2)), ((0, 2), (2, 2)), ((3, 2), (0, 2))])
def test_refuses_shapes(points, centres):
    with pytest.raises(InputError, match="points, centres: expected"):
        mode_coverage(np.zeros(points), np.zeros(centres), 0.1)


@pytest.mark.parametrize("std", [0, -1.0, np.nan])
def test_refuses_std(std):
    with pytest.raises(InputError, match="std: expected a number above 0"):
        mode_coverage(CENTRES, CENTRES, std)


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_the_last_sentence(name, modes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tiny = ["train", "--data", name, "--steps", "3", "--device", "cpu"]
    assert cli.main(tiny) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(rf"\d+ of {modes} modes, \d+\.\d % of the samples within 3 standard deviations", last)
    assert (tmp_path / "runs" / f"points-{name}-001" / "samples.png").is_file()
    assert cli.main(["sample", f"runs/points-{name}-001", "-n", "5", "--out", "five.npz"]) == 0
    assert capsys.readouterr().out == "5 points in five.npz\n"
    assert np.load("five.npz")["points"].shape == (5, 2)
    assert cli.main(["sample", f"runs/points-{name}-001", "-n", "5", "--out", "five.png"]) == 0
    capsys.readouterr()
    assert cli.main([*tiny, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
