"""Atomic writes: a file appears under its name when it is complete, or not at all."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TEMPORARY = re.compile(r"\.minigan-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}(\..*)?")  # process, its own mark, and suffix
MARK = secrets.token_hex(4)  # tells this process from an earlier one with the same number, as in a container


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, and rename it to ``path`` when the block ends without an error.

    The rename (``os.replace``) is atomic on one file system, so a reader sees either the old file or the new one, and
    never a part of it. File and folder are synchronised with the disk (fsync), so this also holds when the power
    fails. When the block raises an error, the temporary file is removed and ``path`` stays as it was. When the process
    is killed, the temporary file stays, and `remove_stale` finds it. It has the suffix of ``path``, because programs
    that write images choose the format by it.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write.

    Raises
    ------
    OSError
        If the folder is missing or cannot be written; the error names ``path``.
    """
    path = Path(path)
    temporary = path.with_name(f".minigan-{os.getpid()}-{MARK}-{secrets.token_hex(4)}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # names the path of the caller
    try:
        yield temporary
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _synchronise(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _synchronise(folder: Path) -> None:
    """Let the disk know the names in a folder; where a folder cannot be opened (on Windows), this does nothing."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def step_files(folder: Path, suffix: str) -> dict[int, Path]:
    """Return the files in a folder that are named ``step-<number><suffix>``, by their numbers; it may be missing."""
    if not folder.is_dir():
        return {}
    found = {path: re.fullmatch(rf"step-(\d+){re.escape(suffix)}", path.name) for path in folder.iterdir()}
    return {int(match[1]): path for path, match in found.items() if match}


def acquire_lock(path: Path, *, seconds: float) -> Any:
    """Return a lock on a file that no other process holds; ``release`` gives it back, and so does the end of a process.

    On a file system without locks nothing is prevented.

    Raises
    ------
    TimeoutError
        If another process holds the lock for longer than ``seconds``.
    """
    from filelock import FileLock

    lock = FileLock(path)
    with suppress(NotImplementedError):
        lock.acquire(timeout=seconds)
    return lock


def remove_stale(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder."""
    for path in folder.iterdir():
        found = TEMPORARY.fullmatch(path.name)
        if found and not _is_running(int(found[1]), found[2]):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _is_running(process: int, mark: str) -> bool:
    """Say whether a process is running; on Windows only that the file is not open is known, by unlink."""
    if process == os.getpid():
        return mark == MARK
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it belongs to another user
        return True
    return True
