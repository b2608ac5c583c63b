"""Checks of arguments: each takes its own range, keeps plain types, and names the argument in its error."""

import re
from pathlib import Path

import numpy as np
import pytest

from minigan import validation
from minigan.errors import InputError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("check", "options", "taken", "refused", "expected"),
    [
        (validation.integer, {}, [1, np.int64(7)], [0, -1, 1.0, "1", True, None], "an integer of at least 1"),
        (validation.integer, {"least": 0}, [0, 2**63 - 1], [-1, 0.0], "an integer of at least 0"),
        (validation.integer, {"least": 0}, [], [2**63], "an integer from 0 to 9223372036854775807"),
        (validation.integer, {"least": 2, "most": 4}, [2, 4], [1, 5, 3.0], "an integer from 2 to 4"),
        (
            validation.positive,
            {},
            [1, 1e-9, np.float32(2)],
            [0, -1, INF, NAN, "1", True, None, 10**400],
            "a positive number",
        ),
        (validation.not_negative, {}, [0, 2.5], [-1e-9], "a number of at least 0"),
        (validation.not_negative, {}, [], [INF, NAN, "0", True], "a number of at least 0"),
        (validation.at_least, {"least": 0.5}, [0.5, 2], [0.4, INF, NAN, "1", True, None], "a number of at least 0.5"),
        (validation.fraction, {}, [0, 0.999], [-0.1, 1, NAN, "0", False, None], "a number in [0, 1)"),
        (validation.epsilon, {}, [1e-9, 0.0099], [0, 0.01, 1, NAN, "0", True], "a small number in (0, 0.01)"),
        (validation.finite, {}, [-3, 0.5], [INF, -INF, NAN, "0", True, None, -(10**400)], "a finite number"),
        (validation.boolean, {}, [True, False], [0, 1, None, "yes"], "True or False"),
        (validation.one_of, {"choices": {"a": 1, "b": 2}}, ["a", "b"], ["c", "", None, 1, ["a"]], "one of a, b"),
        (validation.name_or_path, {}, ["runs", Path("runs")], ["", None, 3, b"runs"], "a name or a path"),
    ],
)
def test_check(check, options, taken, refused, expected):
    for value in taken:
        found = check("x", value, **options)
        assert found == (str(value) if isinstance(value, Path) else value)
        assert type(found) in (int, float, bool, str)
    for value in refused:
        with pytest.raises(
            InputError, match=f"^{re.escape(f'x: expected {expected}, got {validation.shown(value)}')}$"
        ):
            check("x", value, **options)


def test_shown():
    class Odd:
        def __repr__(self):
            raise RuntimeError

    assert validation.shown("a") == "'a'"
    assert validation.shown(np.zeros((2, 2))) == "array([[0., 0.], [0., 0.]])"
    assert validation.shown("x" * 1000) == "'" + "x" * 99 + "..."
    assert validation.shown(10**5000) == "int that cannot be shown"
    assert validation.shown(Odd()) == "Odd that cannot be shown"


def test_paths(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert validation.name_or_path("out", Path("~/x")) == "/home/me/x"
    assert validation.name_or_path("out", "Gödel\u202f数.npz") == "Gödel\u202f数.npz"
    assert validation.name_or_path("out", "~nobody0/x") == "~nobody0/x"  # no such user: it may be a file
    assert validation.name_or_path("out", "./mnist") == "./mnist"
    assert validation.name_or_path("out", "x" * 250) == "x" * 250
    for text in ("a\0b", "a\nb", "\x1b[0m", "\udcff", "\ud800.npz"):
        with pytest.raises(InputError, match=r"^out: expected a name or a path of readable characters, got '"):
            validation.name_or_path("out", text)
    for text in ("x" * 251, "a/" + "ä" * 126, "a/" * 2001):
        with pytest.raises(InputError, match=r"^out: expected a path of at most 4000 bytes with names of at most 250,"):
            validation.name_or_path("out", text)
