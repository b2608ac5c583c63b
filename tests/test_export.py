"""``minigan export``: each target from the command line, and one line for what is wrong."""

import json
import sys

import pytest

import minigan
from minigan import cli


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*argv):
    try:
        return cli.main(["export", *argv])
    except SystemExit as stop:
        return stop.code


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_onnx(empty_folder, capsys):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    assert export("mnist", "--to", "onnx") == 0
    said = capsys.readouterr().out
    assert "latent (N, 228) -> images (N, 1, 28, 28)" in said
    assert "generator.onnx  the network and its 468,833 parameters, 1.9 MB" in said
    session = runtime.InferenceSession("generator.onnx")
    assert [each.name for each in (*session.get_inputs(), *session.get_outputs())] == ["latent", "images"]
    assert session.get_modelmeta().description == said.splitlines()[0]
    minigan.load("mnist").save("copy.npz")
    (empty_folder / "there").mkdir()
    assert export("copy.npz", "--to", "onnx", "--network", "discriminator", "--out", "there/d.onnx") == 0
    assert names(empty_folder / "there") == ["d.onnx"]


@pytest.mark.parity
def test_torch(empty_folder, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    assert export("mnist", "--to", "torch", "--network", "discriminator") == 0
    said = capsys.readouterr().out
    assert "discriminator.pt  its 436,117 parameters, 1.7 MB" in said
    assert "discriminator.py  the network in PyTorch" in said
    state = torch.load("discriminator.pt", weights_only=True)
    assert sum(tensor.numel() for tensor in state.values()) == 436_117
    assert "images (N, 1, 28, 28)" in (empty_folder / "discriminator.py").read_text()


def test_tensorboard(empty_folder, capsys):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    minigan.train(data="ring", steps=2, log_every=1, quiet=True, out="run")
    assert export("run", "--to", "tensorboard") == 0
    assert names(empty_folder / "run" / "tensorboard") == ["events.out.tfevents.minigan"]
    assert "tensorboard --logdir run/tensorboard" in capsys.readouterr().out.replace("\\", "/")


def test_a_run_of_points(empty_folder, capsys):
    pytest.importorskip("onnx", reason="onnx is not installed")
    minigan.train(data="ring", steps=1, quiet=True, out="run")
    assert export("run", "--to", "onnx") == 0
    assert "latent (N, 2) -> points (N, 2)" in capsys.readouterr().out
    assert (empty_folder / "run" / "generator.onnx").is_file()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("mnist",), "the following arguments are required: --to"),
        (("mnist", "--to", "keras"), "--to: expected one of onnx, torch, tensorboard, got 'keras'"),
        (("mnist", "--to", "onnx", "--network", "x"), "--network: expected one of generator, discriminator, got 'x'"),
        (("mnist", "--to", "onnx", "--out", "g.pt"), "out: expected a name that ends in .onnx, got 'g.pt'"),
        (("mnist", "--to", "torch", "--out", "g"), "out: expected a name that ends in .pt, got 'g'"),
        (("nothing", "--to", "onnx"), "path: expected a run folder"),
        (("mnist", "--to", "tensorboard"), "path: expected a run folder with metrics.jsonl, got 'mnist'"),
        (
            ("mnist", "--to", "tensorboard", "--network", "generator"),
            "network: expected none with tensorboard, got 'generator'",
        ),
    ],
)
def test_bad_input(argv, words, empty_folder, capsys):
    if "metrics" in words:
        pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    assert export(*argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("minigan export: ")
    assert words in line
    assert names(empty_folder) == []


@pytest.mark.parametrize(
    ("target", "package", "extra"),
    [("onnx", "onnx", "onnx"), ("torch", "torch", "parity"), ("tensorboard", "tensorboardX", "tensorboard")],
)
def test_a_missing_package(target, package, extra, empty_folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    (empty_folder / "run").mkdir()
    (empty_folder / "run" / "metrics.jsonl").write_text(json.dumps({}))
    assert export("mnist" if target != "tensorboard" else "run", "--to", target) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"minigan export: to: expected an installed {package}, got none (")
    assert f"pip install '.[{extra}]'" in line
    assert names(empty_folder) == ["run"]


def test_a_folder_that_is_missing(empty_folder, capsys):
    pytest.importorskip("onnx", reason="onnx is not installed")
    assert export("mnist", "--to", "onnx", "--out", "no/such/g.onnx") == 2
    assert capsys.readouterr().err == "minigan export: No such file or directory: no/such/g.onnx\n"
