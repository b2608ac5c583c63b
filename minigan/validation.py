"""Checks of arguments: each returns the value in its plain type, or raises an error that names the argument.

Every function here takes the argument's name and its value, and raises ``InputError`` with a message of the form
"name: expected ..., got ..." when the value does not fit.
"""

import os
import re
from collections.abc import Iterable
from math import inf, nan
from numbers import Integral, Real
from typing import Any

from .errors import InputError

GREATEST = 2**63 - 1  # integer that NumPy can hold
UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and what is no UTF-8
SHOWN = 100  # characters of a value in an error
MOST_PATH, MOST_NAME = 4000, 250  # bytes; file systems allow a little more, which temporary names need


def integer(name: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an int from ``least`` to ``most``, or to 2^63 - 1 when that is None.

    A bool or a float is not an integer.

    >>> integer("steps", 3)
    3
    """
    number = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if number is None or not least <= number <= (GREATEST if most is None else most):
        small = most is None and (number is None or number < least)
        expected = f"of at least {least}" if small else f"from {least} to {GREATEST if most is None else most}"
        raise InputError(f"{name}: expected an integer {expected}, got {shown(value)}")
    return number


def positive(name: str, value: Any) -> float:
    """Return ``value`` as a finite float above 0."""
    if not 0 < _number(value) < inf:
        raise InputError(f"{name}: expected a positive number, got {shown(value)}")
    return float(value)


def at_least(name: str, value: Any, least: float) -> float:
    """Return ``value`` as a finite float of at least ``least``."""
    if not least <= _number(value) < inf:
        raise InputError(f"{name}: expected a number of at least {least:g}, got {shown(value)}")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """Return ``value`` as a finite float of at least 0."""
    return at_least(name, value, 0)


def fraction(name: str, value: Any) -> float:
    """Return ``value`` as a float in [0, 1)."""
    if not 0 <= _number(value) < 1:
        raise InputError(f"{name}: expected a number in [0, 1), got {shown(value)}")
    return float(value)


def epsilon(name: str, value: Any) -> float:
    """Return ``value`` as a float in (0, 0.01).

    Such a number only guards against division by 0. The upper bound catches another parameter given in its place.
    """
    if not 0 < _number(value) < 0.01:
        raise InputError(f"{name}: expected a small number in (0, 0.01), got {shown(value)}")
    return float(value)


def finite(name: str, value: Any) -> float:
    """Return ``value`` as a finite float."""
    if not -inf < _number(value) < inf:
        raise InputError(f"{name}: expected a finite number, got {shown(value)}")
    return float(value)


def boolean(name: str, value: Any) -> bool:
    """Return ``value`` when it is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name}: expected True or False, got {shown(value)}")
    return value


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return ``value`` when it is one of the names in ``choices``."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: expected one of {', '.join(known)}, got {shown(value)}")
    return value


def name_or_path(name: str, value: Any) -> str:
    """Return a name or a path as a string, in which a leading ``~`` has become the home folder.

    It is not empty, it has no control characters, and it is short enough for the file systems of today.
    """
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text:
        raise InputError(f"{name}: expected a name or a path, got {shown(value)}")
    if UNREADABLE.search(text):
        raise InputError(f"{name}: expected a name or a path of readable characters, got {shown(text)}")
    text = os.path.expanduser(text)
    if len(text.encode()) > MOST_PATH or max(len(part.encode()) for part in re.split(r"[/\\]", text)) > MOST_NAME:
        raise InputError(
            f"{name}: expected a path of at most {MOST_PATH} bytes with names of at most {MOST_NAME}, "
            f"got {shown(text)}, which has {len(text.encode())}"
        )
    return text


def shown(value: Any) -> str:
    """Return what an error shows of a value: its ``repr`` in one line, or the start of it."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a number with thousands of digits, or an object that cannot be shown
        return f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _number(value: Any) -> float:
    """Return a real number as a float, infinite if it is too large; NaN for everything else."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return nan
    try:
        return float(value)
    except OverflowError:
        return -inf if value < 0 else inf
