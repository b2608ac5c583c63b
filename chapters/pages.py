"""Write what the chapters say of themselves: the map in README.md, references.md and functions.md.

python chapters/pages.py writes all three; a test says when one of them is behind.
"""

import re
from collections import defaultdict
from pathlib import Path

import nbformat

HERE = Path(__file__).parent
MAP = re.compile(r"(?<=<!-- the map -->\n).*?(?=<!-- the end of the map -->)", re.DOTALL)


def chapters() -> list[tuple[Path, nbformat.NotebookNode]]:
    """Return all chapters in their order."""
    return [(path, nbformat.read(path, as_version=4)) for path in sorted(HERE.glob("[0-9][0-9]_*.ipynb"))]


def text(notebook: nbformat.NotebookNode) -> str:
    """Return the prose of a notebook."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def reading_minutes(notebook: nbformat.NotebookNode) -> int:
    """Return how long a chapter takes without its exercises: a multiple of 5 minutes.

    A minute for 130 words, for 12 lines of code, for an equation and for a figure.
    """
    words = lines = equations = figures = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose, *exercises = cell.source.split("## Exercises")
            equations += prose.count("$$") // 2
            words += len(re.sub(r"\$\$.*?\$\$", "", prose, flags=re.DOTALL).split())
            if exercises:
                break
        else:
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
            shown = [kind for output in cell.outputs for kind in output.get("data", {})]
            figures += any(kind in ("image/svg+xml", "image/png", "text/html") for kind in shown)
    return 5 * round((words / 130 + lines / 12 + equations + figures) / 5)


def course_map() -> str:
    """Return the table of all chapters."""
    rows = ["| | chapter | | minutes | runs in | you need | afterwards you can |", "|---|---|---|---|---|---|---|"]
    for path, notebook in chapters():
        first = notebook.cells[0].source
        title = first.splitlines()[0].split(" · ", 1)[1]
        goals, needs = (" ".join(re.search(rf"\*\*{name}\*\*(.*?)(\n\n|$)", first, re.DOTALL)[1].split())
                        for name in ("Afterwards you can", "You need"))  # fmt: skip
        picture = f'<img src="pictures/{path.stem}.png" width="110" alt="">'
        seconds = notebook.metadata["minigan"]["seconds"]
        rows.append(
            f"| {path.stem[:2]} | [{title}]({path.name}) | {picture} | {reading_minutes(notebook)} | {seconds} s "
            f"| {needs.rstrip('.')} | {goals.rstrip('.')} |"
        )
    return "\n".join(rows) + "\n"


def readme() -> str:
    """Return README.md with the present map."""
    page = (HERE / "README.md").read_text(encoding="utf-8")
    return MAP.sub(lambda _: course_map(), page)


def sources(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the entries of the list under "Sources" of a chapter."""
    part = text(notebook).split("## Sources\n")[1].split("\n## ")[0]
    return [" ".join(entry.split()) for entry in re.findall(r"^- (.*(?:\n  .*)*)", part, re.MULTILINE)]


def references() -> str:
    """Return the page of all sources, by author: each once, with what each chapter takes from it."""
    found = defaultdict(list)
    for path, notebook in chapters():
        for entry in sources(notebook):
            source, gives = re.fullmatch(r"(.*?\]\(\S+\)\.) ?(.*)", entry).groups()
            found[source].append(f"  Chapter [{path.stem[:2]}]({path.name}): {gives}".rstrip(": "))
    lines = ["\n".join((f"- {source}", *places)) for source, places in sorted(found.items())]
    return "# Sources\n\nWhat the chapters refer to, by the name of the first author.\n\n" + "\n".join(lines) + "\n"


def functions() -> str:
    """Return the page that leads from a function to the chapters which derive or show it."""
    found = defaultdict(set)
    for path, notebook in chapters():
        table = text(notebook).split("## Where this lives")[1].split("\n## ")[0]
        names = re.findall(r"^\| .*? \| `(minigan[\w.]*)` \|", table, re.MULTILINE)
        for cell in notebook.cells:
            shown = (output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", []))
            names += [
                match[1] for match in (re.match(r"`(minigan[\w.]+)`\n```python", text) for text in shown) if match
            ]
        for name in names:
            found[name].add(f"[{path.stem[:2]}]({path.name})")
    rows = [f"| `{name}` | {', '.join(sorted(numbers))} |" for name, numbers in sorted(found.items())]
    return (
        "# From a function to its chapter\n\nWhere the course derives a function, or shows its source.\n\n"
        "| function | chapter |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


PAGES = {"README.md": readme, "references.md": references, "functions.md": functions}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
