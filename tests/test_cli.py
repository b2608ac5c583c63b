"""The command line: flags are the fields of TrainConfig, bad input is one line and exit 2, nothing half-written."""

import argparse
import dataclasses
import gzip
import re
import signal
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

import minigan
from minigan import cli
from minigan.commands import doctor
from minigan.datasets import DATASETS, mnist
from minigan.models import MODELS
from minigan.runs.load import load
from minigan.training import TrainConfig
from minigan.training.declare import GROUPS
from minigan.training.trainer import StepMetrics, Trainer


def run(*argv):
    """Exit status of a command, whether argparse or the command itself ends it."""
    try:
        return cli.main(list(argv))
    except SystemExit as stop:
        return stop.code


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MINIGAN_DATA", raising=False)
    return folder


def parser_of(command):
    parser = cli.make_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return commands.choices[command]


def options_of(command):
    return {a.dest: a for a in parser_of(command)._actions if a.dest != "help"}


def test_train_flags_are_the_fields_of_the_config():
    flags = options_of("train")
    fields = {f.name: f for f in dataclasses.fields(TrainConfig)}
    assert set(flags) == set(fields)
    for name, field in fields.items():
        assert flags[name].default == field.default
        assert flags[name].option_strings == ["--" + name.replace("_", "-")]
        choices = field.metadata["choices"]
        assert flags[name].choices == (None if choices is None else list(choices))
        if field.type is not bool:
            assert flags[name].type in (field.type, *get_args(field.type))


def test_every_help_page_is_plain(monkeypatch, capsys):
    """At 80 columns: no line is longer, no name is broken, every option is explained by sentences, help comes last."""
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("", *cli.COMMANDS):
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"] if command else ["--help"])
        assert stop.value.code == 0
        page = capsys.readouterr().out
        assert page.startswith(f"usage: minigan {command}")
        assert max(map(len, page.splitlines())) <= 80
        assert re.findall(r"\w-$", page, flags=re.MULTILINE) == []
        assert page.index("\nhelp:\n") == page.rindex("\n\n", 0, page.index("--help  ")) + 1
        if command:
            for action in parser_of(command)._actions:
                assert action.help.endswith("."), (command, action.dest)
                assert action.help[0].isupper() or action.dest == "action", (command, action.dest)


def test_the_help_of_train_shows_the_common_options_first(capsys):
    assert run("train", "--help") == 0
    page = capsys.readouterr().out
    assert re.findall(r"^(\w+):$", page, flags=re.MULTILINE) == [*GROUPS, "help"]
    flags = re.findall(r"^  (--[\w-]+)", page, flags=re.MULTILINE)
    assert flags[:5] == ["--model", "--data", "--steps", "--seed", "--out"]
    for name in MODELS:
        assert f" {name}," in page or f" {name}." in page
    assert "--batch-size INT" in page
    assert "Default: 64." in page


TINY = ("--model", "mlp", "--steps", "3", "--batch-size", "4", "--log-every", "1")


def test_train_and_sample(empty_folder, capsys):
    assert run("train", *TINY, "--out", "first") == 0
    printed = capsys.readouterr().out
    assert "step      3" in printed
    assert "samples.png" in printed
    names = {p.name for p in (empty_folder / "first").iterdir()}
    assert names == {
        ".lock", "checkpoints", "config.json", "losses.png", "metrics.jsonl", "model.npz", "samples", "samples.png",
        "training.gif",
    }  # fmt: skip
    assert run("sample", "first", "-n", "5", "--seed", "3") == 0
    assert (empty_folder / "first" / "sample-3.png").stat().st_size > 0
    assert run("sample", "first/model.npz", "-n", "5", "--out", "five.npz") == 0
    assert np.load("five.npz")["images"].shape == (5, 28, 28)


def test_train_chooses_a_fresh_folder(empty_folder):
    assert run("train", *TINY, "--quiet") == 0
    assert run("train", *TINY, "--quiet") == 0
    assert sorted(p.name for p in (empty_folder / "runs").iterdir()) == ["mlp-mnist-5k-001", "mlp-mnist-5k-002"]


def test_quiet_prints_nothing(capsys):
    assert run("train", *TINY, "--quiet", "--out", "q") == 0
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def bad_data(tmp_path):
    """Files that are not what they should be, by name."""
    images = np.zeros((10, 28, 28), dtype=np.uint8)
    header = bytes([0, 0, 8, 3]) + np.array(images.shape, dtype=">u4").tobytes()
    good = header + images.tobytes()
    for name, payload in {
        "truncated": gzip.compress(good[:-1]),
        "trailing": gzip.compress(good + b"x"),
        "html": b"<!DOCTYPE html><html><body>403 Forbidden</body></html>",
        "empty": b"",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "train-images-idx3-ubyte.gz").write_bytes(payload)
    (tmp_path / "labels-only").mkdir()
    labels = bytes([0, 0, 8, 1]) + np.array([10], dtype=">u4").tobytes() + bytes(10)
    (tmp_path / "labels-only" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    np.savez(tmp_path / "flat.npz", images=np.zeros((10, 784), dtype=np.uint8))
    np.savez(tmp_path / "odd.npz", images=np.zeros((10, 30, 30), dtype=np.uint8))
    np.savez(tmp_path / "few.npz", images=np.zeros((10, 28, 28), dtype=np.uint8))
    (tmp_path / "file").write_text("a file where a folder should be")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("train", "--model", "gpt"), f"argument --model: expected one of {', '.join(MODELS)}, got 'gpt'"),
        (("train", "--model", "vae", "--penalty", "r1"), "penalty: expected 'none' for model 'vae', which has no disc"),
        (("train", "--objective", "x"), "--objective: expected one of non-saturating, minimax,"),
        (("train", "--data", "ring", "--model", "mlp"), "data: expected images for model 'mlp', got points"),
        (("train", "--data", "mnist-5k", "--model", "points"), "data: expected points for model 'points', got images"),
        (("train", "--data", "grid", "--augment-shift", "2"), "augment_shift: expected 0 for points"),
        (("bench", "--model", "points"), "--model: expected one of dcgan, conv, hybrid,"),
        (
            ("train", "--data", "ring", "--conditional", "ac-gan"),
            "expected data with labels for 'ac-gan', got 'ring', which has none",
        ),
        (
            ("train", "--conditional", "gan"),
            "--conditional: expected one of none, clusters, projection, ac-gan, infogan, got 'gan'",
        ),
        (("train", "--update", "both"), "--update: expected one of alternating, simultaneous, got 'both'"),
        (("train", "--model", "infogan", "--update", "simultaneous"), "layer 4 is BatchNorm("),
        (("train", "--steps", "0"), "steps: expected an integer of at least 1, got 0"),
        (("train", "--steps", "-5"), "got -5"),
        (("train", "--steps", "many"), "--steps: invalid int value: 'many'"),
        (("train", "--seconds", "0"), "seconds: expected a positive number, got 0"),
        (("train", "--seconds", "nan"), "seconds: expected a positive number, got nan"),
        (("train", "--batch-size", "1"), "batch_size: expected an integer of at least 2, got 1"),
        (("train", "--learning-rate", "-1"), "learning_rate: expected a positive number, got -1"),
        (("train", "--beta1", "1"), "beta1: expected a number in [0, 1), got 1"),
        (("train", "--device", "tpu"), "--device: expected one of auto, cpu, cuda, got 'tpu'"),
        (("train", "--penalty", "r7"), "penalty: expected one of r1, r2"),
        (("train", "--evaluate-every", "0"), "evaluate_every: expected an integer of at least 1, got 0"),
        (("train", "--data", "dirac", "--evaluate-every", "5"), "evaluate_every: expected None for data 'dirac'"),
        (("train", "--stop-when", "fid"), "stop_when: expected COLUMN<NUMBER or COLUMN>NUMBER, where the column is"),
        (("train", "--stop-when", "fid<1"), "evaluate_every: expected a number of steps, because stop_when asks"),
        (("train", "--mod", "mlp"), "unrecognized arguments: --mod"),
        (
            ("edit", "invert", "--images", "A.png", "mnist"),
            "are required: path (in front of --images: such an option takes all that follows)",
        ),
        (("edit", "compare", "--images", "A.png", "a", "b"), "required: path, rival (in front of --images: such an"),
        (("sample",), "required: path (in front of --label: such an option takes all that follows)"),
        (("models", "gpt"), "argument NAME: expected one of conv, hybrid"),
        (("study", "--games", "r3"), "--games: expected one of non-saturating,"),
        (("train", "--combine", "min"), "--combine: expected one of mean, max, got 'min'"),
        (("train", "--data", "minst"), "'minst'"),
        (("train", "--data", "{bad}/nowhere"), "nowhere"),
        (("train", "--data", "{bad}/truncated"), "train-images-idx3-ubyte.gz"),
        (("train", "--data", "{bad}/trailing"), "train-images-idx3-ubyte.gz"),
        (("train", "--data", "{bad}/html"), "HTML"),
        (("train", "--data", "{bad}/empty"), "empty"),
        (("train", "--data", "{bad}/labels-only"), "images"),
        (("train", "--data", "{bad}/flat.npz"), "(10, 784)"),
        (("train", "--data", "{bad}/odd.npz"), "got 30 x 30"),
        (("train", "--data", "{bad}/few.npz"), "batch_size: expected at most 10, the number of images, got 64"),
        (
            ("train", "--minibatch-std", "--batch-size", "6"),
            "minigan train: batch_size: expected a multiple of 4, or less than that, because minibatch_std compares",
        ),
        (("train", "--out", "{bad}/file/run"), "out: expected a folder that can be written, got"),
        (("train", "--out", "{bad}"), "is not empty"),
        (("train", "--no-such-flag"), "unrecognized arguments"),
        (
            ("sample", "{bad}/nowhere"),
            "a model .npz file, or one of the names mnist, mnist-labels, got no file at",
        ),
        (("sample", "{bad}/few.npz"), "path: expected a minigan model, got"),
        (("gradcheck", "--model", "gpt"), "--model: expected one of"),
        (("gradcheck", "--seed", "-1"), "argument --seed: expected an integer of at least 0, got -1"),
        (
            ("museum", "one-mode", "--seed", str(2**63)),
            "--seed: expected an integer from 0 to 9223372036854775807, got",
        ),
        (("sample", "mnist", "--seed", "x"), "argument --seed: invalid seed value: 'x'"),
        (("sample", "mnist", "-n", "1000000000000"), "n: expected at most 1,06"),
        (
            ("sample", "mnist", "--out", "a\0.png"),
            "argument --out: expected a name or a path of readable",
        ),
        (("sample", "mnist", "--out", "x" * 300 + ".png"), "argument --out: expected a path of at most 4000 bytes"),
        (("sample", "\udcff"), "argument path: expected a name or a path of readable characters, got '\\udcff'"),
        (("evaluate", "mnist", "-n", "1000000"), "n: expected an integer from 1 to 200000, got 1000000"),
        (("evaluate", "mnist", "--out", ""), "argument --out: expected a name or a path, got ''"),
        (("train", "--out", "a\0"), "out: expected a name or a path of readable characters"),
        (("train", "--data", "\0"), "data: expected a name or a path of readable characters"),
        (("train", "--latent-dim", "10000000"), "latent_dim: expected an integer from 1 to 100000, got 10000000"),
        (("train", "--steps", "9" * 5000), "argument --steps: invalid int value"),
        (("bench", "--batch-size", "1000000"), "batch_size: expected an integer from 2 to 10000, got 1000000"),
        (("bench", "--model", "vae"), "--model: expected one of"),
        (("bench", "--update", "both"), "--update: expected one of alternating, simultaneous, got 'both'"),
        (("bench", "--model", "infogan", "--update", "simultaneous"), "layer 3 is BatchNorm("),
        (("bench", "--batch-size", "0"), "batch_size: expected an integer from 2 to 10000, got 0"),
        (("data", "burn"), "argument ACTION: expected one of show, fetch, verify, got 'burn'"),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(argv, words, bad_data, empty_folder, capsys):
    before = sorted(bad_data.rglob("*"))
    argv = [a.replace("{bad}", str(bad_data)) for a in argv]
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert out == ""
    assert sorted(bad_data.rglob("*")) == before, "something was left behind"


def test_only_a_greedy_option_is_blamed(capsys):
    parser = cli.Parser(prog="one")
    parser.add_argument("path")
    parser.add_argument("--seed", nargs=1)
    with pytest.raises(SystemExit):
        parser.parse_args(["--seed", "1"])
    assert capsys.readouterr().err == "one: the following arguments are required: path (see one --help)\n"


def test_choices_may_be_numbers(capsys):
    parser = cli.Parser(prog="one")
    parser.add_argument("--factor", type=int, choices=(2, 4))
    with pytest.raises(SystemExit):
        parser.parse_args(["--factor", "3"])
    assert "argument --factor: expected one of 2, 4, got 3" in capsys.readouterr().err


def test_cuda_without_a_gpu(empty_folder, capsys, monkeypatch):
    monkeypatch.setattr("minigan.backend.cuda_problem", lambda: "there is no GPU")
    assert run("train", "--device", "cuda") == 2
    assert (
        capsys.readouterr().err
        == "minigan train: device: expected a working GPU for 'cuda', got none: there is no GPU\n"
    )
    assert list(empty_folder.iterdir()) == []


def test_divergence_is_exit_1(capsys, monkeypatch):
    nan = StepMetrics(*(np.full((), np.nan, dtype=np.float32) for _ in range(4)))
    monkeypatch.setattr(Trainer, "step", lambda self, share: nan)
    assert run("train", *TINY, "--out", "d") == 1
    err = capsys.readouterr().err
    assert "diverged" in err
    assert len(err.splitlines()) == 1


def test_interruption_keeps_the_run(empty_folder, capsys, monkeypatch):
    step, calls = Trainer.step, []

    def interrupted(self, share):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return step(self)

    monkeypatch.setattr(Trainer, "step", interrupted)
    assert run("train", *TINY, "--out", "i") == 130
    assert "interrupted after 2 steps" in capsys.readouterr().out
    assert (empty_folder / "i" / "model.npz").is_file()


def test_sample_refuses_a_bad_request(capsys):
    assert run("train", *TINY, "--quiet", "--out", "s") == 0
    assert run("sample", "s", "-n", "0") == 2
    assert run("sample", "s", "--seed", "-1") == 2
    assert run("sample", "s", "--out", "digits.jpg") == 2
    assert run("sample", "s", "--out", "nowhere/digits.png") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert "n: expected an integer of at least 1, got 0" in lines[0]
    assert "nowhere/digits.png" in lines[3]


def test_sample_takes_labels_and_codes(empty_folder, capsys):
    assert run("train", *TINY, "--quiet", "--conditional", "projection", "--out", "p") == 0
    assert run("train", *TINY, "--quiet", "--conditional", "infogan", "--code-weight", "0.5", "--out", "i") == 0
    assert run("sample", "p", "-n", "3", "--label", "7") == 0
    assert run("sample", "p", "-n", "4", "--label", "1", "2", "--seed", "5") == 0
    assert {path.name for path in (empty_folder / "p").glob("sample-*")} == {
        "sample-0-label-7.png", "sample-5-label-1-2.png",
    }  # fmt: skip
    assert run("sample", "i", "-n", "4", "--label", "3", "--codes", "-1", "0.5", "--out", "four.npz") == 0
    expected = load("i").sample(4, label=3, codes=(-1, 0.5))
    np.testing.assert_array_equal(np.load("four.npz")["images"], expected)
    capsys.readouterr()
    assert run("sample", "p", "--label", "10") == 2
    assert run("sample", "p", "--label", "0", "1", "2") == 2
    assert run("sample", "p", "--codes", "0", "0") == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "minigan sample: label: expected 0 to 9, got [10]"
    assert "divides n = 64, got 3 of them" in lines[1]
    assert "codes: expected None" in lines[2]


def test_gradcheck(capsys):
    assert run("gradcheck") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith(f"all {len(lines) - 2} right")
    assert len(lines) > 150


def test_gradcheck_reports_a_wrong_gradient(capsys, monkeypatch):
    from minigan.commands import gradcheck
    from minigan.layers import Tanh

    monkeypatch.setattr(Tanh, "input_grad", lambda self, dy, cache: dy * (1 - cache))
    monkeypatch.setattr(gradcheck, "MODELS", ["mlp"])
    assert run("gradcheck") == 1
    out = capsys.readouterr().out
    assert "WRONG  Tanh: dx" in out
    assert "WRONG" in out.splitlines()[-1]


def test_data_shows_the_sets(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    assert run("data") == 0
    names, files = (text.splitlines() for text in capsys.readouterr().out.split("\n\n"))
    assert [line.split()[0] for line in names] == list(DATASETS)
    assert files[0].split()[:5] == ["mnist-5k", "5,000", "of", "28x28", "present"]
    assert [line.split()[0] for line in files[1:]] == list(mnist.FILES)
    assert run("data", "show", "mnist") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(mnist.FILES)
    assert run("data", "verify", "mnist-5k") == 0
    assert " ok " in capsys.readouterr().out


def test_doctor(capsys):
    assert run("doctor") == 0
    out = capsys.readouterr().out
    for word in ("minigan", "NumPy", "GFLOP/s", "GB/s", "GPU", "mnist-5k"):
        assert word in out


def test_doctor_of_a_gpu_whose_memory_is_full(monkeypatch):
    def full(device):
        raise MemoryError

    monkeypatch.setattr(doctor, "matmul_speed", lambda device: (50_000.4, 1))
    monkeypatch.setattr(doctor, "copy_speed", lambda device: 4300.4)
    assert doctor._gpu_speed() == "50000 GFLOP/s in float32, copy 4300 GB/s"
    monkeypatch.setattr(doctor, "copy_speed", full)
    assert "memory" in doctor._gpu_speed()


def test_module_and_version():
    done = subprocess.run([sys.executable, "-m", "minigan", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("minigan ")


def test_ctrl_c_waits_for_imports(monkeypatch, capsys):
    def interrupted():
        signal.raise_signal(signal.SIGINT)
        done.append("all modules are imported")

    done = []
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(cli, "make_parser", interrupted)
    assert run("models") == 130
    assert done == ["all modules are imported"]
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr() == ("", "minigan: interrupted\n")


def test_the_start_imports_no_numpy():
    """What comes before `main` is ready for Ctrl-C is short."""
    code = "import sys, minigan.cli; print(sorted({'numpy', 'tqdm', 'minigan.commands'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_public_names():
    assert set(minigan.__all__) <= set(dir(minigan))
    for name in minigan.__all__:
        assert getattr(minigan, name) is getattr(minigan.public, name)
    with pytest.raises(AttributeError, match="module 'minigan' has no attribute 'gan'"):
        minigan.gan  # noqa: B018


def test_messages_are_one_line(capsys):
    assert run("train", "two\nlines \x1b[31m") == 2
    assert capsys.readouterr().err == (
        "minigan: unrecognized arguments: two lines \\x1b[31m (see minigan --help)\n"
    )  # fmt: skip


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("minigan.commands.models.table", lambda: np.empty(2**62, np.uint8))
    assert run("models") == 2
    assert capsys.readouterr().err == "minigan models: there is not enough memory\n"


@pytest.mark.filterwarnings("default")
def test_warnings_are_one_line(empty_folder, capsys):
    assert run("train", *TINY, "--quiet", "--out", "first") == 0
    with open("first/metrics.jsonl", "a", encoding="utf-8") as file:
        file.write("garbage\n")
    assert run("sample", "first", "-n", "2", "--out", "a.npz") == 0
    err = capsys.readouterr().err
    assert re.fullmatch(r"minigan sample: .*metrics.jsonl: expected one record per line; 1 of its lines .*\n", err)


def test_home_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert run("train", *TINY, "--quiet", "--out=~/first") == 0
    assert run("sample", "~/first", "-n", "2", "--out=~/two.npz") == 0
    assert (tmp_path / "two.npz").exists()


def test_a_tiny_time_is_one_step():
    assert run("train", "--model", "mlp", "--batch-size", "4", "--seconds", "1e-15", "--quiet", "--out", "short") == 0
    assert load("short").history["step"].tolist() == [1]
