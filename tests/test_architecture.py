"""The house keeps its plan: imports lead downwards, files stay short, and no text names an address that is not ours."""

import graphlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import code_lines
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "minigan").rglob("*.py"))
CHAPTERS = sorted((ROOT / "chapters").glob("*.py"))

MAX_FILE_LINES = 250
MAX_READING_LINES = 1000
MAX_ONE_FILE_LINES = 200
READING_ORDER = [
    "backend.py",
    "layers/base.py",
    "layers/dense.py",
    "layers/activations.py",
    "objectives/cross_entropy.py",
    "objectives/gan.py",
    "layers/sequential.py",
    "network.py",
    "gradient_check.py",
    "optimizers/adam.py",
    "training/steps.py",
    "layers/convolution.py",
    "layers/conv2d.py",
    "layers/batch_norm.py",
    "models/dcgan.py",
]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


# imports


def lint_imports(folder):
    """Run import-linter on the package in `folder`; the environment's own copy of the package is not looked at."""
    code = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "", "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def copied(folder):
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "minigan", folder / "minigan", ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    return folder


def test_imports_lead_downwards():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("layers/dense.py", "from .. import cli", "minigan.layers is not allowed to import minigan.cli"),
        ("layers/dense.py", "from ..fast import threads", "minigan.layers is not allowed to import minigan.fast"),
        ("layers/dense.py", "import minigan", "minigan.layers is not allowed to import minigan."),
        ("layers/base.py", "from . import dense", "No cycles are allowed in minigan.layers"),
        ("commands/doctor.py", "from .. import notebook", "minigan.commands is not allowed to import minigan.notebook"),
        ("cli.py", "from . import notebook", "minigan.cli is not allowed to import minigan.notebook"),
        ("errors.py", "from . import files", "minigan.errors is not allowed to import minigan.files"),
        ("runs/run.py", "from ..training import trainer", "minigan.runs.run is not allowed to import"),
        ("unlisted.py", "import os", "minigan.unlisted"),
    ],
)
def test_a_wrong_import_is_found(file, line, said, tmp_path):
    """The planted line stands in a function: an import that is made late is an import too."""
    package = copied(tmp_path)
    with open(package / "minigan" / file, "a", encoding="utf-8") as module:
        module.write(f"\n\ndef planted():\n    {line}\n")
    done = lint_imports(package)
    assert done.returncode == 1
    assert said in done.stdout, done.stdout


def circle(imports):
    """Return modules that import each other in a circle, given what each one imports; an empty list where none do."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_through_others():
    """This sees what the contract between siblings does not: a package and its own modules."""
    code = "import grimp, json; g = grimp.build_graph('minigan', cache_dir=None); print(json.dumps("
    code += "{m: sorted(g.find_modules_directly_imported_by(m)) for m in sorted(g.modules)}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    imports = json.loads(done.stdout)
    assert "minigan.errors" in imports["minigan.backend"]
    assert circle(imports) == []


def test_a_circle_is_found():
    assert circle({"a": ["b"], "b": ["c"], "c": []}) == []
    assert sorted(set(circle({"a": ["b"], "b": ["c"], "c": ["b"]}))) == ["b", "c"]


# sizes


@pytest.mark.parametrize("path", [*PACKAGE, *CHAPTERS], ids=name_of)
def test_a_file_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


def test_the_core_is_read_in_an_evening():
    counts = code_lines.reading_list()
    print(code_lines.table(counts))
    assert list(counts) == READING_ORDER
    assert min(counts.values()) > 0
    assert sum(counts.values()) <= MAX_READING_LINES


def test_the_reading_list_is_printed():
    done = subprocess.run([sys.executable, code_lines.__file__], capture_output=True, encoding="utf-8", timeout=60)
    *files, total = done.stdout.splitlines()
    assert [line.split()[1] for line in files] == READING_ORDER
    assert int(total.split()[0].replace(",", "")) == sum(int(line.split()[0].replace(",", "")) for line in files)


def test_a_gan_in_one_file():
    lines = (ROOT / "chapters" / "gan_in_one_file.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_ONE_FILE_LINES


EXAMPLE = '''"""A module's docstring

of three lines."""

import os  # 1, with a comment

# a comment


class Thing:  # 2
    """A class's."""

    def method(self, x):  # 3
        """A function's,
        in two lines."""
        # another comment

        text = """4
        5

        7"""
        return (  # 8
            x,  # 9
            text,  # 10
        )  # 11

    def short(self): "on one line"  # 12

    async def later(self):  # 13
        "with single quotes"


"a string that documents nothing"  # 14
'''


def test_code_lines_are_counted():
    assert code_lines.count(EXAMPLE) == 14
    assert code_lines.count("") == code_lines.count('"""Only a docstring."""\n') == code_lines.count("# nothing\n") == 0
    assert code_lines.count("a = 1; b = 2\n") == 1
    assert code_lines.count('x = 1\n"""no docstring"""') == 2


# addresses and packaging


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    return done.stdout.splitlines() if done.returncode == 0 else None


def texts():
    """Return every text file of the repository; without git, those that stand in its folders."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard")
    if listed is None:
        folders = ("minigan", "chapters", "tests", "data")
        paths = [ROOT / "README.md", ROOT / "pyproject.toml", *(p for f in folders for p in (ROOT / f).rglob("*"))]
    else:
        paths = [ROOT / name for name in listed]
    suffixes = {".py", ".md", ".toml", ".ipynb", ".txt", ".yml", ".yaml", ".cfg", ""}
    return [path for path in paths if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts]


# Spelled in two parts, so that this file does not contain what it looks for.
HOMES = [
    "github.com/" + "minigan",
    "colab." + "research",
    "mybinder." + "org",
    "pip install " + "minigan",
    "pip install " + "'minigan",
]


def names_a_home(text):
    return [home for home in HOMES if home in text.lower()]


def test_no_text_names_a_home_that_does_not_exist():
    """A reader who clicks an address that nobody here owns may install a stranger's code."""
    looked_at = texts()
    for name in ("README.md", "pyproject.toml", "chapters/00_game.ipynb"):
        assert ROOT / name in looked_at
    guilty = [name_of(path) for path in looked_at if names_a_home(path.read_text(encoding="utf-8"))]
    assert guilty == []
    assert "[project.urls]" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_home_is_found():
    assert names_a_home("pip install git+https://GitHub.com/" + "minigan/minigan") == HOMES[:1]
    assert names_a_home("https://colab." + "research.google.com/github/") == HOMES[1:2]
    assert names_a_home("https://github.com/cupy/cupy") == []


def test_git_ignores_no_file_of_the_package():
    """What git ignores, the build leaves out of the wheel."""
    ignored = git("ls-files", "--others", "--ignored", "--exclude-standard", "minigan", "chapters", "tests", "data")
    if ignored is None:
        pytest.skip("not a git checkout")
    assert [name for name in ignored if "__pycache__" not in name] == []
