"""The course: every chapter runs offline, keeps its form, and its exercises tell right answers from wrong ones."""

import ast
import importlib
import importlib.util
import inspect
import re
import runpy
import textwrap
import types
from pathlib import Path

import nbformat
import numpy as np
import pytest

import minigan
from minigan import datasets, gradient_check, layers, models, objectives, optimizers, training
from minigan.notebook import check_answer
from minigan.objectives import cross_entropy, penalties

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "chapters"
CHAPTERS = sorted(COURSE.glob("[0-9][0-9]_*.ipynb"))
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
pages = types.SimpleNamespace(**runpy.run_path(str(COURSE / "pages.py")))
run = types.SimpleNamespace(**runpy.run_path(str(COURSE / "run.py")))
INSTALL = """\
# Where the package is missing, this cell installs it from the checkout that this notebook lies in.
import importlib.util

if importlib.util.find_spec("minigan") is None:
    %pip install -q .."""
# Addresses where nobody here has a home; spelled in two parts, so that this file does not contain them.
HOMES = ("github.com/" + "minigan", "colab." + "research", "mybinder." + "org")

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\d)")
PRIMER = COURSE / "primer.ipynb"
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def verdicts(notebook):
    """What the checks have printed of the stubs of the exercises."""
    checked = [cell for cell in code_cells(notebook) if re.search(r"^check_answer\(check_", cell.source, re.MULTILINE)]
    return [output.get("text", "") for cell in checked for output in cell.outputs]


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


def checks_of(path):
    """The module that a chapter imports its checks from."""
    return importlib.import_module(f"checks.{path.stem[3:]}")


@pytest.fixture(autouse=True)
def _find_checks(monkeypatch):
    monkeypatch.syspath_prepend(COURSE)


@pytest.mark.parametrize("path", [PRIMER, *CHAPTERS], ids=lambda path: path.stem)
def test_runs_offline_from_start_to_end(path, monkeypatch):
    """Fast, in the way of chapters/run.py: the asserts of tests/chapters/ judge what the chapter has computed."""
    monkeypatch.setenv("MINIGAN_FAST", "1")
    monkeypatch.setenv("MINIGAN_STATIC", "1")
    notebook = run.execute(path)
    assert notebook.cells[-1].source.count("assert ") >= 5
    assert not [verdict for verdict in verdicts(notebook) if not verdict.startswith("open: ")]


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


@pytest.mark.parametrize("path", [PRIMER, *CHAPTERS], ids=lambda path: path.stem)
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
def test_is_read_by_people(path):
    """Asserts that only guard the page stand in tests/chapters/; a chapter keeps the few that teach."""
    trees = [python(cell) for cell in code_cells(read(path))]
    assert sum(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree)) <= 8


@every_chapter
def test_redefines_nothing_of_the_package(path):
    for cell in code_cells(read(path)):
        assert not PACKAGE_NAMES.intersection(defined(python(cell))), cell.source


@every_chapter
def test_every_equation_is_numbered(path):
    blocks = re.findall(r"\$\$(.*?)\$\$", pages.text(read(path)), flags=re.DOTALL)
    numbers = [re.findall(r"\\tag\{(\d+)\.(\d+)\}", block) for block in blocks]
    assert all(numbers)
    flat = [(int(chapter), int(k)) for block in numbers for chapter, k in block]
    assert flat == [(int(path.stem[:2]), k + 1) for k in range(len(flat))]
    for chapter, k in re.findall(r"\((\d+)\.(\d+)\)", pages.text(read(path))):
        if int(chapter) == int(path.stem[:2]):
            assert (int(chapter), int(k)) in flat


@every_chapter
def test_is_drawn_and_moves(path):
    cells = code_cells(read(path))
    sources = "\n".join(cell.source for cell in cells)
    assert sum("picture" in tags(cell) for cell in cells) == 1
    assert "Sketch(" in sources
    assert re.search(r"^(interactive_plot|show_film|live_plot)\(", sources, re.MULTILINE)
    picture = path.parent / "pictures" / f"{path.stem}.png"
    assert 0 < picture.stat().st_size < 30_000


@every_chapter
def test_figures_are_vectors_in_the_colours_of_the_course(path):
    for cell in code_cells(read(path)):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert "image/png" not in kinds or "show_pixels(" in cell.source, cell.source
        named = r"""["'](tab:\w+|C\d|r|g|red|green|blue|orange|purple|brown|pink|cyan|magenta|dark\w+)["']"""
        assert not re.search(named, cell.source), cell.source


@every_chapter
def test_guesses_start_empty_and_are_looked_at_again(path):
    cells = code_cells(read(path))
    (guess,) = (cell for cell in cells if "guess" in tags(cell))
    (statement,) = python(guess).body
    assert isinstance(statement.value, ast.Dict)
    assert all(isinstance(value, ast.Constant) and value.value is ... for value in statement.value.values)
    assert f"compare_guesses({statement.targets[0].id}, " in "\n".join(cell.source for cell in cells)


@every_chapter
def test_exercises(path):
    """Five or more in three grades, each with a check that the chapter imports, and an open problem at the end."""
    notebook = read(path)
    chapter = int(path.stem[:2])
    exercises = re.findall(rf"\*\*Exercise {chapter}\.(\d+) \((recall|derive|build)\)\.\*\*", pages.text(notebook))
    assert [int(k) for k, _ in exercises] == list(range(1, len(exercises) + 1))
    assert len(exercises) >= 5
    assert {grade for _, grade in exercises} == {"recall", "derive", "build"}
    assert re.search(rf"\*\*Problem {chapter}\.{len(exercises) + 1} \(open\)\.\*\*", pages.text(notebook))
    sources = "\n".join(cell.source for cell in code_cells(notebook))
    assert not re.search(r"expect\(|def check_|solution_", sources)
    assert f"from checks.{path.stem[3:]} import " in sources
    assert not [verdict for verdict in verdicts(notebook) if not verdict.startswith("open: ")]
    for k, _ in exercises:
        assert re.search(rf"^check_answer\(check_{k}, answer_{k}\)", sources, flags=re.MULTILINE)
        assert re.search(rf"^answer_{k} = \.\.\.$|^def answer_{k}\(", sources, flags=re.MULTILINE)
        assert hasattr(checks_of(path), f"check_{k}")


@every_chapter
def test_solutions(path, capsys):
    """Right answers pass, also in other shapes; each common mistake is rejected with a hint of its own.

    A page in chapters/solutions defines, for each exercise k, `solution_k`, often `also_k`, a list of other right
    answers, and `wrong_k`, a dict from a part of the hint to an answer that gets it.
    """
    page = (COURSE / "solutions" / f"{path.stem}.md").read_text(encoding="utf-8")
    found = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, f"solutions/{path.stem}.md", "exec"), found)
    count = len(re.findall(r"\*\*Exercise ", pages.text(read(path))))
    for k in range(1, count + 1):
        assert f"## Exercise {int(path.stem[:2])}.{k}\n" in page
        check = getattr(checks_of(path), f"check_{k}")
        for answer in (found[f"solution_{k}"], *found.get(f"also_{k}", [])):
            assert check_answer(check, answer), (k, answer, capsys.readouterr().out)
        verdicts = set()
        for hint, answer in found[f"wrong_{k}"].items():
            capsys.readouterr()
            assert not check_answer(check, answer), (k, answer)
            verdict = capsys.readouterr().out
            assert hint in verdict, (k, hint, verdict)
            assert " raises " not in verdict, (k, verdict)
            verdicts.add(verdict)
        assert len(verdicts) == len(found[f"wrong_{k}"]) >= 1


@every_chapter
def test_only_code_of_drawings_is_hidden(path):
    for cell in code_cells(read(path)):
        hidden = bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
        assert not hidden or "drawing" in tags(cell), cell.source


@every_chapter
def test_names_its_sources(path):
    """Each entry has authors, a year and a link: Goodfellow, I., et al. (2014). [Title](https://...). Where."""
    entries = pages.sources(read(path))
    assert entries
    for entry in entries:
        assert re.match(r"\S.*\((\d{4}|n\.d\.)\)\. \[[^\]]+\]\(https://\S+\)\.", entry), entry


def test_a_source_has_the_same_name_in_every_chapter():
    sources = re.findall(r"^- (.*?\]\((\S+)\)\.)", pages.references(), re.MULTILINE)
    assert len({name for name, _ in sources}) == len({link for _, link in sources}) > 100


@every_chapter
def test_tells_what_it_needs_and_gives(path):
    first = read(path).cells[0].source
    assert "**Afterwards you can**" in first
    assert "**You need**" in first
    (minutes,) = re.findall(r"\*\*Time\*\* about (\d+) minutes", first)
    assert int(minutes) == pages.reading_minutes(read(path))


@every_chapter
def test_equations_lead_to_functions_and_tests(path):
    """Rows of the last table: | (5.3) what | `minigan.module.function` | `tests/test_x.py::test_name` |."""
    rows = re.findall(
        r"^\| (\(\d+\.\d+\).*?) \| `([\w.]+)` \| `(tests/\w+\.py)::(\w+)` \|$", pages.text(read(path)), re.M
    )
    table = pages.text(read(path)).split("## Where this lives")[1].split("\n## ")[0]
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
    """What is taught is what runs with ``fast=False``: only the chapter on `minigan.fast` quotes it."""
    if path.stem == "18_fast":
        return
    assert not [name for name, _ in quotations(read(path)) if name.startswith("minigan.fast.")]


@every_chapter
def test_numbers_of_the_prose_are_computed(path):
    """A number with a decimal point is a rounded one of the chapter, of its asserts, or of a page of the package."""
    notebook = read(path)
    sources = [(ROOT / "tests" / "chapters" / f"{path.stem}.py").read_text(encoding="utf-8")]
    sources += [page.read_text(encoding="utf-8") for page in ROOT.glob("minigan/*/README.md")]
    for cell in code_cells(notebook):
        sources.append(cell.source)
        for output in cell.outputs:
            data = output.get("data", {})
            labels = re.findall(r">([^<>]+)</text>", data.get("image/svg+xml", ""))
            sources += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", ""), *labels]
    known = np.array([float(number) for source in sources for number in NUMBER.findall(source.replace("_", ""))])
    prose = pages.text(notebook).split("## Where this lives")[0]
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)", "$", prose, flags=re.DOTALL)
    prose = re.sub(r"\(\d+\.\d+\)|(xercises?|roblem|ections?) \d[\d.]*( and \d[\d.]*)?", "", prose)
    for number, percent in re.findall(rf"({NUMBER.pattern})( %| percent)?", prose):
        if "." in number:
            half = 0.5001 * 10.0 ** -len(number.split(".")[1])
            near = np.abs(np.outer([1, 100] if percent else [1], known) - float(number)) <= half
            assert near.any(), f"{number} is not what the chapter computes"


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


def test_chapters_are_numbered_without_gaps():
    assert [path.stem[:2] for path in CHAPTERS] == [f"{k:02}" for k in range(len(CHAPTERS))]


@pytest.mark.parametrize("name", pages.PAGES)
def test_pages_are_what_the_chapters_say(name):
    """If this fails: python chapters/pages.py."""
    assert (COURSE / name).read_text(encoding="utf-8") == pages.PAGES[name]()


def _replace(old, new):
    """Replace the first match of a pattern in any cell."""

    def spoil(notebook):
        cell = next(cell for cell in notebook.cells if re.search(old, cell.source, re.MULTILINE))
        cell.source = re.sub(old, new, cell.source, count=1, flags=re.MULTILINE)

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


def _hide(notebook):
    code_cells(notebook)[-1].metadata["jupyter"] = {"source_hidden": True}


def _count_twice(notebook):
    code_cells(notebook)[3].execution_count = 3


def _call_a_stub_right(notebook):
    cell = next(cell for cell in code_cells(notebook) if cell.source.endswith("check_answer(check_1, answer_1);"))
    cell.outputs[0].text = "right\n"


def _data(kind, value):
    return {"output_type": "display_data", "metadata": {}, "data": {kind: value}}


STREAM = {"output_type": "stream", "name": "stdout"}
ADDRESS = f"https://{HOMES[0]} **Question.**"
SPOILED = [
    (test_opens_with_its_question, _replace(r"\*\*Question\.\*\*", "Question:")),
    (test_opens_with_its_question, _replace("^# 02 ·", "# 03 ·")),
    (test_installs_from_its_checkout, _replace(r"%pip install -q \.\.", "%pip install -q minigan")),
    (test_installs_from_its_checkout, _replace(r"^use_style\(\)", "use_style()\n%pip install -q torch")),
    (test_installs_from_its_checkout, _move_the_install_cell),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace(r"\*\*Question\.\*\*", ADDRESS)),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace(r"\*\*Question\.\*\*", "![badge](open.svg)")),
    (test_has_no_badge_and_no_address_that_is_not_ours, _replace(r"-q \.\.", "-q git+https://example.org/a/b")),
    (test_is_executed_in_order, _count_twice),
    (test_is_small_and_the_same_everywhere, _spoil_outputs({**STREAM, "text": 'File "/home/me/minigan/x.py"'})),
    (test_is_small_and_the_same_everywhere, _spoil_outputs({**STREAM, "text": "x" * 300_000})),
    (
        test_is_small_and_the_same_everywhere,
        _spoil_outputs(_data("application/vnd.jupyter.widget-view+json", {"model_id": "1"})),
    ),
    (
        test_errors_are_expected,
        _spoil_outputs({"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}),
    ),
    (test_cells_are_short, _replace(r"^use_style\(\)", "use_style()\n" * 26)),
    (test_is_read_by_people, _replace(r"^use_style\(\)", "use_style()\n" + "assert True\n" * 9)),
    (test_redefines_nothing_of_the_package, _replace(r"^use_style\(\)", "use_style()\nAdam = 1")),
    (test_redefines_nothing_of_the_package, _replace(r"^use_style\(\)", "Game = discriminator_step = 1")),
    (test_redefines_nothing_of_the_package, _replace(r"^use_style\(\)", "def ring():\n    pass")),
    (test_every_equation_is_numbered, _replace(r"\\tag\{2\.3\}", "")),
    (test_every_equation_is_numbered, _replace(r"\\tag\{2\.3\}", r"\\tag{2.30}")),
    (test_every_equation_is_numbered, _replace(r"\(2\.3\)", "(2.99)")),
    (test_sources_shown_are_those_of_the_package, _age_a_source),
    (test_sources_shown_are_those_of_the_plain_floor, _quote_the_fast_floor),
    (test_numbers_of_the_prose_are_computed, _replace(r"which is 2\.005 times", "which is 2.115 times")),
    (test_exercises, _replace(r"\*\*Exercise 2\.3 \(\w+\)", "**Exercise 2.3")),
    (test_exercises, _replace(r"\*\*Problem 2", "**Question 2")),
    (test_exercises, _replace(r"^check_answer\(check_2, answer_2\);", "")),
    (test_exercises, _replace(r"^answer_1 = \.\.\.$|^def answer_1\(", "def check_1(")),
    (test_exercises, _call_a_stub_right),
    (test_solutions, _replace(r"\*\*Problem 2", "**Exercise 2.99 (build).** **Problem 2")),
    (test_guesses_start_empty_and_are_looked_at_again, _replace(r": \.\.\.", ": 5")),
    (test_guesses_start_empty_and_are_looked_at_again, _replace(r"^compare_guesses\(", "print(")),
    (test_is_drawn_and_moves, _replace(r"^(interactive_plot|show_film|live_plot)\(", "print(")),
    (test_figures_are_vectors_in_the_colours_of_the_course, _spoil_outputs(_data("image/png", "iVBORw0KGgo="))),
    (
        test_figures_are_vectors_in_the_colours_of_the_course,
        _replace(r"^use_style\(\)", 'use_style()\nplt.plot([0], color="tab:green")'),
    ),
    (test_only_code_of_drawings_is_hidden, _hide),
    (test_names_its_sources, _replace(r"\]\(https://", "](http://")),
    (test_names_its_sources, _replace("^## Sources", "## Books")),
    (test_tells_what_it_needs_and_gives, _replace(r"\*\*You need\*\*", "Needed:")),
    (test_tells_what_it_needs_and_gives, _replace(r"about \d+ minutes", "about 1 minutes")),
    (test_equations_lead_to_functions_and_tests, _replace(r"\| `minigan\.[\w.]+` \|", "| `minigan.nothing` |")),
    (test_equations_lead_to_functions_and_tests, _replace(r"(`tests/\w+\.py::)test_", r"\1test_no_")),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILED)
def test_a_spoiled_chapter_is_rejected(rule, spoil, tmp_path, capsys):
    """Canaries: every rule above accepts chapter 02 and rejects it with one thing wrong."""
    notebook = read(COURSE / "02_dense.ipynb")
    spoil(notebook)
    path = tmp_path / "02_dense.ipynb"
    nbformat.write(notebook, path)
    arguments = [capsys] if rule is test_solutions else []
    with pytest.raises((AssertionError, AttributeError, IndexError, KeyError, StopIteration, TypeError)):
        rule(path, *arguments)
