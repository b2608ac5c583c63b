"""The settings of the book, for Sphinx: `make book` builds it from a copy of the chapters and from the docstrings.

Nothing is executed: the book shows the outputs that the notebooks hold. It needs no network, neither to build it nor to
read it: MathJax is copied into it.
"""

import itertools
import json
import re
import shutil
from pathlib import Path

from docutils import nodes

import minigan

PACKAGE = str(Path(minigan.__file__).parent)
project = "minigan"
author = "the minigan authors"
copyright = author
html_title = "minigan: a GAN from scratch"
extensions = [
    "myst_nb",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
]
root_doc = "index"
exclude_patterns = ["README.md", "api/modules.rst", "checks"]  # index.md includes README.md
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True

html_theme = "furo"
html_static_path = ["book.css"]
html_css_files = ["book.css"]
html_show_sourcelink = False
html_copy_source = False

apidoc_modules = [
    {
        "path": PACKAGE,
        "destination": "api",
        "exclude_patterns": [f"{PACKAGE}/commands*", f"{PACKAGE}/cli.py", f"{PACKAGE}/__main__.py"],
        "separate_modules": True,
        "module_first": True,
        "implicit_namespaces": False,
    }
]
apidoc_remove_old = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings tell the types, the shapes and the ranges
autodoc_default_options = {"members": True, "ignore-module-all": True}  # each thing once, where it is written
autodoc_mock_imports = ["cupy", "cupyx", "mpi4py", "torch", "onnx", "tensorboardX"]
default_role = "code"
highlight_language = "none"  # of what docstrings show; notebooks name their language
napoleon_use_ivar = True
napoleon_use_param = False
napoleon_use_rtype = False
suppress_warnings = ["ref.python"]  # short names in docstrings may mean several things


def prepare_notebook(app, name, source):
    """Leave the install cell out, and hide the code of drawings as the notebook does."""
    if not source[0].startswith("{"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        tags = cell["metadata"].setdefault("tags", [])
        if "install" in tags:
            tags.append("remove-cell")
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            tags.append("hide-input")
    source[0] = json.dumps(notebook)


FORMULA = re.compile(r"\S {2,}\S|^\s*[\w.,\[\]^ |()]+ (=|<-) |^ +\S")
FIELD = re.compile(r"^(\w[\w, ]*) : ")
MARKUP = re.compile(r"(``?.*?``?)|([|*]|_(?=\W|$))")


def escaped(line):
    """Return a line in which characters mean themselves, but for what stands in backticks."""
    return MARKUP.sub(lambda found: found[1] or "\\" + found[2], line)


def read_as_text(app, what, name, thing, options, lines):
    """Prepare a docstring, which is plain text: formulas stay as they are, and characters mean themselves."""
    paragraphs = [list(group) for full, group in itertools.groupby(lines, key=lambda line: bool(line.strip())) if full]
    lines.clear()
    sections = False
    for paragraph in paragraphs:
        sections |= len(paragraph) > 1 and set(paragraph[1].strip()) == {"-"}
        formulas = sum(bool(FORMULA.search(line)) for line in paragraph) > len(paragraph) / 2
        formulas &= not paragraph[0].startswith(("Return ", "Raise "))
        if paragraph[0].lstrip().startswith(">>>"):
            lines += [*paragraph, ""]
        elif FIELD.match(paragraph[0]) and not sections:
            for line in paragraph:
                field, text = line.split(" : ", 1) if FIELD.match(line) else ("", line)
                lines.append(f"* ``{field}``: {escaped(text)}" if field else "  " + escaped(text))
            lines.append("")
        elif formulas and not sections:
            lines += ["::", "", *("    " + line for line in paragraph), ""]
        else:
            lines += [*map(escaped, paragraph), ""]


def keep_tags(app, document):
    """Set an equation of several lines as it stands; Sphinx would split it, and MathJax then refuses its \\tag."""
    for node in document.findall(nodes.math_block):
        if "\\\\" in node.astext():
            node[:] = [nodes.Text(rf"\[{node.astext()}\]")]
            node["no-wrap"] = True


def copy_pictures(app, error):
    """Copy the small pictures of the map, which stand in its HTML."""
    if error is None:
        shutil.copytree(Path(app.srcdir) / "pictures", Path(app.outdir) / "pictures", dirs_exist_ok=True)


def setup(app):
    """Connect the functions with the build."""
    app.connect("build-finished", copy_pictures)
    app.connect("doctree-read", keep_tags)
    app.connect("source-read", prepare_notebook)
    app.connect("autodoc-process-docstring", read_as_text, priority=100)  # before Napoleon
