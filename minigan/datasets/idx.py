"""Reads IDX, the format in which MNIST is published, and refuses every file that is not exactly that.

An IDX file begins with 4 bytes (0, 0, type of the elements, number of dimensions). One big-endian uint32 for each
dimension follows, then the elements in C order (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
"""

import gzip
import math
import os
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..archive import size_limit
from ..errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
UINT8 = 8
ELEMENT_TYPES = {8: "uint8", 9: "int8", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}
MAX_NDIM = 4
HEAD = 1024  # bytes that are read first


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read one IDX file of bytes, gzipped or plain.

    Parameters
    ----------
    path : the file; gzip is recognised by the first two bytes, never by the name

    Returns
    -------
    A uint8 array with the shape in the file's header, such as (60000, 28, 28) for images and (60000,) for labels.

    Raises
    ------
    InputError : the file is missing, damaged, too short or too long, or not IDX data of uint8
    """
    return parse_idx(read_payload(path), source=path)


def read_payload(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file, decompressed when they are gzip; the published hashes are of these bytes.

    The header is read first, and then no more than it announces and one byte, which shows that the file is too long. Of
    a file without a header of uint8 the first bytes are returned. So a small file never takes much memory.

    Raises
    ------
    InputError : the file cannot be read, it is gzip that is damaged or cut short, or its header announces more bytes
        than gzip may become (see `minigan.archive.size_limit`)
    """
    path = validation.name_or_path("path", path)
    try:
        with open(path, "rb") as raw:
            packed, size = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC, os.fstat(raw.fileno()).st_size
            raw.seek(0)
            if not packed:
                return _read_announced(raw, size)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read_announced(unpacked, size_limit(size), path)
    except FileNotFoundError:
        raise InputError(f"{path}: expected an IDX file, got no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = str(error).rstrip(".")
        raise InputError(
            f"{path}: expected whole gzip data, got damaged or truncated gzip data ({reason}); download it again"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: expected an IDX file, got one that cannot be read ({error.strerror})") from None


def _read_announced(file: BufferedIOBase, most: int, limited: str | os.PathLike[str] | None = None) -> bytes:
    """Return the first bytes of a file, and after a header of uint8 as many as it announces and one more.

    At most ``most`` bytes are read. If the header announces more, a file that is ``limited`` is refused by this name.
    """
    head = file.read(HEAD)
    ndim = head[3] if len(head) > 3 and head[:3] == bytes([0, 0, UINT8]) else 0
    if not 1 <= ndim <= MAX_NDIM or len(head) < 4 + 4 * ndim:
        return head
    length = 4 + 4 * ndim + math.prod(_shape(head))
    if limited is not None and length > most:
        raise InputError(f"{limited}: expected gzip data of at most {most:,} bytes, got a header for {length:,}")
    return head + file.read(max(0, min(length, most) + 1 - len(head)))  # to the end of gzip, where its checksum is


def _shape(payload: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(payload[i : i + 4], "big") for i in range(4, 4 + 4 * payload[3], 4))


def parse_idx(payload: bytes, *, source: str | os.PathLike[str] = "IDX data") -> NDArray[np.uint8]:
    """Turn decompressed IDX bytes into an array.

    Parameters
    ----------
    payload : a header of 1 to 4 dimensions, and exactly as many bytes as it announces
    source : what the errors name

    Returns
    -------
    A writable uint8 array with the shape in the header.

    Raises
    ------
    InputError : the payload is anything else

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([7, 8, 9], dtype=uint8)
    """
    if not payload:
        raise InputError(f"{source}: expected IDX data, got an empty file; download it again")
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise InputError(f"{source}: expected IDX data, got what looks like an HTML page; download it again")
    if len(payload) < 4 or payload[:2] != b"\0\0" or payload[2] not in ELEMENT_TYPES:
        raise InputError(
            f"{source}: expected IDX data, which begins with the bytes [0, 0, {UINT8}, number of dimensions], "
            f"got {list(payload[:4])}"
        )
    element, ndim = payload[2], payload[3]
    if element != UINT8:
        raise InputError(f"{source}: expected IDX data of uint8, got {ELEMENT_TYPES[element]}")
    if not 1 <= ndim <= MAX_NDIM:
        raise InputError(f"{source}: expected IDX data of 1 to {MAX_NDIM} dimensions, got {ndim}")

    start = 4 + 4 * ndim
    if len(payload) < start:
        raise InputError(f"{source}: expected a header of {start} bytes, got a truncated file of {len(payload)}")
    shape = _shape(payload)
    came, expected = len(payload) - start, math.prod(shape)
    if came != expected:
        what = "the file is truncated" if came < expected else "there are trailing bytes"
        raise InputError(f"{source}: expected {expected} bytes of data for shape {shape}, got {came}: {what}")
    return np.frombuffer(payload, np.uint8, offset=start).reshape(shape).copy()


def find_idx(folder: str | os.PathLike[str], stem: str) -> Path | None:
    """Find one IDX file in a folder.

    Parameters
    ----------
    folder : where to look; it need not exist
    stem : the published name, such as "train-images-idx3-ubyte". It is tried with ".gz" and without, then the same
        with ".idx" in the place of "-idx", as some archives unpack it

    Returns
    -------
    The path of the file, or None.
    """
    for name in (stem, stem.replace("-idx", ".idx")):
        for suffix in (".gz", ""):
            path = Path(folder) / f"{name}{suffix}"
            if os.path.isfile(path):  # in a folder without permission this is False
                return path
    return None
