"""Counts the lines of code of a file: without docstrings, comments and blank lines."""

import ast
import io
import tokenize
from pathlib import Path

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
