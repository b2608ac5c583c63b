"""Archives: several arrays and a description in one ``.npz`` file, written whole and read with suspicion.

An ``.npz`` file is a zip archive with one ``.npy`` member for each array. NumPy's own reader believes what the headers
say. This one checks everything before it believes: the sizes before memory is taken, the checksum of every member, and
that a member holds exactly the numbers that its header announces.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from .errors import InputError
from .files import atomic_path
from .validation import shown

SMALLEST_LIMIT = 1 << 26  # bytes that an array may have in a file of any size
GREATEST_RATIO = 20  # how many times larger than the file an array may be; MNIST's digits are 5 times larger
CHUNK = 1 << 20  # bytes that are read at once
LONGEST_LIST = 1 << 20  # bytes of the list of all members, which zipfile reads when it opens a file; 10,000 members
DTYPES = ("float16", "float32", "float64", "int64", "uint8")  # of the arrays that have a checksum


def size_limit(file_size: int) -> int:
    """Return how many bytes a compressed file may become: 64 MiB, or 20 times its own size if that is more."""
    return max(SMALLEST_LIMIT, GREATEST_RATIO * file_size)


class Archive:
    """An ``.npz`` file that is open for reading; use it in a ``with`` statement.

    Parameters
    ----------
    path : the file

    Raises
    ------
    InputError : the file cannot be read, or it is no zip archive
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            if (length := _length_of_list(path)) > LONGEST_LIST:
                raise ValueError(f"the list of its members has {length:,} bytes")
            self._zip = zipfile.ZipFile(path)
            self._limit = size_limit(os.path.getsize(path))
        except OSError as error:
            raise InputError(f"it cannot be read: {error.strerror or error}") from None
        except Exception as error:  # damaged bytes make zipfile raise errors of many types
            raise InputError(f"it is not an .npz file: {_reason(error)}") from None
        self.names = [name.removesuffix(".npy") for name in self._zip.namelist() if name.endswith(".npy")]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def read(self, name: str, dtypes: Collection[str]) -> np.ndarray:
        """Return an array.

        Parameters
        ----------
        name : of the array
        dtypes : the names of the types that it may have

        Raises
        ------
        InputError : there is no such array, it has another type, is damaged or too large, or a number is not finite
        """
        if name not in self.names:
            raise InputError(f"{name}: expected an array with this name, got {shown(self.names)}")
        try:
            array = self._read(name, dtypes)
        except InputError:
            raise
        except Exception as error:  # as above
            raise InputError(f"{name}: expected an array, got damaged data ({_reason(error)})") from None
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"{name}: expected finite numbers, got NaN or infinity")
        return array

    def _read(self, name: str, dtypes: Collection[str]) -> np.ndarray:
        with self._open(name) as member:
            shape, fortran_order, dtype = _read_header(member)
            if dtype.str not in {np.dtype(each).str for each in dtypes}:
                raise InputError(f"{name}: expected {' or '.join(dtypes)}, got {dtype}")
            length = prod(shape) * dtype.itemsize
            if length > self._limit:
                raise InputError(
                    f"{name}: expected at most {self._limit:,} bytes in a file of this size, got {length:,}"
                )
            flat = np.empty(prod(shape), dtype=dtype)
            rest = flat.view(np.uint8).data
            while rest:
                count = member.readinto(rest[:CHUNK])  # type: ignore[attr-defined]
                if not count:
                    raise EOFError(f"{len(rest):,} bytes are missing")
                rest = rest[count:]
            if member.read(1):  # at the end of the member, zipfile compares the checksum
                raise InputError(f"{name}: expected {length:,} bytes for shape {shape}, got more")
        return flat.reshape(shape, order="F" if fortran_order else "C")

    def _open(self, name: str) -> IO[bytes]:
        """Open a member that is stored or deflated, as NumPy writes it; zipfile unpacks other kinds without a limit."""
        info = self._zip.getinfo(f"{name}.npy")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"compressed by method {info.compress_type}, not as NumPy does it")
        return self._zip.open(info)

    def description(self) -> dict[str, Any]:
        """Return the description.

        Raises
        ------
        InputError : it is missing or damaged
        """
        try:
            with self._open("description") as member:
                shape, _, dtype = _read_header(member)
                if shape != () or dtype.kind != "U" or dtype.itemsize > self._limit:
                    raise ValueError(f"it has the shape {shape} and the type {dtype}")
                raw = member.read(dtype.itemsize + 1)
                if len(raw) != dtype.itemsize:
                    raise ValueError("it has another length")
            found = json.loads(str(np.frombuffer(raw, dtype)[0]))
        except Exception as error:
            raise InputError(f"description: expected JSON, got none ({_reason(error)})") from None
        if not isinstance(found, dict):
            raise InputError(f"description: expected an object, got {str(found)[:60]!r}")
        return found


def _length_of_list(path: str | os.PathLike[str]) -> int:
    """Return how many bytes the list of a zip archive's members has; 0 if the file is something else.

    The record at the end of the file begins with "PK 5 6" and holds the length as four bytes. In an archive of more
    than 4 GB, two more stand before it: the first one holds the length as eight bytes, the second one has 20 bytes and
    begins with "PK 6 7" (APPNOTE 6.3.10, sections 4.3.14 to 4.3.16).
    """
    with open(path, "rb") as file:
        file.seek(max(os.path.getsize(path) - (1 << 17), 0))  # a comment of up to 64 KiB may follow
        end = file.read()
    at = end.rfind(b"PK\5\6")
    length = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
    if end[max(at - 20, 0) :].startswith(b"PK\6\7"):
        length = max(length, int.from_bytes(end[max(at - 36, 0) : max(at - 28, 0)], "little"))
    return length


def write_archive(
    path: Path, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, compress: bool = False
) -> None:
    """Write a description and arrays, whole or not at all; the same contents always give the same bytes.

    The description gets an entry ``arrays`` with the shape, the type and the SHA-256 of each array.

    Raises
    ------
    OSError : the file cannot be written
    """
    manifest = {name: _entry(array) for name, array in arrays.items()}
    text = json.dumps({**description, "arrays": manifest})
    everything: dict[str, Any] = {"description": np.array(text), **arrays}
    with atomic_path(path) as temporary:
        (np.savez_compressed if compress else np.savez)(temporary, **everything)


def read_verified(archive: Archive, description: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return all arrays of an archive, after a comparison with the entry ``arrays`` of its description.

    Raises
    ------
    InputError : an array is missing or damaged, or differs in its shape, its type or its checksum
    """
    manifest = description.get("arrays")
    if not isinstance(manifest, dict):
        raise InputError(f"arrays: expected the list of all arrays in the description, got {shown(manifest)}")
    found = {}
    for name, entry in manifest.items():
        dtype = entry.get("dtype") if isinstance(entry, dict) else None
        if dtype not in DTYPES:
            raise InputError(f"{name}: expected one of the types {', '.join(DTYPES)}, got {shown(dtype)}")
        array = archive.read(name, (dtype,))
        if _entry(array) != entry:
            raise InputError(f"{name}: expected an array that fits its checksum, got another")
        found[name] = array
    return found


def _entry(array: np.ndarray) -> dict[str, Any]:
    digest = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": digest}


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of a ``.npy`` file in the version 1 of its format, whose length is below 64 KiB."""
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"version {version} of the .npy format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(member)
    if any(size < 0 for size in shape):
        raise ValueError(f"shape {shape}")
    return shape, fortran_order, dtype


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:100] or type(error).__name__
