"""The speed of a large product and of a large copy, for `minigan doctor` and `minigan bench --profile`."""

import numpy as np
import pytest

from minigan.backend import array_module
from minigan.commands import speed


@pytest.fixture(autouse=True)
def small(monkeypatch, device):
    monkeypatch.setitem(speed.SIZE, device, 100)
    monkeypatch.setitem(speed.ELEMENTS, device, 1000)
    monkeypatch.setattr(speed, "REPEATS", 4)


def test_a_product(monkeypatch, device):
    """Its speed is its operations over the time of the fastest one; the first one does not count."""
    times = iter([1e-9, 4e-6, 2e-6, 3e-6, 4e-6])
    monkeypatch.setattr(speed, "_seconds", lambda task, where: next(times) if where == device else None)
    gflops, busy = speed.matmul_speed(device)
    assert np.isclose(gflops, 2 * 100**3 / 2e-6 / 1e9)
    assert busy >= 1


def test_a_copy(monkeypatch, device):
    """Everything is copied, and both what is read and what is written counts."""
    targets = []
    xp = array_module(device)
    zeros = xp.zeros
    monkeypatch.setattr(xp, "zeros", lambda *shape, **options: targets.append(zeros(*shape, **options)) or targets[-1])
    monkeypatch.setattr(speed, "_seconds", lambda task, where: 1e-6 if task() is None else None)
    assert np.isclose(speed.copy_speed(device), 2 * 4000 / 1e-6 / 1e9)
    assert bool(targets[0].all())


def test_both_are_plausible(device):
    assert 1e-4 < speed.matmul_speed(device)[0] < 1e6
    assert 1e-4 < speed.copy_speed(device) < 1e6
