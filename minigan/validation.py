"""Checks of arguments: each returns the value in its plain type, or says what came and what was expected."""

from math import inf
from numbers import Integral, Real
from typing import Any

from .errors import InputError


def integer(name: str, value: Any, *, least: int = 1) -> int:
    """Return ``value`` as an int of at least ``least``; a bool or a float is not an integer."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise InputError(f"{name}: expected an integer of at least {least}, got {value!r}")
    return int(value)


def positive(name: str, value: Any) -> float:
    """Return ``value`` as a finite float above 0."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < inf:
        raise InputError(f"{name}: expected a positive number, got {value!r}")
    return float(value)


def not_negative(name: str, value: float) -> float:
    """Return ``value`` as a float when it is finite and at least 0."""
    if finite(name, value) < 0:
        raise InputError(f"{name}: expected a number of at least 0, got {value!r}")
    return float(value)


def fraction(name: str, value: Any) -> float:
    """Return ``value`` as a float in [0, 1)."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= float(value) < 1:
        raise InputError(f"{name}: expected a number in [0, 1), got {value!r}")
    return float(value)


def epsilon(name: str, value: Any) -> float:
    """Return ``value`` as a float in (0, 0.01): a guard against division by 0, never another parameter by mistake."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < 0.01:
        raise InputError(f"{name}: expected a small number in (0, 0.01), got {value!r}")
    return float(value)


def finite(name: str, value: Any) -> float:
    """Return ``value`` as a finite float."""
    if not isinstance(value, Real) or isinstance(value, bool) or not -inf < float(value) < inf:
        raise InputError(f"{name}: expected a finite number, got {value!r}")
    return float(value)
