"""History: the metrics of a run, one record per line of its ``metrics.jsonl``."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import InputError

Record = dict[str, float]


class History:
    """The records of a run in the order in which they came; ``history["d_loss"]`` is a column.

    The columns are step, seconds, d_loss, g_loss, d_real = mean D(x), d_fake = mean D(G(z)) and images_per_second.
    Losses and outputs are means over the steps since the previous record. D(x) is a probability, or a score when the
    objective has no ``log_odds``.

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

    def __getitem__(self, column: str) -> np.ndarray:
        if self.records and column not in self.records[0]:
            raise InputError(f"column: expected one of {', '.join(self.records[0])}, got {column!r}")
        return np.array([record[column] for record in self.records])

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
