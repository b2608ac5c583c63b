"""The CSV file of the league: one row for each run. Several studies may write to one file at the same time."""

import csv
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..files import acquire_lock, atomic_path
from ..models import IMAGE_MODELS
from .league import GAMES, Entry, Result

COLUMNS = (*Entry._fields, *Result._fields[1:])
PATIENCE = 60.0  # seconds to wait for another process, which writes in less than one


class Rows(NamedTuple):
    """What a CSV file holds.

    results : of the runs that this version of minigan knows
    others : the rows of models or games that it does not know, as text; they stay in the file
    """

    results: list[Result]
    others: list[list[str]]


def read(path: Path, *, name: str = "out") -> list[Result]:
    """Return the results in a CSV file.

    Parameters
    ----------
    path : the file
    name : of the argument that named it, for the error

    Raises
    ------
    InputError : there is no such file, it is something else, or a row is damaged
    """
    return _read(path, name).results


def write(results: Iterable[Result], path: Path) -> list[Result]:
    """Add results to a CSV file, whole or not at all; return all results that it then holds.

    The file is read again and locked meanwhile, so nothing is lost that another process has added. If the file has
    another result for the same run, that one stays.

    Raises
    ------
    InputError : the file is something else, or another process does not release it
    OSError : the file cannot be written
    """
    if not path.parent.is_dir():
        raise InputError(f"out: expected a file in a folder that exists, got {str(path)!r}")
    with _locked(path):
        there = _read(path, "out") if path.exists() else Rows([], [])
        found = {result.entry: result for result in (*results, *there.results)}
        rows = [(*result.entry, *result[1:]) for result in sorted(found.values(), key=_place)]
        with atomic_path(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows, *there.others])
    return list(found.values())


def merge(results: Iterable[Result]) -> list[Result]:
    """Return the results without copies.

    Raises
    ------
    InputError : an entry has two results that differ
    """
    found: dict[Entry, Result] = {}
    for result in results:
        known = found.setdefault(result.entry, result)
        if str(known) != str(result):  # as text, NaN is equal to NaN
            raise InputError(f"summary: expected one result for each run, got two that differ for {result.entry}")
    return list(found.values())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let no other process write a file."""
    try:
        lock = acquire_lock(path.with_name(f".{path.name}.lock"), seconds=PATIENCE)
    except TimeoutError:
        raise InputError(f"out: expected a file that no other process holds, got {str(path)!r}") from None
    try:
        yield
    finally:
        lock.release()


def _read(path: Path, name: str) -> Rows:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if tuple(header) != COLUMNS:
            raise ValueError
        found = [(row, _parse(row)) for row in rows]
    except FileNotFoundError:
        raise InputError(f"{name}: expected a CSV file, got no file at {str(path)!r}") from None
    except (ValueError, csv.Error):  # of a number, of the count of columns, of the text's encoding
        raise InputError(
            f"{name}: expected a CSV file of the study with the columns {', '.join(COLUMNS)}, got {str(path)!r}, which "
            "is another or damaged"
        ) from None
    return Rows([result for _, result in found if result], [row for row, result in found if result is None])


def _parse(row: list[str]) -> Result | None:
    """Return the result in a row, or None if its model or its game is not known.

    Raises
    ------
    ValueError : a number is missing or out of its range
    """
    data, model, objective, penalty, *numbers = row
    seed, seconds, steps, fid, fid_second, kl = numbers
    entry = Entry(data, model, objective, penalty, int(seed), float(seconds))
    result = Result(entry, int(steps), float(fid), float(fid_second), float(kl))
    counts = entry.seed >= 0 and result.steps >= 0
    distances = result.fid >= 0 and result.fid_second >= 0  # NaN is not
    if not (counts and distances and 0 < entry.seconds < math.inf):
        raise ValueError
    known = model in IMAGE_MODELS and entry.game in GAMES.values()
    return result if known else None


def _place(result: Result) -> tuple[str, float, int, int, int]:
    entry, models, games = result.entry, list(IMAGE_MODELS), list(GAMES.values())
    return entry.data, entry.seconds, models.index(entry.model), games.index(entry.game), entry.seed
