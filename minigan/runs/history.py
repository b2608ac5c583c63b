"""History: the metrics of a run, one record per line of its ``metrics.jsonl``."""

import io
import json
import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import validation
from ..errors import InputError, MiniganWarning
from ..training.stop_when import BOUND, EVALUATED, TRAINED

Record = dict[str, Any]

COLUMNS = ("step", *TRAINED, *BOUND, "seconds", "images_per_second", "fid_floor", "modes", "classes", *EVALUATED)
CLASSES = 10  # numbers in the column of this name at most
MOST = 16 << 20  # bytes that are read of a file
SHORTEST, LONGEST = 50, 64 << 10  # bytes of a line with a record


class History:
    """The records of a run in the order in which they came; ``history["d_loss"]`` is a column.

    The columns are step, seconds, d_loss, g_loss, d_real = mean D(x), d_fake = mean D(G(z)) and images_per_second.
    Losses and outputs are means over the steps since the previous record. D(x) is a probability, or a score when the
    objective has no ``log_odds``. The seconds are those of the training, without the evaluations.

    In the place of losses and outputs an autoencoder has elbo = reconstruction - kl, in nats per image, and sigma, the
    root mean square error of its pixels.

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
            raise InputError(f"column: expected one of {', '.join(self.columns)}, got {validation.shown(column)}")
        missing = np.full(np.shape(found[0]), np.nan)
        return np.array([record.get(column, missing) for record in self.records])

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "History":
        """Read a ``metrics.jsonl``.

        A line that is no record is left out, and one `MiniganWarning` says how many there were. A record is a JSON
        object of at most 64 KiB. Its step is an integer, the losses and the outputs of D are numbers, and so are all
        other columns named above, except classes, which are equally many numbers in all records. Columns of other
        names are left out.

        A last line without an end, which a crash cut short, is left out in silence. At most 16 MiB are read, which is
        room for about 70,000 records.

        Raises
        ------
        FileNotFoundError : there is no such file
        """
        records: list[Record] = []
        skipped, problem = 0, ""
        width = 0  # of the column classes
        try:
            with open(path, "rb") as file:
                data = file.read(MOST + 1)
        except FileNotFoundError:
            raise
        except OSError as error:
            data, problem = b"", f"it cannot be read ({error.strerror})"
        for line in io.BytesIO(data):
            record = read_record(line)
            own = len(record.get("classes", ())) if record else 0
            width = width or own
            if record and own in (0, width):
                records.append(record)
            elif line.endswith(b"\n"):
                skipped += 1
        if len(data) > MOST:
            problem = f"only its first {MOST:,} bytes are read"
        elif skipped:
            problem = f"{skipped:,} of its lines cannot be read and are left out"
        if problem:
            warnings.warn(f"{path}: expected one record per line; {problem}", MiniganWarning, stacklevel=2)
        return cls(records)


def read_record(line: bytes) -> Record | None:
    """Return the record in one line of a ``metrics.jsonl``, or None if there is none."""
    try:
        found = json.loads(line.decode("utf-8")) if SHORTEST <= len(line) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not any({"step", *needed} <= found.keys() for needed in (TRAINED, BOUND)):
        return None
    record = {name: found[name] for name in COLUMNS if name in found}
    classes = record.get("classes", [0])
    numbers = [value for name, value in record.items() if name != "classes"]
    fits = isinstance(classes, list) and 0 < len(classes) <= CLASSES and all(map(_is_number, [*numbers, *classes]))
    return record if fits and type(record["step"]) is int and record["step"] >= 0 else None


def _is_number(value: Any) -> bool:
    """Return whether a value is an integer of 64 bits or a float, which may be NaN or infinite, but no bool."""
    return type(value) is float or (type(value) is int and abs(value) < 2**63)
