"""Checks of the reader's answers and guesses.

A check of an exercise is a function that takes the answer and calls `expect`, once for each thing that is true of a
right answer. It reads the answer through `number` and `numbers`, so that 8, 8.0, [8] and np.array(8) are one answer.
"""

from collections.abc import Callable, Iterator, Mapping, ValuesView
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NotYet(Exception):
    """The answer is not right yet; the message is a hint."""


def expect(condition: Any, hint: str) -> None:
    """Say that something has to be true of a right answer.

    Raises
    ------
    NotYet : it is not true; the message is the hint
    """
    if not condition:
        raise NotYet(hint)


def number(answer: Any) -> float:
    """Return an answer that is one number: an int, a float, a fraction, or an array or a list with one element.

    Raises
    ------
    NotYet : it is something else
    """
    return float(numbers(answer, 1)[0])


def numbers(answer: Any, count: int) -> NDArray[np.float64]:
    """Return an answer that is `count` numbers, (count,) float64: a tuple, a list, an array of any shape, or a dict.

    Raises
    ------
    NotYet : it is something else
    """
    found = answer.values() if isinstance(answer, Mapping) else answer
    parts = list(found) if isinstance(found, Iterator | ValuesView | tuple | list) else [found]
    try:
        flat = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])
    except (TypeError, ValueError):
        raise NotYet(f"the answer should be {_count(count)}, and it is {_shown(answer)}") from None
    expect(len(flat) == count, f"the answer should be {_count(count)}, and it has {len(flat)}")
    return flat


def _count(count: int) -> str:
    return "one number" if count == 1 else f"{count} numbers"


def _shown(answer: Any) -> str:
    text = repr(answer)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_answer(check: Callable[[Any], None], answer: Any) -> bool:
    """Check the answer to an exercise, and print the verdict.

    Parameters
    ----------
    check : function
        Takes the answer and calls `expect`.
    answer : value or function
        ``...``, or a function that returns ``...``, means that there is no answer yet.

    Returns
    -------
    bool
        Whether the answer is right.

    >>> def check_1(answer):
    ...     expect(number(answer) != -1, "look at the sign: which way is downhill?")
    ...     expect(number(answer) == 1, "the slope is one number, and you know it")
    >>> check_answer(check_1, ...), check_answer(check_1, -1), check_answer(check_1, [1])
    open: put your answer in the place of the dots
    not yet: look at the sign: which way is downhill?
    right
    (False, False, True)
    """
    seen: list[Any] = []

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append(answer(*args, **kwargs))
        return seen[-1]

    verdict = "right"
    try:
        check(watched if callable(answer) and not isinstance(answer, type) else answer)
    except NotYet as hint:
        verdict = f"not yet: {hint}"
    except Exception as error:
        verdict = f"not yet: it raises {type(error).__name__}: {error}"
    if verdict != "right" and any(value is None for value in (answer, *seen)):
        verdict = "not yet: the answer is None; is there a return in your function?"
    if any(
        part is ... for value in (answer, *seen) for part in (value if isinstance(value, tuple | list) else [value])
    ):
        verdict = "open: put your answer in the place of the dots"
    print(verdict)
    return verdict == "right"


def compare_guesses(guesses: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Print what the reader guessed beside what came out.

    Parameters
    ----------
    guesses : mapping of str to a value
        ``...`` means that there is no guess yet.
    found : mapping of str to a value
        It has the same names.

    >>> compare_guesses({"modes": 5, "first move": ...}, {"modes": 8, "first move": "together"})
                your guess  it was
    modes       5           8
    first move  none yet    together
    """
    rows = [("", "your guess", "it was")]
    for name, was in found.items():
        guess = guesses.get(name, ...)
        rows.append((name, "none yet" if guess is ... else str(guess), str(was)))
    first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
    for name, text, was in rows:
        print(f"{name:{first}}  {text:{second}}  {was}".rstrip())
