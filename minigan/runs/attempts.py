"""Attempts: what a run can do without may fail, and the rest goes on."""

import warnings
from collections.abc import Callable
from typing import TypeVar

from ..errors import MiniganWarning

Result = TypeVar("Result")


class Attempts:
    """Calls functions that may fail, and warns once of each kind of thing that failed.

    >>> attempts = Attempts()
    >>> attempts.make("a number", int, "7")
    7
    """

    def __init__(self) -> None:
        self.failed: set[str] = set()

    def make(self, what: str, write: Callable[..., Result], *arguments: object) -> Result | None:
        """Return ``write(*arguments)``, or None if that fails."""
        try:
            return write(*arguments)
        except Exception as error:  # a full disk, a lost folder, a font that is missing, ...
            self.warn(what, f"{what} cannot be written ({' '.join(str(error).split())}); the run goes on")
            return None

    def warn(self, what: str, text: str) -> None:
        """Warn of something that failed, if that did not fail before."""
        if what not in self.failed:
            self.failed.add(what)
            warnings.warn(text, MiniganWarning, stacklevel=2)
