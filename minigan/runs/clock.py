"""A clock that counts the seconds of training alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Clock:
    """Counts seconds from when it is made; inside a `pause` it stands still.

    Parameters
    ----------
    seconds : that were counted before
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.started = perf_counter() - seconds
        self.paused = 0.0

    @property
    def elapsed(self) -> float:
        """All seconds, with the pauses."""
        return perf_counter() - self.started

    @property
    def seconds(self) -> float:
        """The seconds without the pauses."""
        return self.elapsed - self.paused

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let the clock stand still in the block."""
        began = perf_counter()
        try:
            yield
        finally:
            self.paused += perf_counter() - began
