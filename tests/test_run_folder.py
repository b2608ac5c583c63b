"""The folder of a run: what lies there after a tiny run, and that nothing there before is ever overwritten."""

import dataclasses
import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

import minigan
from minigan import InputError, TrainConfig
from minigan.datasets import Points
from minigan.errors import MiniganWarning
from minigan.runs import figures
from minigan.runs.run_folder import RunFolder
from minigan.training import ResolvedConfig

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {
    "model": "mlp",
    "data": IMAGES,
    "steps": 4,
    "batch_size": 4,
    "latent_dim": 8,
    "log_every": 3,
    "quiet": True,
    "device": "cpu",
}
GRID = 3 * (8 * 8 + 7 * 2)  # 8 x 8 images of 8 pixels, 2 between, three times as large


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return minigan.train(**SHORT, out=tmp_path_factory.mktemp("runs") / "deeper" / "first")


def test_contents(run):
    assert run.folder.name == "first"  # its parents were made
    assert {path.name for path in run.folder.iterdir()} == {
        "config.json",
        "metrics.jsonl",
        "samples",
        "checkpoints",
        ".lock",
        "model.npz",
        "samples.png",
        "losses.png",
        "training.gif",
    }
    assert [path.name for path in sorted((run.folder / "samples").iterdir())] == [
        f"step-{step:06d}.png" for step in range(5)
    ]


def test_config_is_the_resolved_one(run):
    config = json.loads((run.folder / "config.json").read_text(encoding="utf-8"))
    assert config == dataclasses.asdict(run.config)
    assert config["learning_rate"] == 5e-4
    assert config["augment_shift"] == 0
    assert config["device"] == "cpu"
    assert config["data"] == "array"
    assert config["out"] == str(run.folder)
    assert ResolvedConfig(**config) == run.config


def test_metrics_are_one_json_per_line(run):
    lines = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert records == list(run.history)
    assert [record["step"] for record in records] == [3, 4]  # every third, and the last


def test_pictures(run):
    for path in (run.folder / "samples").iterdir():
        assert imread(path).shape[:2] == (GRID, GRID)
    grid = imread(run.folder / "samples.png")
    assert grid.shape[:2] == (3 * (10 * 8 + 9 * 2),) * 2  # 10 x 10
    first = (run.sample(100, seed=0)[0] + 1) / 2
    np.testing.assert_allclose(grid[1:24:3, 1:24:3, 0], first, atol=0.003)
    assert imread(run.folder / "losses.png").ndim == 3
    with Image.open(run.folder / "training.gif") as animation:
        assert animation.n_frames >= 5
    changed = [imread(run.folder / "samples" / f"step-{step:06d}.png") for step in (0, 4)]
    assert (changed[0] != changed[1]).any()


def test_model_samples_as_the_run_does(run):
    np.testing.assert_array_equal(minigan.load(run.folder).sample(3), run.sample(3))


@pytest.mark.parametrize("data", ["ring", Points("line", np.linspace(-1, 1, 50)[:, None])], ids=["ring", "line"])
def test_points(data, tmp_path):
    run = minigan.train(**{**SHORT, "model": "points", "data": data}, out=tmp_path / "toy")
    assert len(list((tmp_path / "toy" / "samples").glob("*.png"))) == 5
    assert imread(tmp_path / "toy" / "samples.png").shape[:2] == (400, 400)
    with Image.open(tmp_path / "toy" / "training.gif") as animation:
        assert animation.size == (400, 430)
        assert animation.n_frames >= 5
    assert "points that the generator draws" in described(run)
    assert f"More points: minigan sample {run.folder}" in described(run)


def test_no_temporary_files(run):
    assert [path for path in run.folder.rglob(".minigan*")] == []


def described(run):
    folder = RunFolder(run.folder, run.config)
    folder.close()
    return folder.describe()


def test_describe_names_what_is_there(run):
    text = described(run)
    for name in ("samples.png", "training.gif", "losses.png", "model.npz"):
        assert str(run.folder / name) in text
    assert f"minigan sample {run.folder}" in text


def test_an_empty_folder_is_taken(tmp_path):
    RunFolder.create(tmp_path, TrainConfig().resolve(dataset="mnist-5k", device="cpu")).close()
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "samples", "checkpoints", ".lock"}


def test_refuses_a_folder_that_holds_something(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(InputError, match=f"out: expected a new or an empty folder, got '{tmp_path}'"):
        minigan.train(**SHORT, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert (tmp_path / "precious").read_text() == "mine"


def test_refuses_the_folder_of_another_run(run):
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="is not empty"):
        minigan.train(**SHORT, out=run.folder)
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def test_a_folder_in_which_a_run_was_killed_at_once_is_taken(tmp_path):
    """It holds nothing but a temporary file and the lock."""
    (tmp_path / ".minigan-999999999-00000000-00000000.json").touch()
    (tmp_path / ".lock").touch()
    minigan.train(**SHORT, out=tmp_path)
    assert list(tmp_path.glob(".minigan*")) == []


def test_overwrite_replaces_a_run_and_nothing_else(tmp_path):
    first = minigan.train(**SHORT, out=tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "samples" / "step-000099.png").touch()
    again = minigan.train(**{**SHORT, "steps": 2}, out=tmp_path / "run", overwrite=True)
    assert again.folder == first.folder
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    assert [path.name for path in sorted((tmp_path / "run" / "samples").iterdir())] == [
        f"step-{step:06d}.png" for step in range(3)
    ]
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-000002.npz"]
    found = minigan.load(tmp_path / "run")
    assert (found.config.steps, found.history["step"].tolist()) == (2, [2])


def test_overwrite_takes_no_other_folder(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(InputError, match=r"^overwrite: expected the folder of a run, got .*, which holds none$"):
        minigan.train(**SHORT, out=tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    minigan.train(**SHORT, out=tmp_path / "new", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_which_another_process_trains(overwrite, tmp_path):
    run = minigan.train(**SHORT, out=tmp_path / "run")
    holder = RunFolder(run.folder, run.config)
    message = "no other process trains in" if overwrite else "is not empty"
    with pytest.raises(InputError, match=f"^out: expected .*{message}"):
        minigan.train(**SHORT, out=run.folder, overwrite=overwrite)
    assert run.model.is_file()
    holder.close()
    minigan.train(**SHORT, out=run.folder, overwrite=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot remove a folder with an open lock")
def test_a_folder_that_is_removed_is_made_again(tmp_path):
    config = TrainConfig(model="mlp").resolve(dataset="mnist-5k", device="cpu")
    folder = RunFolder.create(tmp_path / "deeper" / "run", config)
    shutil.rmtree(tmp_path / "deeper")
    folder.add_record({"step": 1})
    folder.add_snapshot(1, np.zeros((4, 8, 8), dtype=np.float32), None)
    folder.close()
    assert (tmp_path / "deeper" / "run" / "metrics.jsonl").read_text() == '{"step": 1}\n'
    assert (tmp_path / "deeper" / "run" / "samples" / "step-000001.png").stat().st_size > 0


def test_a_disk_that_fails_costs_only_what_failed(monkeypatch, tmp_path):
    """Pictures and records are lost, each kind with one warning, and the model is saved."""

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "add_record", full)
    monkeypatch.setattr(figures, "save_grid", full)
    with pytest.warns(MiniganWarning) as seen:
        run = minigan.train(**SHORT, out=tmp_path / "run")
    failed = [str(each.message).split(" cannot be written (")[0] for each in seen]
    assert failed == ["samples", "metrics.jsonl", "samples.png"]
    assert minigan.load(tmp_path / "run").config.steps == 4
    assert run.history["step"].tolist() == [3, 4]


def test_a_run_whose_folder_is_lost_is_returned(monkeypatch, tmp_path):
    def lost(self, name):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(RunFolder, "_place", lost)
    with pytest.warns(MiniganWarning) as seen:
        run = minigan.train(**SHORT, out=tmp_path / "run")
    assert len(seen) == 7  # snapshots, records, checkpoints, the model and three pictures
    assert run.model is None
    assert minigan.load(run.save(tmp_path / "elsewhere.npz")).sample(2).shape == (2, 8, 8)


@pytest.mark.parametrize("below", ["file", "file/run", "file/deeper/run"])
def test_refuses_a_place_that_cannot_be_written(below, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=f"out: expected a folder that can be written, got '{tmp_path / below}'"):
        minigan.train(**SHORT, out=tmp_path / below)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("number", [{"steps": np.int64(2)}, {"learning_rate": np.float32(1e-3)}])
def test_numpy_numbers_in_the_configuration(number, tmp_path):
    run = minigan.train(**{**SHORT, **number}, out=tmp_path / "run")
    config = json.loads((run.folder / "config.json").read_text(encoding="utf-8"))
    assert {name: config[name] for name in number} == number
    assert (run.folder / "model.npz").exists()


def test_a_run_claims_the_first_number_that_is_not_taken(tmp_path):
    config = TrainConfig(model="mlp", data="some/where/digits.npz").resolve(dataset="digits", device="cpu")
    parent = tmp_path / "runs"
    for number in (1, 2, 3):
        folder = RunFolder.claim(config, parent)
        assert folder.path == parent / f"mlp-digits-{number:03d}"
        assert json.loads((folder.path / "config.json").read_text())["out"] == str(folder.path)
        folder.close()
    (parent / "mlp-digits-005").write_text("a file counts as taken")
    claimed = [RunFolder.claim(config, parent) for _ in range(2)]  # the lock of the first is held
    assert [folder.path.name for folder in claimed] == ["mlp-digits-004", "mlp-digits-006"]


def test_processes_that_start_at_once_get_different_numbers(tmp_path):
    """Eight processes wait for one moment, and then each makes ten folders."""
    code = (
        "import pathlib, sys, time\n"
        "from minigan import TrainConfig\n"
        "from minigan.runs.run_folder import RunFolder\n"
        "config = TrainConfig(model='mlp').resolve(dataset='digits', device='cpu')\n"
        "print('ready', flush=True)\n"
        "time.sleep(max(0, float(sys.stdin.readline()) - time.time()))\n"
        "for _ in range(10):\n"
        "    print(RunFolder.claim(config, pathlib.Path(sys.argv[1])).path.name)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "runs")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(8)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    moment = time.time() + 0.2
    names = [process.communicate(f"{moment}\n")[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sorted(name for each in names for name in each) == [f"mlp-mnist-5k-{i:03d}" for i in range(1, 81)]


@pytest.mark.parametrize(
    ("options", "equilibrium", "probability"),
    [
        ({}, True, True),
        ({"objective": "minimax"}, True, True),
        ({"objective": "wasserstein"}, False, False),  # whose D knows nothing at 0, not at 2 log 2
        ({"objective": "hinge"}, False, False),
        ({"objective": "least-squares", "discriminators": 2}, False, False),
        ({"real_label": 0.9}, False, True),
        ({"discriminators": 2}, False, True),  # L_D is a sum over both
        ({"model": "writeup-1", "as_published": True}, False, True),
    ],
)
def test_the_losses_are_labelled_by_the_objective(options, equilibrium, probability, tmp_path, monkeypatch):
    """An equilibrium where it is known; probabilities where the logit is a log-odds."""
    seen = []
    monkeypatch.setattr(figures, "save_losses", lambda history, path, **options: seen.append(options))
    options = {"model": "mlp", "steps": 1, "batch_size": 4, "device": "cpu", "quiet": True, **options}
    minigan.train(**options, out=str(tmp_path / "run"))
    assert seen == [{"equilibrium": equilibrium, "probability": probability, "evaluated": None}]


@pytest.mark.parametrize(
    ("data", "options", "column"),
    [("mnist-5k", {"model": "mlp"}, "fid"), ("ring", {}, "modes_found"), ("ring", {"evaluate_every": None}, None)],
)
def test_the_losses_show_what_was_evaluated(data, options, column, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(figures, "save_losses", lambda history, path, **labels: seen.append(labels["evaluated"]))
    options = {"steps": 1, "batch_size": 4, "device": "cpu", "quiet": True, "evaluate_every": 1, **options}
    minigan.train(data=data, **options, out=str(tmp_path / "run"))
    assert seen == [column]
    assert (tmp_path / "run" / "best.npz").exists() == (column is not None)
