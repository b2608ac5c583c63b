"""The models in the package: they load offline, draw what their page says, and nothing is written beside them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import InputError, TrainConfig, cli
from minigan.metrics import load_evaluator, quick_look
from minigan.runs.pretrained import PRETRAINED, file_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "minigan" / "pretrained" / "README.md").read_text(encoding="utf-8")
FID = 0.2  # at most, with 2,000 digits; real ones have 0.085


@pytest.fixture(scope="module", params=PRETRAINED)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def run(name):
    return minigan.load(name)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder, from which no MNIST is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    return tmp_path


# the files


def test_each_file_is_small(name):
    assert file_of(name).stat().st_size < 2_000_000


def test_the_folder_holds_no_other_model():
    assert sorted(file_of("mnist").parent.glob("*.npz")) == sorted(map(file_of, PRETRAINED))


def test_the_file_says_how_it_was_made(name, run):
    config = TrainConfig(**PRETRAINED[name]).resolve(dataset="mnist", device=run.config.device)
    assert run.config == config


def test_the_weights_are_in_half_precision(name, run, tmp_path):
    same = run.save(tmp_path / "again.npz", dtype="float16").read_bytes() == file_of(name).read_bytes()
    assert same  # not in one line, because pytest would compare millions of bytes one by one


# loading


def test_a_name_stands_for_the_file(name, run):
    assert run.folder is None
    assert len(run.history) == 0
    assert run.stopped is None
    np.testing.assert_array_equal(minigan.load(file_of(name)).sample(3), run.sample(3))


def test_a_folder_of_the_same_name_is_reached_by_its_path(here, name, run):
    (here / name).mkdir()
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
    own = minigan.train(model="mlp", data=images, steps=1, batch_size=4, quiet=True, device="cpu")
    own.save(here / name / "model.npz")
    assert minigan.load(name).sample(3).shape == run.sample(3).shape == (3, 28, 28)
    for path in (f"./{name}", Path(name), here / name):
        assert minigan.load(path).sample(3).shape == (3, 8, 8)


def test_the_error_names_the_models(here):
    expected = "path: expected a run folder, a model .npz file, or one of the names mnist, mnist-labels, got no file at"
    for path in ("mnist-label", Path("mnist"), "mnist/"):
        with pytest.raises(InputError, match=f"{expected} '{str(path).strip('/')}'"):
            minigan.load(path)


OFFLINE = """
import socket, sys

def refuse(*arguments, **options):
    raise AssertionError("the network was asked")

socket.socket = socket.create_connection = socket.getaddrinfo = refuse
from minigan import cli
assert cli.main(["sample", sys.argv[1], "--label", "7"]) == 0
slow = {"matplotlib", "pooch", "cupy", "minigan.training.trainer"} & set(sys.modules)
assert not slow, f"imported {slow}, which costs time"
"""


def test_a_fresh_process_draws_offline(name, tmp_path):
    """Without a home folder, a network, or MNIST; and without the imports that take longer than the drawing."""
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, name],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "64 images in sample-0-label-7.png\n"
    assert [path.name for path in tmp_path.iterdir()] == ["sample-0-label-7.png"]


def files_of_the_package():
    return sorted(path for path in (ROOT / "minigan").rglob("*") if "__pycache__" not in path.parts)


def test_sample_writes_to_the_current_folder(here, name):
    before = files_of_the_package()
    assert cli.main(["sample", name, "-n", "4", "--seed", "3"]) == 0
    assert cli.main(["sample", name, "-n", "4", "--reject", "0.3", "--out", "four.npz"]) == 0
    assert sorted(path.name for path in here.iterdir()) == ["four.npz", "sample-3.png"]
    assert np.load("four.npz")["images"].shape == (4, 28, 28)
    assert files_of_the_package() == before


def test_evaluate_writes_to_the_current_folder(here, capsys):
    before = files_of_the_package()
    assert cli.main(["evaluate", "mnist", "-n", "100"]) == 0
    assert "Copies: unknown, because the training digits are not on this machine" in capsys.readouterr().out
    assert json.loads(Path("evaluation.json").read_text(encoding="utf-8"))["model"] == "mnist"
    assert sorted(path.name for path in here.iterdir()) == ["evaluation.json", "evaluation.png"]
    assert files_of_the_package() == before


# what they draw


def test_the_digits_are_near_real_ones(name, run):
    look = quick_look(run.sample(2000))
    assert look.fid < FID
    assert look.kl < 0.02
    assert min(look.counts) > 120


def test_every_label_is_drawn():
    labels = np.arange(1000) % 10
    digits = minigan.load("mnist-labels").sample(1000, label=labels)
    read = load_evaluator().probabilities(digits).argmax(axis=1)
    right = np.bincount(labels[read == labels], minlength=10)
    assert (right >= 95).all(), right


# the page


def test_the_page_names_the_options():
    header, *rows = re.findall(r"^\| (.*) \|$", PAGE, flags=re.MULTILINE)[:6]
    columns = [cell.strip().strip("`") for cell in f"| {header}".split("|")][2:]
    assert columns == list(PRETRAINED)
    table = {row.split(" | ")[0]: [cell.strip("`") for cell in row.split(" | ")[1:]] for row in rows}
    for title, option in (("model", "model"), ("conditional game", "conditional")):
        assert table[title] == [PRETRAINED[name][option] for name in columns]
    assert table["steps"] == [f"{PRETRAINED[name]['steps']:,}" for name in columns]


def test_the_examples_run():
    names = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(example.replace("10_000", "1_000"), names)
    assert names["sevens"].shape == (64, 28, 28)
    assert names["digits"].shape == (1000, 28, 28)
    assert names["right"] > 950
