"""History: the metrics of a run, one record per line of its ``metrics.jsonl``."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import InputError

Record = dict[str, float]


class History:
    """Records in the order they came; ``history["d_loss"]`` is a column.

    Columns: step, seconds, d_loss, g_loss, d_real = mean D(x), d_fake = mean D(G(z)), images_per_second. Losses and
    outputs are means over the steps since the record before. D(x) is a probability, or for an objective without
    ``log_odds`` a score.
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
        """Read a ``metrics.jsonl``; a last line cut short by a crash is left out."""
        records = []
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                if number < len(lines):
                    raise InputError(f"{path}: line {number} is not JSON: {line[:60]!r}") from None
        return cls(records)
