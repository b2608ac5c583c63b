"""The reference of the book, for Sphinx: docstrings are plain text, and names in them lead to where they are written.

A docstring of the package has paragraphs, formulas that are lines with an `=` or with columns, examples, and sections
in the form of NumPy, whose entries may also stand in one line: ``name : text``.
"""

import ast
import functools
import importlib
import itertools
import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

import minigan

ROOT = Path(minigan.__file__).parents[1]


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
            path = ROOT / each.replace(".", "/")
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
            lines += [f"* :doc:`{each} <{each}>`: {escaped(' '.join(first.split()))}"]
    source[0] = "\n".join(lines)


# A line stays as it is if it has columns, is an equation or is indented; sentences may look like that, too.
FORMULA = re.compile(r"\S {2,}\S|^\s*[\w.,\[\]^ |()]+ (=|<-) |^ +\S")
PROSE = re.compile(r"^(Return|Raise) |^(\*\*)?(A [a-z]|[A-Z][a-z]+,? \w)|\. [A-Z][a-z]* ")
FIELD = re.compile(r"^(\w[\w, ]*) : ")
# In backticks or between stars; other stars, bars and underlines mean nothing.
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


def setup(app):
    """Connect the functions with the build."""
    app.connect("source-read", prepare_api_page)
    app.connect("autodoc-process-docstring", read_as_text)
    app.connect("doctree-read", leave_object_out)
    app.connect("doctree-read", link_names)
    app.connect("missing-reference", find_name)
    return {"parallel_read_safe": True}
