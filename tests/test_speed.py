"""The speed of a large product and of a large copy, for `minigan doctor` and `minigan bench --profile`."""

import numpy as np

from minigan.commands import speed


def test_a_product(monkeypatch):
    """Its speed is its operations over the time of the fastest one."""
    monkeypatch.setattr(speed, "SIZE", 100)
    times = iter([4e-6, 2e-6] * 10)
    monkeypatch.setattr(speed, "_seconds", lambda task: next(times))
    gflops, busy = speed.matmul_speed()
    assert np.isclose(gflops, 2 * 100**3 / 2e-6 / 1e9)
    assert busy >= 1


def test_a_copy(monkeypatch):
    """Everything is copied, and both what is read and what is written counts."""
    monkeypatch.setattr(speed, "ELEMENTS", 1000)
    targets = []
    zeros = np.zeros
    monkeypatch.setattr(np, "zeros", lambda *shape, **options: targets.append(zeros(*shape, **options)) or targets[-1])
    monkeypatch.setattr(speed, "_seconds", lambda task: 1e-6 if task() is None else None)
    assert np.isclose(speed.copy_speed(), 2 * 4000 / 1e-6 / 1e9)
    assert targets[0].all()


def test_both_are_plausible(monkeypatch):
    monkeypatch.setattr(speed, "ELEMENTS", 1 << 20)
    monkeypatch.setattr(speed, "REPEATS", 2)
    assert 0.1 < speed.matmul_speed()[0] < 1e5
    assert 0.1 < speed.copy_speed() < 1e5
