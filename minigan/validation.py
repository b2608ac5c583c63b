"""Checks of arguments: each returns the value in its plain type, or raises an error that names the argument.

Every function here takes the argument's name and its value, and raises ``InputError`` with a message of the form
"name: expected ..., got ..." when the value does not fit.
"""

import os
from collections.abc import Iterable
from math import inf
from numbers import Integral, Real
from typing import Any

from .errors import InputError


def integer(name: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an int from ``least`` to ``most``, without an upper limit when that is None.

    A bool or a float is not an integer.

    >>> integer("steps", 3)
    3
    """
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or int(value) < least or (most is not None and int(value) > most):
        expected = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name}: expected an integer {expected}, got {value!r}")
    return int(value)


def positive(name: str, value: Any) -> float:
    """Return ``value`` as a finite float above 0."""
    if not _is_number(value) or not 0 < float(value) < inf:
        raise InputError(f"{name}: expected a positive number, got {value!r}")
    return float(value)


def at_least(name: str, value: Any, least: float) -> float:
    """Return ``value`` as a finite float of at least ``least``."""
    if not _is_number(value) or not least <= float(value) < inf:
        raise InputError(f"{name}: expected a number of at least {least:g}, got {value!r}")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """Return ``value`` as a finite float of at least 0."""
    return at_least(name, value, 0)


def fraction(name: str, value: Any) -> float:
    """Return ``value`` as a float in [0, 1)."""
    if not _is_number(value) or not 0 <= float(value) < 1:
        raise InputError(f"{name}: expected a number in [0, 1), got {value!r}")
    return float(value)


def epsilon(name: str, value: Any) -> float:
    """Return ``value`` as a float in (0, 0.01).

    Such a number only guards against division by 0. The upper bound catches another parameter given in its place.
    """
    if not _is_number(value) or not 0 < float(value) < 0.01:
        raise InputError(f"{name}: expected a small number in (0, 0.01), got {value!r}")
    return float(value)


def finite(name: str, value: Any) -> float:
    """Return ``value`` as a finite float."""
    if not _is_number(value) or not -inf < float(value) < inf:
        raise InputError(f"{name}: expected a finite number, got {value!r}")
    return float(value)


def boolean(name: str, value: Any) -> bool:
    """Return ``value`` when it is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name}: expected True or False, got {value!r}")
    return value


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return ``value`` when it is one of the names in ``choices``."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    return value


def name_or_path(name: str, value: Any) -> str:
    """Return a name or a path as a string that is not empty."""
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text:
        raise InputError(f"{name}: expected a name or a path, got {value!r}")
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
