"""How `minigan train` ends: its exit status, and where the model is when its folder could not take it."""

import signal

import numpy as np
import pytest

import minigan
from minigan.cli import main
from minigan.commands.train import conclude, print_quality
from minigan.errors import MiniganWarning
from minigan.runs.run_folder import RunFolder
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "steps": 2}


@pytest.fixture
def run():
    return minigan.train(data=IMAGES, **OPTIONS, quiet=True)


@pytest.fixture
def lost(monkeypatch):
    """The folder of a run takes no model."""

    def lost(self, run):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(RunFolder, "save_model", lost)


@pytest.mark.parametrize(
    ("stopped", "runaway", "status"),
    [
        ("steps", False, 0),
        ("seconds", False, 0),
        ("stop_when", False, 0),
        ("steps", True, 1),
        ("interrupt", False, 130),
        ("interrupt", True, 130),
        ("terminate", False, 143),
        ("hangup", False, 129),
    ],
)
def test_the_exit_status(stopped, runaway, status, run, tmp_path):
    run.model = tmp_path / "model.npz"
    run.stopped, run.runaway = stopped, runaway
    assert conclude(run) == status


def test_a_model_whose_folder_is_lost_is_saved_here(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert conclude(run) == 0
    [path] = tmp_path.iterdir()
    assert capsys.readouterr().err == f"minigan: the model is in {path.name}\n"
    np.testing.assert_array_equal(minigan.load(path).generator.theta, run.generator.theta)


def test_or_among_the_temporary_files(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert conclude(run) == 0
    [path] = tmp_path.iterdir()
    assert capsys.readouterr().err == f"minigan: the model is in {path}\n"


def test_or_nowhere(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "none"))
    assert conclude(run) == 1
    assert capsys.readouterr().err == "minigan: the model could not be written anywhere\n"


@pytest.mark.filterwarnings("default::minigan.errors.MiniganWarning")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_and_a_lost_folder(name, status, lost, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("tiny.npz", images=IMAGES)
    original = Trainer.step
    monkeypatch.setattr(
        Trainer, "step", lambda self, share: signal.raise_signal(getattr(signal, name)) or original(self, share)
    )
    words = [word for key, value in OPTIONS.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    assert main(["train", "--data", "tiny.npz", *words, "--out", "run"]) == status
    [path] = tmp_path.glob("minigan-mlp-*.npz")
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "minigan train: model.npz cannot be written ([Errno 30] Read-only file system); the run goes on",
        f"minigan: the model is in {path.name}",
    ]
    assert "The model is not in run, because it could not be written there" in said.out
    assert "minigan sample" not in said.out
    assert minigan.load(path).config.steps == 2


def test_the_full_report_is_of_the_model_that_is_there(lost, tmp_path, monkeypatch, capsys):
    with pytest.warns(MiniganWarning):
        run = minigan.train(**OPTIONS, data="mnist-5k", out=tmp_path / "run", quiet=True)
    run.model = run.save(tmp_path / "elsewhere.npz")
    print_quality(run)
    assert capsys.readouterr().out.endswith(f"Full report: minigan evaluate {tmp_path / 'elsewhere.npz'}\n")
