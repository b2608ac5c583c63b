"""The README: its links lead somewhere, its Python runs, its numbers are those of the package."""

import re
from pathlib import Path

import numpy as np
import pytest

from minigan import cli, layers, objectives
from minigan.commands import study
from minigan.gradient_check import check_game
from minigan.models import MODELS, build_networks
from minigan.objectives.conditional import CONDITIONALS
from minigan.objectives.penalties import PENALTIES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_to_files(target):
    assert (ROOT / target).is_file()


def test_the_python_example_runs(tmp_path, monkeypatch):
    (example,) = (
        code for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "import minigan" in code
    )
    assert len([line for line in example.splitlines() if line]) <= 10
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(example.replace("seed=0,", "seed=0, steps=3, batch_size=4,"), names)
    assert names["digits"].shape == (64, 28, 28)
    assert all(check.ok for check in names["checks"])


def test_the_conditional_example_runs(tmp_path, monkeypatch):
    (example,) = (
        code for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "conditional=" in code
    )
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(example.replace("seed=0,", "seed=0, steps=3, batch_size=4,"), names)
    assert names["sevens"].shape == (10, 28, 28)
    assert names["grid"].shape == (100, 28, 28)


def test_every_conditional_game_is_named():
    section = README.split("## Conditional generation")[1].split("\n## ")[0]
    for name in CONDITIONALS:
        assert f"| `{name}` |" in section


def test_the_new_objective_is_complete(monkeypatch):
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "Objective)" in code)
    monkeypatch.setitem(objectives.OBJECTIVES, "linear for G", None)  # so that what the example adds is taken out again
    exec(example, {})
    networks = build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0))
    for check in check_game(*networks, objectives.get_objective("linear for G")):
        assert check.ok, check


def test_every_objective_and_penalty_is_named():
    for name in (*objectives.OBJECTIVES, *PENALTIES):
        assert f"`{name}`" in README


def test_the_study_in_the_table_is_that_in_the_csv():
    rows = study.read(ROOT / "data" / "study.csv")
    assert sorted(row[:4] for row in rows) == sorted((*game, seed, 6000) for game in study.GAMES for seed in range(3))
    section = README.split("## Objectives and penalties")[1].split("\n## ")[0]
    expected = {
        game.objective if game.penalty == "none" else game.penalty: text for game, text in study.summary(rows).items()
    }
    assert dict(re.findall(r"^\| `([\w-]+)`.*\| (\S+ \(.*\)) \|$", section, flags=re.MULTILINE)) == expected


def test_commands_exist():
    listed = set(re.findall(r"^\| `minigan (\w+)", README, flags=re.MULTILINE))
    assert listed == set(cli.COMMANDS)


def test_every_layer_is_in_the_table():
    kinds = {
        name for name, thing in vars(layers).items() if isinstance(thing, type) and issubclass(thing, layers.Layer)
    }
    for kind in kinds - {"Layer"}:
        assert f"`{kind}`" in README


@pytest.mark.parametrize("model", MODELS)
def test_parameter_counts(model, rng):
    shape = MODELS[model].example_shape()
    counts = [f"{network.theta.size:,}" for network in build_networks(model, shape, rng=rng)]
    section = README.split("## Models and data")[1].split("\n## ")[0]
    (row,) = re.findall(rf"^\| `{model}`.*$", section, flags=re.MULTILINE)
    assert row.endswith(f"| {', '.join(counts)} |")
