"""History: the metrics of a run, one record per line of its ``metrics.jsonl``."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError

Record = dict[str, Any]


class History:
    """The records of a run in the order in which they came; ``history["d_loss"]`` is a column.

    The columns are step, seconds, d_loss, g_loss, d_real = mean D(x), d_fake = mean D(G(z)) and images_per_second.
    Losses and outputs are means over the steps since the previous record. D(x) is a probability, or a score when the
    objective has no ``log_odds``. The seconds are those of the training, without the evaluations.

    With ``evaluate_every``, some records say more; in the others these columns are NaN. For digits there are fid,
    fid_floor = the distance of equally many real digits, and classes (n, 10) = how many digits are a 0, a 1, ..., a 9.
    For toy sets there are modes_found, modes = how many there are, and high_quality = the share of points near a mode.

    Parameters
    ----------
    records : the records to start with

    >>> history = History([{"step": 50, "d_loss": 1.25}, {"step": 100, "d_loss": 1.5}])
    >>> history["d_loss"]
    array([1.25, 1.5 ])
    """

    def __init__(self, records: list[Record] | None = None) -> None:
        self.records = records or []

    def append(self, record: Record) -> None:
        """Add one record."""
        self.records.append(record)

    @property
    def columns(self) -> list[str]:
        """The names of all columns that a record has."""
        return list(dict.fromkeys(name for record in self.records for name in record))

    def __getitem__(self, column: str) -> np.ndarray:
        if not self.records:
            return np.array([])
        found = [record[column] for record in self.records if column in record]
        if not found:
            raise InputError(f"column: expected one of {', '.join(self.columns)}, got {column!r}")
        missing = np.full(np.shape(found[0]), np.nan)
        return np.array([record.get(column, missing) for record in self.records])

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "History":
        """Read a ``metrics.jsonl``. If a crash cut the last line short, that line is left out.

        Raises
        ------
        InputError : another line is not JSON
        """
        records = []
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                if number < len(lines):
                    raise InputError(f"{path}: expected JSON in line {number}, got {line[:60]!r}") from None
        return cls(records)
