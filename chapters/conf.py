"""The settings of the book, for Sphinx: `make book` builds it from a copy of the chapters and from the docstrings.

Nothing is executed: the book shows the outputs that the notebooks hold. It needs no network, neither to build it nor to
read it: MathJax is copied into it.
"""

import ast
import functools
import importlib
import itertools
import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

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
    "sphinx-mathjax-offline",
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
html_search_scorer = str(Path(__file__).with_name("search.js"))
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
default_role = "py:obj"  # a link where the name is known (see `find_name`), else code
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


def prepare_api_page(app, name, source):
    """Give a page of the reference the bare name as its title, and a line on each module below it."""
    if not name.startswith("api/"):
        return
    module = name.removeprefix("api/")
    inside = re.findall(r"^   (minigan[\w.]*)$", source[0], re.MULTILINE)
    lines = [escaped(module), "=" * len(module), *source[0].split("\n")[2:]]
    if inside:
        lines = lines[: lines.index("", 4)]
        lines += [
            "",
            ".. toctree::",
            "   :hidden:",
            "",
            *(f"   {each.rpartition('.')[2]} <{each}>" for each in inside),
            "",
        ]
        for each in inside:
            path = Path(PACKAGE).parent / each.replace(".", "/")
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
            lines += [f"* :doc:`{each} <{each}>`: {escaped(' '.join(first.split()))}"]
    source[0] = "\n".join(lines)


FORMULA = re.compile(r"\S {2,}\S|^\s*[\w.,\[\]^ |()]+ (=|<-) |^ +\S")
PROSE = re.compile(r"^(Return|Raise) |^(\*\*)?(A [a-z]|[A-Z][a-z]+,? \w)|\. [A-Z][a-z]* ")
FIELD = re.compile(r"^(\w[\w, ]*) : ")
MARKUP = re.compile(r"(``?.*?``?|\*\*[^*]+\*\*|(?<![\w*])\*\w[\w ]*\*(?![\w*]))|([|*]|_(?=\W|$))")


def escaped(line):
    """Return a line in which characters mean themselves, but for what stands in backticks, or is stressed."""
    return MARKUP.sub(lambda found: found[1] or "\\" + found[2], line)


def is_formula(line):
    """Return whether a line of a docstring should stay as it is."""
    return bool(FORMULA.search(line)) and not (PROSE.search(line) and not re.search(r"\S {3,}\S", line))


def read_as_text(app, what, name, thing, options, lines):
    """Prepare a docstring, which is plain text: formulas stay as they are, and characters mean themselves."""
    paragraphs = [list(group) for full, group in itertools.groupby(lines, key=lambda line: bool(line.strip())) if full]
    lines.clear()
    title = None  # of the section
    for paragraph in paragraphs:
        if len(paragraph) > 1 and set(paragraph[1].strip()) == {"-"}:
            title = paragraph[0]
            lines += [f":{title}:", *list_of(title, paragraph[2:]), ""]
        elif title and paragraph[0].startswith(" "):  # it belongs to an entry, and others may follow
            more = list(itertools.takewhile(lambda line: line.startswith(" "), paragraph))
            lines += [*("  " + escaped(line) for line in more), "", *list_of(title, paragraph[len(more) :]), ""]
        elif paragraph[0].lstrip().startswith(">>>"):
            lines += [*paragraph, ""]
        elif FIELD.match(paragraph[0]):
            lines += [*(line[4:] for line in list_of("Attributes", paragraph)), ""]
        elif sum(map(is_formula, paragraph)) > len(paragraph) / 2:
            lines += ["::", "", *("    " + line for line in paragraph), ""]
        elif not paragraph[0].startswith("Alias for field number"):
            lines += [*map(escaped, paragraph), ""]


def list_of(title, lines):
    """Return the entries of a section as a list: ``name : text``, or ``name : type`` with indented lines below it."""
    entries = []
    for line in lines:
        if entries and not entries[-1][1] and entries[-1][0].endswith(",") and " : " in line:  # more names
            entries[-1][0] += f" {line.strip()}"
        elif entries and line.startswith(" "):
            entries[-1][1].append(line.strip())
        else:
            entries.append([line, []])
    found = []
    for head, more in entries:
        named = " : " in head or title in ("Parameters", "Attributes", "Raises")
        name, _, text = head.partition(" : ") if named else ("", "", head)
        says = " ".join(more)
        if says and not says[0].isupper() and len(text.split()) > 3:  # the text goes on below
            text, says = "", f"{text} {says}"
        elif not says:
            text, says = "", text
        name = f"`{name}`" if title == "Raises" else f"**{escaped(name)}**" if name else ""
        before = " ".join(part for part in (name, f"({escaped(text)})" if name and text else escaped(text)) if part)
        found.append(" -- ".join(part for part in (before, escaped(says)) if part))
    dot = "" if title == "Returns" and len(found) == 1 else "* "
    return [f"    {dot}{each}" for each in found]


def keep_tags(app, document):
    """Set an equation of several lines as it stands; Sphinx would split it, and MathJax then refuses its \\tag."""
    for node in document.findall(nodes.math_block):
        if "\\\\" in node.astext():
            node[:] = [nodes.Text(rf"\[{node.astext()}\]")]
            node["no-wrap"] = True


SOLUTIONS = re.compile(r"solutions/\d\d_\w+\.md")
NAME = re.compile(r"minigan(\.\w+)+")


def leave_object_out(app, document):
    """Say of no class that it is an object."""
    for node in list(document.findall(nodes.paragraph)):
        if node.astext() == "Bases: object":
            node.parent.remove(node)


def link_names(app, document):
    """Let full names of the package, and of pages with solutions, lead there where they are set as code."""
    for node in list(document.findall(nodes.literal)):
        text = node.astext().removesuffix("()")
        kinds = {"refdomain": "py", "reftype": "obj", "reftarget": text}
        if SOLUTIONS.fullmatch(text):
            kinds = {"refdomain": "std", "reftype": "doc", "reftarget": "/" + text.removesuffix(".md")}
        elif not NAME.fullmatch(text):
            continue
        if not isinstance(node.parent, (pending_xref, nodes.reference, nodes.title)):
            link = pending_xref("", refdoc=app.env.docname, refexplicit=True, refwarn=False, **kinds)
            node.replace_self(link)
            link += node


def find_name(app, env, node, content):
    """Resolve a name as Python does: in the module whose docstring has it, or from the package on."""
    if node["refdomain"] != "py":
        return None
    known, name = env.domains["py"].objects, node["reftarget"]
    module = node.get("py:module") or "minigan"
    for cut in range(module.count(".") + 1, 0, -1):
        full = name if name.startswith("minigan.") else ".".join([*module.split(".")[:cut], name])
        found = known.get(written_at(full))
        if found:
            uri = app.builder.get_relative_uri(node["refdoc"], found.docname)
            return nodes.reference("", "", content, internal=True, refuri=f"{uri}#{found.node_id}", reftitle=full)
    return None


@functools.cache
def written_at(full):
    """Return the full name with which something was written, or the name itself where nothing has it."""
    parts = full.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:cut]))
            for part in parts[cut:]:
                thing = getattr(thing, part)
        except (ImportError, AttributeError):
            continue
        if isinstance(getattr(thing, "__qualname__", None), str):
            return f"{thing.__module__}.{thing.__qualname__}"
        return getattr(thing, "__name__", full) if cut == len(parts) else full
    return full


def copy_pictures(app, error):
    """Copy the small pictures of the map, which stand in its HTML."""
    if error is None:
        shutil.copytree(Path(app.srcdir) / "pictures", Path(app.outdir) / "pictures", dirs_exist_ok=True)


def setup(app):
    """Connect the functions with the build."""
    app.connect("build-finished", copy_pictures)
    app.connect("doctree-read", keep_tags)
    app.connect("doctree-read", leave_object_out)
    app.connect("doctree-read", link_names)
    app.connect("missing-reference", find_name)
    app.connect("source-read", prepare_notebook)
    app.connect("source-read", prepare_api_page)
    app.connect("autodoc-process-docstring", read_as_text)
