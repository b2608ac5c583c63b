"""Drawing in several Python threads: matplotlib can draw in one thread at a time, so the others wait."""

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Options = ParamSpec("Options")
Result = TypeVar("Result")

_drawing = threading.RLock()
if hasattr(os, "register_at_fork"):  # not on Windows; a process is forked between two pictures, never in one
    os.register_at_fork(before=_drawing.acquire, after_in_parent=_drawing.release, after_in_child=_drawing.release)


def one_at_a_time(draw: Callable[Options, Result]) -> Callable[Options, Result]:
    """Let ``draw`` wait until no other Python thread is in a function that is decorated with this one.

    matplotlib's settings and caches are shared by all threads: a picture could get the style of another one, or leave
    its own style behind.
    """

    @wraps(draw)
    def alone(*args: Options.args, **options: Options.kwargs) -> Result:
        with _drawing:
            return draw(*args, **options)

    return alone
