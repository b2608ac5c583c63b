"""The README and its pages: links lead to files, Python examples run, and what they list is what the package has."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import TrainConfig, cli, layers, objectives
from minigan.commands.edit import ACTIONS
from minigan.gradient_check import check_game
from minigan.models import MODELS, build_networks
from minigan.objectives.conditional import CONDITIONALS
from minigan.objectives.penalties import PENALTIES
from minigan.runs import diagnosis
from minigan.runs.museum import EXHIBITS
from minigan.training import steps

ROOT = Path(__file__).parents[1]
TOPICS = (
    "layers", "objectives", "metrics", "models", "fast", "runs", "pretrained", "editing", "replay",
    "play", "exchange",
)  # fmt: skip
NAMES = ("README.md", "chapters/README.md", "data/README.md", *(f"minigan/{topic}/README.md" for topic in TOPICS))
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in NAMES}
README, CHAPTERS, DATA, LAYERS, OBJECTIVES, METRICS, MODELS_PAGE, FAST, RUNS, *_ = PAGES.values()


def targets(text):
    """What a page links or shows, but for the web."""
    found = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    return [target for target in found if not target.startswith("https://")]


def code(text, containing):
    """The one Python example of a page that contains a string."""
    (example,) = (each for each in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL) if containing in each)
    return example


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text):
    """What stands as code in the first cells of the tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


# the pages


@pytest.mark.parametrize(("page", "target"), sorted({(name, each) for name in NAMES for each in targets(PAGES[name])}))
def test_links_lead_to_files(page, target):
    assert ((ROOT / page).parent / target).is_file()


def test_the_readme_is_short():
    assert len(README.splitlines()) < 200


def test_the_readme_links_every_page():
    assert set(NAMES[1:]) <= set(targets(README))


def options():
    """Every option of the command line."""
    found = set()
    for command in (*cli.COMMANDS, *(f"edit.{action.replace('-', '_')}" for action in ACTIONS)):
        parser = cli.Parser(prog="minigan")
        import_module(f"minigan.commands.{command}").add_arguments(parser)
        found |= set(re.findall(r"^ +(--[\w-]+)", parser.format_help(), flags=re.MULTILINE))
    return found | {"--help"}


@pytest.mark.parametrize("name", NAMES)
def test_options_exist(name):
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", PAGES[name])) <= options()


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make (\w+)", README, flags=re.MULTILINE))
    assert {"train", "test"} <= named <= set(re.findall(r"^(\w+):", makefile, flags=re.MULTILINE))


# the README


def test_the_python_example_runs(tmp_path, monkeypatch):
    example = code(README, "import minigan")
    assert len([line for line in example.splitlines() if line]) <= 10
    monkeypatch.chdir(tmp_path)
    names = {}
    short = example.replace("seed=0,", "seed=0, steps=3, batch_size=4,").replace("evaluate()", "evaluate(100)")
    exec(short, names)
    assert names["digits"].shape == (64, 28, 28)
    assert all(check.ok for check in names["checks"])


def test_commands_exist():
    listed = re.findall(r"^\| `minigan (\w+)", README, flags=re.MULTILINE)
    assert sorted(listed) == sorted(cli.COMMANDS)


def shown(function):
    """The source of a function, with the first sentence of its docstring alone."""
    source, count = re.subn(r'(""".*?)\n\n.*?"""', r'\1"""', inspect.getsource(function), count=1, flags=re.DOTALL)
    assert count == 1
    return source


def test_the_steps_are_the_source():
    assert code(README, "def ") == f"{shown(steps.discriminator_step)}\n\n{shown(steps.generator_step)}"


def test_the_reading_list_is_in_order():
    """One file in each line, numbered from 1."""
    listed = re.findall(r"^(\d+)\. .*\]\(minigan/([\w/]+\.py)\)", section(README, "To be read in this order"), re.M)
    assert [int(number) for number, _ in listed] == list(range(1, len(listed) + 1))
    assert len({name for _, name in listed}) == len(listed) == 15


# the pages that it links


def test_every_layer_is_in_the_table():
    kinds = {
        name for name, thing in vars(layers).items() if isinstance(thing, type) and issubclass(thing, layers.Layer)
    }
    assert kinds - {"Layer"} <= first_cells(LAYERS)


def test_every_objective_and_penalty_is_in_the_table():
    assert first_cells(section(OBJECTIVES, "Objectives and penalties")) == {*objectives.OBJECTIVES, *PENALTIES}


def test_the_new_objective_is_complete(monkeypatch):
    monkeypatch.setitem(objectives.OBJECTIVES, "linear for G", None)  # so that what the example adds is taken out again
    exec(code(OBJECTIVES, "Objective)"), {})
    networks = build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0))
    for check in check_game(*networks, objectives.get_objective("linear for G")):
        assert check.ok, check
    assert TrainConfig(objective="linear for G").objective == "linear for G"


def test_the_conditional_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code(OBJECTIVES, "conditional=").replace("seed=0,", "seed=0, steps=3, batch_size=4,"), names)
    assert names["sevens"].shape == (10, 28, 28)
    assert names["grid"].shape == (100, 28, 28)


def test_every_conditional_game_is_named():
    for name in CONDITIONALS:
        assert f"| `{name}` |" in section(OBJECTIVES, "Conditional generation")


@pytest.mark.parametrize("model", MODELS)
def test_parameter_counts(model, rng):
    shape = MODELS[model].example_shape()
    counts = [f"{network.theta.size:,}" for network in build_networks(model, shape, rng=rng)]
    (row,) = re.findall(rf"^\| `{model}`.*$", section(MODELS_PAGE, "Models"), flags=re.MULTILINE)
    assert row.endswith(f"| {', '.join(counts)} |")


def test_the_new_model_is_complete(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(MODELS, "tiny", None)  # so that what the example adds is taken out again
    exec(code(MODELS_PAGE, "ModelSpec("), {})
    run = minigan.train(model="tiny", steps=3, batch_size=4)
    run.save("tiny.npz")
    np.testing.assert_array_equal(minigan.load("tiny.npz").sample(2, seed=0), run.sample(2, seed=0))


def test_every_exhibit_and_every_limit_is_on_the_page_of_the_museum():
    assert set(EXHIBITS) <= first_cells(RUNS)
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.*) \|$", section(RUNS.replace("###", "##"), "What is named"), re.M))
    assert {exhibit.finding for exhibit in EXHIBITS.values()} <= set(rows)
    limits = {
        "divergence": [f"{diagnosis.LOSS:,.0f}"],
        "memorisation": [diagnosis.COPIED],
        "vanishing gradient": [diagnosis.STRONG, diagnosis.PULL],
        "discriminator too strong": [diagnosis.STRONG],
        "discriminator at chance": [diagnosis.IGNORANT],
        "mode collapse": [diagnosis.MISSING, diagnosis.VARIETY],
    }
    for name, numbers in limits.items():
        for number in numbers:
            assert f" {number}" in rows[name]
