"""The number of threads of NumPy's BLAS, which is one number for the whole process.

Results depend on it: with another number of threads, a BLAS may add up in another order. So while any Python thread is
in a block of `minigan.threads`, the BLAS computes each product on one thread, for everybody. The first block that opens
takes the limit, and the last one that closes gives back what was there before.
"""

import os
import threading
from importlib.util import find_spec
from typing import Any


def _find_libraries() -> list[Any]:
    """Return what can limit each BLAS of the process; without threadpoolctl, as on some GPU machines, nothing can."""
    if not find_spec("threadpoolctl"):
        return []
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


# They are looked for once, early: in threadpoolctl before 3.8 the search can hang while another thread loads a library.
LIBRARIES = _find_libraries()

_lock = threading.RLock()  # for what follows
_inside: set[int] = set()  # the Python threads that are in a block
_outside: list[tuple[Any, int]] = []  # each library, and its number of threads outside all blocks; empty when there


def limit(thread: int) -> int:
    """Let the BLAS compute on one thread until `give_back` is called for the same Python thread.

    Returns
    -------
    The number of threads that the BLAS uses outside all blocks, or 0 if there is no BLAS that can be limited.
    """
    with _lock:
        if not _inside:
            _outside[:] = [(library, library.num_threads) for library in LIBRARIES]
        _inside.add(thread)
        for library, _ in _outside:
            _set_threads(library, 1)
        return max((count for _, count in _outside), default=0)


def give_back(thread: int) -> None:
    """End what `limit` began. To call this twice does no harm, and neither does it after an interrupted `limit`."""
    with _lock:
        _inside.discard(thread)
        for library, count in _outside:
            if not _inside or _counts_per_thread(library):
                _set_threads(library, count)
        if not _inside:
            _release()
            _outside.clear()


def limit_helper() -> None:
    """Limit the BLAS in a new thread of a block; this is needed where each thread has a number of its own."""
    for library in LIBRARIES:
        if _counts_per_thread(library):
            library.set_num_threads(1)


def blas_kernels() -> str | None:
    """Return the processor type that NumPy's BLAS uses, for example "SkylakeX", or None if it does not tell."""
    names = (getattr(library, "architecture", None) for library in LIBRARIES)
    return next((name for name in names if name), None)


def _set_threads(library: Any, count: int) -> None:
    _release()
    library.set_num_threads(count)


def _release() -> None:
    """From 3.8 on, threadpoolctl ignores all threads but the first that set a number, until this thread lets go."""
    for library in LIBRARIES:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


def _counts_per_thread(library: Any) -> bool:
    return library.internal_api == "openblas" and getattr(library, "threading_layer", None) == "openmp"


def _after_fork_in_child() -> None:
    """Forget the blocks of the other Python threads: the new process has only the thread that forked."""
    try:
        _inside.intersection_update({threading.get_ident()})
        if not _inside:
            give_back(threading.get_ident())
    finally:
        _lock.release()


if hasattr(os, "register_at_fork"):  # not on Windows; a process is forked only while no thread changes the number
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_after_fork_in_child)
