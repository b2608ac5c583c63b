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
        (validation.integer, {"least": 0}, [0], [-1, 0.0], "an integer of at least 0"),
        (validation.integer, {"least": 2, "most": 4}, [2, 4], [1, 5, 3.0], "an integer from 2 to 4"),
        (validation.positive, {}, [1, 1e-9, np.float32(2)], [0, -1, INF, NAN, "1", True, None], "a positive number"),
        (validation.not_negative, {}, [0, 2.5], [-1e-9], "a number of at least 0"),
        (validation.not_negative, {}, [], [INF, NAN, "0", True], "a number of at least 0"),
        (validation.at_least, {"least": 0.5}, [0.5, 2], [0.4, INF, NAN, "1", True, None], "a number of at least 0.5"),
        (validation.fraction, {}, [0, 0.999], [-0.1, 1, NAN, "0", False, None], "a number in [0, 1)"),
        (validation.epsilon, {}, [1e-9, 0.0099], [0, 0.01, 1, NAN, "0", True], "a small number in (0, 0.01)"),
        (validation.finite, {}, [-3, 0.5], [INF, -INF, NAN, "0", True, None], "a finite number"),
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
        with pytest.raises(InputError, match=f"^{re.escape(f'x: expected {expected}, got {value!r}')}$"):
            check("x", value, **options)
