"""`minigan bench --profile`: its rows are the whole step, and looking at a step changes nothing in it."""

import numpy as np
import pytest

from minigan.commands.bench import bench, profile
from minigan.commands.bench.report import PARTS, report
from minigan.errors import InputError
from minigan.fast import convolution, threads
from minigan.layers import Dense


@pytest.fixture
def trainers(monkeypatch):
    """Short measurements on two trainers, which the test gets as well."""
    made = []
    make = profile.make_trainer
    monkeypatch.setattr(profile, "make_trainer", lambda *arguments: made.append(make(*arguments)) or made[-1])
    monkeypatch.setattr(profile, "SECONDS", 0)
    monkeypatch.setattr(profile, "LEAST", 1)
    monkeypatch.setattr(profile, "BLOCK", 2)
    monkeypatch.setattr(profile, "matmul_speed", lambda: (200.0, 2))
    monkeypatch.setattr(profile, "copy_speed", lambda: 20.0)
    return made


@pytest.mark.parametrize(
    ("model", "update"), [("mlp", "alternating"), ("hybrid", "simultaneous"), ("dcgan", "alternating")]
)
def test_the_rows_are_the_whole_step(model, update, trainers):
    before = np.matmul, np.random.default_rng, threads.parallel_for, dict(convolution.FORMS)
    found = profile.profile(model, 8, update)
    rows = found["rows"]
    assert sum(row["ms"] for row in rows.values()) == pytest.approx(found["total_ms"])
    assert set(rows) == set(PARTS)
    assert all(row["ms"] > 0 for name, row in rows.items() if name != "transforms" or model != "mlp")
    assert rows["products"]["limit"] > 0
    assert rows["draws"]["limit"] is None
    assert found["undisturbed_ms"] > 0
    assert (np.matmul, np.random.default_rng, threads.parallel_for, dict(convolution.FORMS)) == before
    undisturbed, watched = trainers
    undisturbed.step()  # the watched one has taken a step more, to count
    for one, other in zip(undisturbed.game.__dict__.values(), watched.game.__dict__.values(), strict=True):
        if hasattr(one, "theta"):
            np.testing.assert_array_equal(one.theta, other.theta)


def test_every_product_is_counted(trainers):
    """Of a model with dense layers alone: forward, weight gradients, and input gradients of all but the first layers.

    The last layer of D has one output, so its input gradient is not a matrix product.
    """
    rows = profile.profile("mlp", 8, "alternating")["rows"]
    g, d = ([layer.w.size for layer in net.layers if isinstance(layer, Dense)] for net in networks(trainers[1]))
    assert trainers[1].discriminator.layers[-1].w.shape[1] == 1
    n = 8
    own_step = 2 * n * (sum(d) + sum(d) + sum(d[1:-1]))  # D sees real samples and fakes
    through_d = n * (sum(d) + sum(d[:-1]))
    generator = n * (sum(g) + sum(g) + sum(g[1:]))
    assert rows["products"]["gflop"] * 1e9 == pytest.approx(2 * (own_step + through_d + generator))
    assert rows["transforms"]["ms"] == 0


def networks(trainer):
    return trainer.generator, trainer.discriminator


def test_adam_moves_seven_vectors_and_the_average_two(trainers):
    rows = profile.profile("mlp", 8, "alternating")["rows"]
    g, d = (network.theta.nbytes for network in networks(trainers[1]))
    assert rows["optimisers"]["gb"] * 1e9 == pytest.approx(7 * (g + d) + 2 * g)
    assert rows["optimisers"]["limit"] == pytest.approx(rows["optimisers"]["gb"] / 20 / rows["optimisers"]["ms"] * 1e3)


def test_the_table(monkeypatch):
    part = {"ms": 2.0, "gflop": 0.4, "gb": 0.01, "limit": 0.5}
    found = {
        "rows": {row: part if row == "products" else {**part, "gflop": 0.0, "gb": 0.0, "limit": None} for row in PARTS},
        "total_ms": 12.0,
        "undisturbed_ms": 11.5,
        "gflops": 400.0,
        "copy_gbs": 20.0,
    }
    timed = {"ms": [1.0], "peak_memory_mb": 1.0, "threads": 1.0, "launches": None}
    monkeypatch.setattr(bench, "_run_worker", lambda worker, *_: found if worker == "profile" else timed)
    result = bench.bench(model="mlp", device="cpu", torch=False, profile=True)
    assert result["profile"] == found
    lines = report(result).splitlines()
    (products,) = (line.split() for line in lines if line.startswith("matrix products"))
    assert products[2:] == ["2.00", "17%", "200", "5", "50%"]
    (draws,) = (line.split() for line in lines if line.startswith("draws"))
    assert draws[3:] == ["2.00", "17%", "-", "-", "-"]
    assert any(line.endswith(" 11.50") for line in lines)


def test_only_on_the_cpu(monkeypatch):
    monkeypatch.setattr(bench, "resolve_device", lambda device: "cuda")
    with pytest.raises(InputError, match="profile: expected device 'cpu', got 'cuda'"):
        bench.bench(model="mlp", profile=True)
