"""The course: every chapter runs offline, keeps its form, and its exercises tell right answers from wrong ones."""

import ast
import importlib
import importlib.util
import inspect
import re
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import minigan
from minigan import datasets, gradient_check, layers, models, objectives, optimizers, training
from minigan.objectives import cross_entropy, penalties

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
MODULES = (
    minigan,
    cross_entropy,
    datasets,
    gradient_check,
    layers,
    models,
    objectives,
    optimizers,
    penalties,
    training,
)
PACKAGE_NAMES = {
    name
    for module in MODULES
    for name, thing in vars(module).items()
    if not name.startswith("_") and not inspect.ismodule(thing)  # which modules are there depends on earlier imports
}
INSTALL = """\
# Where the package is missing, this cell installs it from the checkout that this notebook lies in.
import importlib.util

if importlib.util.find_spec("minigan") is None:
    %pip install -q .."""
# Addresses where nobody here has a home; spelled in two parts, so that this file does not contain them.
HOMES = ("github.com/" + "minigan", "colab." + "research", "mybinder." + "org")

every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tags(cell):
    return cell.metadata.get("tags", [])


def python(cell):
    """The syntax tree of a cell, its %magics left out."""
    return ast.parse(re.sub(r"^(\s*)%.*$", r"\1pass", cell.source, flags=re.MULTILINE))


def defined(tree):
    """Names that a cell binds at its top level."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@every_chapter
def test_runs_offline_from_start_to_end(path, monkeypatch):
    monkeypatch.setenv("MINIGAN_FAST", "1")
    monkeypatch.setenv("MINIGAN_STATIC", "1")
    NotebookClient(
        read(path), timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()


@every_chapter
def test_opens_with_its_question(path):
    first = read(path).cells[0]
    number = path.stem[:2]
    assert re.match(rf"# {number} · \S", first.source)
    assert "**Question.**" in first.source


@every_chapter
def test_installs_from_its_checkout(path):
    """Not with --editable: a kernel that runs already would not find the package before its next start."""
    cells = code_cells(read(path))
    assert [cell for cell in cells if "install" in tags(cell)] == [read(path).cells[1]]
    assert cells[0].source == INSTALL
    assert sum(len(re.findall(r"pip3? install", cell.source)) for cell in cells) == 1


@every_chapter
def test_has_no_badge_and_no_address_that_is_not_ours(path):
    raw = path.read_text(encoding="utf-8").lower()
    assert not [home for home in HOMES if home in raw]
    assert "badge" not in raw
    assert "git+http" not in raw


@every_chapter
def test_is_executed_in_order(path):
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@every_chapter
def test_is_small_and_the_same_everywhere(path):
    raw = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 300_000
    assert "application/vnd.jupyter.widget" not in raw
    assert "widgets" not in read(path).metadata
    assert not re.search(r"[\s\"'(=](/(home|root|tmp|usr|opt|work|Users|content)/|[A-Z]:\\\\)", raw)


@every_chapter
def test_errors_are_expected(path):
    for cell in code_cells(read(path)):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in tags(cell)), cell.source


@every_chapter
def test_cells_are_short(path):
    for cell in code_cells(read(path)):
        assert len(cell.source.splitlines()) <= 25, cell.source


@every_chapter
def test_asserts_what_it_says(path):
    asserts = sum(isinstance(node, ast.Assert) for cell in code_cells(read(path)) for node in ast.walk(python(cell)))
    assert asserts >= 8


@every_chapter
def test_redefines_nothing_of_the_package(path):
    for cell in code_cells(read(path)):
        assert not PACKAGE_NAMES.intersection(defined(python(cell))), cell.source


@every_chapter
def test_every_equation_is_numbered(path):
    blocks = re.findall(r"\$\$(.*?)\$\$", text(read(path)), flags=re.DOTALL)
    numbers = [re.findall(r"\\tag\{(\d+)\.(\d+)\}", block) for block in blocks]
    assert all(numbers)
    flat = [(int(chapter), int(k)) for block in numbers for chapter, k in block]
    assert flat == [(int(path.stem[:2]), k + 1) for k in range(len(flat))]
    for chapter, k in re.findall(r"\((\d+)\.(\d+)\)", text(read(path))):
        if int(chapter) == int(path.stem[:2]):
            assert (int(chapter), int(k)) in flat


@every_chapter
def test_has_one_picture_and_one_slider(path):
    cells = code_cells(read(path))
    assert sum("picture" in tags(cell) for cell in cells) == 1
    assert any("interactive_plot(" in cell.source for cell in cells)
    picture = path.parent / "pictures" / f"{path.stem}.png"
    assert 0 < picture.stat().st_size < 30_000


@every_chapter
def test_exercises(path):
    """Five or more in three grades, each checked: the solution is right, the common wrong answer is not."""
    notebook = read(path)
    chapter = int(path.stem[:2])
    exercises = re.findall(rf"\*\*Exercise {chapter}\.(\d+) \((recall|derive|build)\)\.\*\*", text(notebook))
    assert len(exercises) >= 5
    assert [int(k) for k, _ in exercises] == list(range(1, len(exercises) + 1))
    assert {grade for _, grade in exercises} == {"recall", "derive", "build"}
    names = {name for cell in code_cells(notebook) for name in defined(python(cell))}
    sources = "\n".join(cell.source for cell in code_cells(notebook))
    for k, _ in exercises:
        assert {f"answer_{k}", f"check_{k}", f"solution_{k}", f"wrong_{k}"} <= names
        assert re.search(rf"^check_answer\(check_{k}, answer_{k}\)", sources, flags=re.MULTILINE)
        assert f"assert check_answer(check_{k}, solution_{k})" in sources
        assert f"assert not check_answer(check_{k}, wrong_{k})" in sources


@every_chapter
def test_solutions_are_last_and_collapsed(path):
    cells = read(path).cells
    start = next(i for i, cell in enumerate(cells) if cell.source.startswith("## Solutions"))
    for i, cell in enumerate(cells):
        if cell.cell_type == "code":
            assert bool(cell.metadata.get("jupyter", {}).get("source_hidden")) == (i > start), cell.source


@every_chapter
def test_equations_lead_to_functions_and_tests(path):
    """Rows of the last table: | (5.3) what | `minigan.module.function` | `tests/test_x.py::test_name` |."""
    rows = re.findall(r"^\| (\(\d+\.\d+\).*?) \| `([\w.]+)` \| `(tests/\w+\.py)::(\w+)` \|$", text(read(path)), re.M)
    table = text(read(path)).split("## Where this lives")[1].split("\n## ")[0]
    assert len(rows) == len(re.findall(r"^\| \(", table, re.M)) >= 2
    for _, function, file, test in rows:
        find(function)
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


@every_chapter
def test_sources_shown_are_those_of_the_package(path):
    """What a shipped output quotes is what stands in the package now: a chapter that is behind must be run again."""
    quoted = quotations(read(path))
    for name, source in quoted:
        assert source == textwrap.dedent(inspect.getsource(find(name))).rstrip()
    shown = sum("show_source(" in cell.source for cell in code_cells(read(path)))
    assert len(quoted) >= shown


@every_chapter
def test_sources_shown_are_those_of_the_plain_floor(path):
    """What is taught is what runs with ``fast=False``: no chapter of this course quotes `minigan.fast`."""
    assert not [name for name, _ in quotations(read(path)) if name.startswith("minigan.fast.")]


def quotations(notebook):
    """Return (dotted name, source) for all that `show_source` has shown."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    shown = [output.get("data", {}).get("text/markdown", "") for output in outputs]
    matches = [re.fullmatch(r"`([\w.]+)`\n```python\n(.*)\n```", text, re.DOTALL) for text in shown]
    return [(match[1], match[2]) for match in matches if match]


def find(name):
    """The function, class or module of a dotted name."""
    parts = name.split(".")
    cut = next(i for i in range(len(parts), 0, -1) if _is_module(".".join(parts[:i])))
    thing = importlib.import_module(".".join(parts[:cut]))
    for part in parts[cut:]:
        thing = getattr(thing, part)
    return thing


def _is_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def test_the_map_lists_every_chapter():
    page = (ROOT / "chapters" / "README.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.stem[:2] for path in CHAPTERS] == [f"{k:02}" for k in range(len(CHAPTERS))]
    for path in CHAPTERS:
        title = read(path).cells[0].source.splitlines()[0].removeprefix(f"# {path.stem[:2]} · ")
        assert f"[{title}]({path.name})" in page
        assert f"[{title}](chapters/{path.name})" in readme
        assert f"chapters/pictures/{path.stem}.png" in readme


def _replace(old, new):
    def spoil(notebook):
        cell = next(cell for cell in notebook.cells if old in cell.source)
        cell.source = cell.source.replace(old, new, 1)

    return spoil


def _spoil_outputs(*outputs):
    def spoil(notebook):
        code_cells(notebook)[-1].outputs = [nbformat.from_dict(output) for output in outputs]

    return spoil


def _age_a_source(notebook):
    output = next(
        output for cell in code_cells(notebook) for output in cell.outputs if "text/markdown" in output.get("data", {})
    )
    output.data["text/markdown"] = output.data["text/markdown"].replace("return", "return  # as it was", 1)


def _quote_the_fast_floor(notebook):
    text = "`minigan.fast.dense.FastDense.forward`\n```python\npass\n```"
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": text}}
    code_cells(notebook)[2].outputs.append(nbformat.from_dict(output))


def _move_the_install_cell(notebook):
    notebook.cells[1], notebook.cells[2] = notebook.cells[2], notebook.cells[1]


def _without_asserts(notebook):
    for cell in code_cells(notebook):
        cell.source = cell.source.replace("assert ", "")


def _unhide_the_last(notebook):
    code_cells(notebook)[-1].metadata.pop("jupyter")


def _count_twice(notebook):
    code_cells(notebook)[3].execution_count = 3


STREAM = {"output_type": "stream", "name": "stdout"}
SPOILED = [
    (test_opens_with_its_question, _replace("**Question.**", "Question:")),
    (test_opens_with_its_question, _replace("# 02 ·", "# 03 ·")),
    (test_installs_from_its_checkout, _replace("%pip install -q ..", "%pip install -q minigan")),
    (test_installs_from_its_checkout, _replace("use_style()", "use_style()\n%pip install -q torch")),
    (test_installs_from_its_checkout, _move_the_install_cell),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace("**Question.**", f"https://{HOMES[0]} **Question.**")),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace("**Question.**", "![badge](open.svg) **Question.**")),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace("-q ..", "-q git+https://example.org/a/b")),
    (test_is_executed_in_order, _count_twice),
    (test_is_small_and_the_same_everywhere, _spoil_outputs({**STREAM, "text": 'File "/home/me/minigan/x.py"'})),
    (test_is_small_and_the_same_everywhere, _spoil_outputs({**STREAM, "text": "x" * 300_000})),
    (
        test_is_small_and_the_same_everywhere,
        _spoil_outputs(
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}},
            }
        ),
    ),
    (
        test_errors_are_expected,
        _spoil_outputs({"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}),
    ),
    (test_cells_are_short, _replace("use_style()", "use_style()\n" * 26)),
    (test_asserts_what_it_says, _without_asserts),
    (test_redefines_nothing_of_the_package, _replace("use_style()", "use_style()\nAdam = 1")),
    (test_redefines_nothing_of_the_package, _replace("use_style()", "use_style()\nGame = discriminator_step = 1")),
    (test_redefines_nothing_of_the_package, _replace("use_style()", "def ring():\n    pass")),
    (test_every_equation_is_numbered, _replace(r"\tag{2.3}", "")),
    (test_every_equation_is_numbered, _replace(r"\tag{2.3}", r"\tag{2.30}")),
    (test_every_equation_is_numbered, _replace("(2.3)", "(2.99)")),
    (test_sources_shown_are_those_of_the_package, _age_a_source),
    (test_sources_shown_are_those_of_the_plain_floor, _quote_the_fast_floor),
    (test_exercises, _replace("**Exercise 2.3 (derive).**", "**Exercise 2.3.**")),
    (test_exercises, _replace("assert not check_answer(check_1, wrong_1)", "check_answer(check_1, wrong_1)")),
    (test_exercises, _replace("check_answer(check_2, answer_2);", "")),
    (test_has_one_picture_and_one_slider, _replace("interactive_plot(draw", "print(draw")),
    (test_solutions_are_last_and_collapsed, _unhide_the_last),
    (test_equations_lead_to_functions_and_tests, _replace("`minigan.layers.dense.Dense.forward`", "`minigan.nothing`")),
    (
        test_equations_lead_to_functions_and_tests,
        _replace("tests/test_dense.py::test_", "tests/test_dense.py::test_no_"),
    ),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILED)
def test_a_spoiled_chapter_is_rejected(rule, spoil, tmp_path):
    """Canaries: every rule above accepts chapter 02 and rejects it with one thing wrong."""
    notebook = read(ROOT / "chapters" / "02_dense.ipynb")
    spoil(notebook)
    path = tmp_path / "02_dense.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises((AssertionError, AttributeError, StopIteration)):
        rule(path)
