"""The condition that ends a run before its budget is spent, such as "fid<1"."""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import validation
from ..errors import InputError
from ..objectives import ELBO, Objective

TRAINED = Objective.columns  # of every record of a game
BOUND = ELBO.columns  # of every record of an autoencoder
EVALUATED = ("fid", "modes_found", "high_quality")  # columns of the records with an evaluation
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
PATTERN = re.compile(rf"\s*(\w+)\s*([<>])\s*({NUMBER})\s*", flags=re.ASCII)


class Condition(NamedTuple):
    """A column of the records, and the side of a limit on which its number must lie.

    column : one of TRAINED, BOUND and EVALUATED
    sign : "<" or ">"
    limit : a finite number

    >>> fid = read_condition("fid < 1")
    >>> fid.holds({"fid": 0.9}), fid.holds({"fid": 1.0}), fid.holds({"d_loss": 0.5})
    (True, False, False)
    """

    column: str
    sign: str
    limit: float

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record has the column, and its number lies on the right side of the limit."""
        value = record.get(self.column, math.nan)
        return bool(value < self.limit if self.sign == "<" else value > self.limit)


def read_condition(text: str, *, name: str = "stop_when") -> Condition:
    """Read a condition from a text of the form COLUMN<NUMBER or COLUMN>NUMBER; spaces do not matter.

    Raises
    ------
    InputError : the text has another form, or the column has another name
    """
    columns = (*TRAINED, *BOUND, *EVALUATED)
    found = PATTERN.fullmatch(text) if isinstance(text, str) else None
    if not found or found[1] not in columns or not math.isfinite(float(found[3])):
        raise InputError(
            f"{name}: expected COLUMN<NUMBER or COLUMN>NUMBER, where the column is one of {', '.join(columns)}, "
            f"got {validation.shown(text)}"
        )
    return Condition(found[1], found[2], float(found[3]))


def condition_text(name: str, value: Any) -> str:
    """Return the text of a condition when `read_condition` can read it."""
    read_condition(value, name=name)
    return str(value)
