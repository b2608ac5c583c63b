"""`minigan bench`: what it prints and the JSON it gives, and that what it times are whole training steps."""

import json

import numpy as np
import pytest

from minigan import cli
from minigan.commands.bench import bench, torch_loops
from minigan.commands.bench import worker as bench_worker
from minigan.commands.bench.report import report
from minigan.errors import InputError
from minigan.models import IMAGE_MODELS, build_networks
from minigan.objectives import NonSaturating
from minigan.objectives.fused import FusedObjective

MS = {"ours": [2.0, 4.0, 3.0], "ours-plain": [9.0, 6.0], "plain": [6.0], "best": [3.0, 1.0, 3.0]}
TIMED = {"peak_memory_mb": 100.0, "threads": 1.9, "launches": 280}
LAYERS = {"rows": [{"network": "G", "layer": "Dense(3)", "forward_ms": 0.25, "backward_ms": 0.5}], "rest_ms": 1.5}


@pytest.fixture
def calls(monkeypatch):
    """Workers that take no time, and who was asked for what."""
    found = []

    def run_worker(worker, *rest):
        found.append((worker, *rest))
        return LAYERS if worker == "layers" else {**TIMED, "ms": MS[worker]}

    monkeypatch.setattr(bench, "_run_worker", run_worker)
    monkeypatch.setattr(bench, "find_spec", lambda name: True)
    return found


def test_one_json_object(calls, capsys):
    assert cli.main(["bench", "--json", "--batch-size", "6", "--update", "simultaneous", "--device", "cpu"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert calls == [(worker, "dcgan", 6, "cpu", "simultaneous") for worker in ("ours", "plain", "best")] * 3
    assert result["step_ms"] == {"median": 3.0, "min": 2.0}
    assert (result["images_per_second"], result["peak_memory_mb"], result["threads"]) == (2000.0, 100.0, 1.9)
    assert (result["steps"], result["launches"]) == (9, 280)
    assert result["torch"]["plain"]["step_ms"] == {"median": 6.0, "min": 6.0}
    assert result["ratio"] == {"plain": {"median": 2.0, "min": 3.0}, "best": {"median": 1.0, "min": 0.5}}
    assert (result["model"], result["update"], result["batch_size"]) == ("dcgan", "simultaneous", 6)
    assert result["versions"]["numpy"] == np.__version__
    assert result["cores"] >= 1
    assert result["layers"] is None
    assert result["plain"] is None


def test_a_table(calls, capsys):
    assert cli.main(["bench", "--layers", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    for words in (
        "dcgan, alternating",
        "PyTorch, plain loop",
        "2.00 (min 3.00)",
        "G  Dense(3)",
        "280 launches",
        "0.500",
        "the rest",
    ):
        assert words in out
    assert ("layers", "dcgan", 64, "cpu", "alternating") in calls


def test_the_plain_layers(calls, capsys):
    arguments = ["bench", "--plain", "--device", "cpu"]
    assert cli.main([*arguments, "--json"]) == 0
    assert [call[0] for call in calls] == ["ours", "ours-plain", "plain", "best"] * 3
    result = json.loads(capsys.readouterr().out)
    assert result["plain"]["step_ms"] == {"median": 7.5, "min": 6.0}
    assert result["plain"]["ratio"] == {"median": 2.5, "min": 3.0}
    assert result["ratio"]["plain"] == {"median": 2.0, "min": 3.0}
    assert cli.main([*arguments, "--no-torch"]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "minigan, plain" in line)
    assert "2.50 (min 3.00)" in row


def test_without_torch(calls, capsys):
    assert cli.main(["bench", "--no-torch", "--json", "--device", "cpu"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {call[0] for call in calls} == {"ours"}
    assert (result["torch"], result["ratio"]) == (None, None)
    assert cli.main(["bench", "--no-torch", "--device", "cpu"]) == 0
    assert "PyTorch was not measured" in capsys.readouterr().out


def test_every_model(calls, capsys):
    """A row for each; one that cannot take the simultaneous update says that it did not."""
    arguments = ["bench", "--model", "all", "--update", "simultaneous", "--device", "cpu"]
    assert cli.main([*arguments, "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert {name: each["update"] for name, each in models.items()} == {
        name: "alternating" if name in ("infogan", "writeup-1") else "simultaneous" for name in IMAGE_MODELS
    }
    assert cli.main(arguments) == 0
    out = capsys.readouterr().out
    assert "infogan, alternating" in out
    assert out.count("PyTorch, best loop") == len(IMAGE_MODELS)


def test_memory_that_is_not_known(calls, monkeypatch):
    timed = {"ms": [1.0], "peak_memory_mb": None, "threads": 1.0, "launches": None}
    monkeypatch.setattr(bench, "_run_worker", lambda *call: timed)
    result = bench.bench(device="cpu", torch=False)
    assert json.loads(json.dumps(result))["peak_memory_mb"] is None
    assert "None" not in report(result)


@pytest.mark.parametrize("worker", ["ours", "ours-plain"])
def test_a_real_worker(worker):
    found = bench._run_worker(worker, "mlp", 4, "cpu", "simultaneous")
    assert len(found["ms"]) >= bench_worker.LEAST
    assert min(found["ms"]) > 0
    assert 10 < found["peak_memory_mb"] < 10_000
    assert found["threads"] > 0
    assert found["launches"] is None


def test_a_worker_that_fails():
    with pytest.raises(InputError, match=r"bench: expected a measurement from the process 'ours', got an error: .*gpt"):
        bench._run_worker("ours", "gpt", 4, "cpu", "alternating")


@pytest.mark.parametrize("fast", [True, False])
def test_the_losses_are_those_of_the_floor(fast, monkeypatch):
    """What is timed is what `minigan train` runs: on a GPU a loss of the fast floor is one kernel."""
    games = []
    monkeypatch.setitem(bench_worker.UPDATES, "alternating", lambda game, *_, **__: games.append(game) or (0, 0))
    bench_worker._our_step("mlp", 4, "cpu", "alternating", fast=fast)[0]()
    assert type(games[0].objective) is (FusedObjective if fast else NonSaturating)


@pytest.mark.parametrize("fast", [True, False])
def test_what_a_worker_of_ours_times(fast):
    """Whole steps of both players, on the layers that were asked for."""
    step, *networks = bench_worker._our_step("mlp", 4, "cpu", "alternating", fast=fast)
    before = [network.theta.copy() for network in networks]
    step()
    for network, theta in zip(networks, before, strict=True):
        assert network.fast is fast
        assert (network.theta != theta).any()


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_layers(update, monkeypatch):
    monkeypatch.setattr(bench_worker, "SECONDS", 0)
    found = bench_worker.work("layers", "mlp", 4, "cpu", update)
    networks = build_networks("mlp", bench_worker.IMAGE, rng=np.random.default_rng(0))
    expected = [(name, repr(layer)) for name, net in zip("GD", networks, strict=True) for layer in net.computed]
    assert [(row["network"], row["layer"]) for row in found["rows"]] == expected
    assert all(row["forward_ms"] > 0 for row in found["rows"])
    assert all(row["backward_ms"] > 0 for row in found["rows"] if row["layer"].startswith("Dense"))
    assert found["rest_ms"] > 0


@pytest.mark.parity
@pytest.mark.parametrize("worker", ["plain", "best"])
@pytest.mark.parametrize("model", IMAGE_MODELS)
def test_the_loops_of_pytorch_run(model, worker):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    torch_loops.make_step(worker, model, (8, 8, 1), 3, "cpu")()


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_the_compiled_loop_compiles_both_networks(monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    modes = []
    monkeypatch.setattr(torch, "compile", lambda network, mode: modes.append(mode) or network)
    torch_loops.make_step("compiled", "mlp", (8, 8, 1), 3, "cpu")()
    assert modes == ["reduce-overhead"] * 2
