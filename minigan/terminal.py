"""The terminal: what prints a line, and lets no stream that fails end the work.

A stream can be missing (pythonw has none), closed, a pipe that nobody reads (``minigan train | head -1``), or a file on
a full disk. After the first failure of a stream nothing more is printed to it.
"""

import os
import sys
from contextlib import suppress
from typing import TextIO
from weakref import WeakKeyDictionary

_failures: WeakKeyDictionary[TextIO, Exception] = WeakKeyDictionary()


def say(text: object = "", *, error: bool = False) -> None:
    """Print a line at once, to stderr if it is an ``error``; characters that the stream does not know are escaped."""
    stream = sys.stderr if error else sys.stdout
    if stream is None or stream in _failures:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(str(text).encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()
    except (OSError, ValueError) as failure:
        _failures[stream] = failure


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is there and leads to a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def lost_output() -> str | None:
    """Return why lines for stdout were lost, or None if none were, or if nobody wants them."""
    failure = None if sys.stdout is None else _failures.get(sys.stdout)
    if not isinstance(failure, OSError) or isinstance(failure, BrokenPipeError):
        return None
    return failure.strerror or str(failure)


def release_streams() -> None:
    """Lead the streams that failed to nowhere, so that Python does not try to write the rest when it ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream in _failures:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
