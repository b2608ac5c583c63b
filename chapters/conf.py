"""The settings of the book, for Sphinx: `make book` builds it from a copy of the chapters and from the docstrings.

Nothing is executed: the book shows the outputs that the notebooks hold. It needs no network, neither to build it nor to
read it: MathJax is copied into it.
"""

import json
import shutil
import sys
from pathlib import Path

from docutils import nodes

import minigan

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # so that Sphinx finds reference.py
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
    "sphinx-mathjax-offline",
    "reference",
]
root_doc = "index"
exclude_patterns = ["README.md", "api/modules.rst", "checks"]  # index.md includes README.md
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True

html_theme = "furo"
pygments_dark_style = "monokai"  # that of the theme underlines the names of modules, as if they were links
html_static_path = ["book.css", "book.js"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_search_scorer = str(HERE / "search.js")
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
default_role = "py:obj"  # a link where the name is known (see reference.py), else code
highlight_language = "none"  # of what docstrings show; notebooks name their language
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
