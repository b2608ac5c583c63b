"""Atomic writes: a file appears under its name when it is complete, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, and rename it to ``path`` when the block ends without an error.

    The rename (``os.replace``) is atomic on one file system, so a reader sees either the old file or the new one, and
    never a part of it. When the block raises an error, the temporary file is removed and ``path`` stays as it was. The
    temporary name has the suffix of ``path``, because programs that write images choose the format by it.

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
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # names the path of the caller
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
