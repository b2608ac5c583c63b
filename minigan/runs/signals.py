"""Signals that ask a process to end: the first one is a wish, which the training fulfils after the present step."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C; the usual request to end; the terminal was closed
WISHES = ("interrupt", "terminate", "hangup")  # `Run.stopped` after these signals
STATUS = dict(zip(WISHES, (130, 143, 129), strict=True))  # with which the process ends
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class Signals:
    """Catches the signals that ask for an end, inside a ``with`` statement in the main thread.

    The first signal is only noted. The second one does what it would have done without this class, at once. A handler
    that somebody else installed stays, and so does the wish to ignore a signal, such as that of ``nohup``. In other
    threads than the main one nothing is caught, because Python delivers no signals there.

    Attributes
    ----------
    received : the first signal that came, or None
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Callable[..., Any] | int | None] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in NAMES:
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                if number is not None and signal.getsignal(number) in DEFAULTS:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    @property
    def wish(self) -> str | None:
        """What ends the training, as `Run.stopped` says it, or None."""
        return WISHES[NAMES.index(self.received.name)] if self.received else None

    @property
    def urgent(self) -> bool:
        """Whether the process may soon be killed, so that the model must be saved at once."""
        return self.wish in ("terminate", "hangup")

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._restore()  # so that the next signal ends the process

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
