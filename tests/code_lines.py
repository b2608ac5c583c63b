"""Counts lines of code, without docstrings, comments and blank lines; run as a script, those of the reading list."""

import ast
import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def docstring_lines(source: str) -> set[int]:
    """Return the line in which each docstring begins."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, WITH_DOCSTRING)]
    return {node.body[0].lineno for node in nodes if ast.get_docstring(node, clean=False) is not None}


def count(source: str) -> int:
    """Return how many lines of `source` hold code; a string of several lines that is no docstring counts in full."""
    docstrings = docstring_lines(source)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and token.start[0] in docstrings
        if token.type not in NOT_CODE and not is_docstring:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def count_file(path: Path) -> int:
    """Return how many lines of code a file holds."""
    return count(path.read_text(encoding="utf-8"))


def reading_list() -> dict[str, int]:
    """Return the files that the README tells to read, in that order, each with its lines of code."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## To be read in this order\n")[1].split("\n## ")[0]
    names = re.findall(r"^\d+\. .*?\(minigan/([\w/]+\.py)\)", section, flags=re.MULTILINE)
    return {name: count_file(ROOT / "minigan" / name) for name in names}


def table(counts: dict[str, int]) -> str:
    """Return one line for each file, and one for all together."""
    rows = [*counts.items(), ("lines of code together", sum(counts.values()))]
    return "\n".join(f"{lines:6,}  {name}" for name, lines in rows)


if __name__ == "__main__":
    print(table(reading_list()))
