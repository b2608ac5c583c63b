"""Reads IDX, the format MNIST is published in, and refuses every file that is not exactly that.

An IDX file is a 4-byte magic (0, 0, element type, number of dimensions), one big-endian uint32 per
dimension, then the elements in C order (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
"""

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
UINT8 = 8
ELEMENT_TYPES = {8: "uint8", 9: "int8", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}
MAX_NDIM = 4


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read one IDX file of bytes, gzipped or plain.

    Parameters
    ----------
    path : path of the file; gzip is recognised by the first two bytes, never by the name

    Returns
    -------
    ndarray of uint8, shape as in the file's header, e.g. (60000, 28, 28) for images, (60000,) for labels

    Raises
    ------
    InputError : the file is missing, damaged, truncated, too long, or not IDX data of uint8
    """
    return parse_idx(read_payload(path), source=path)


def read_payload(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file, decompressed when they are gzip: what a published hash is taken of.

    Raises InputError when the file cannot be read, or is gzip that is damaged or cut short.
    """
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an IDX file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected an IDX file") from None
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        reason = str(error).rstrip(".")
        raise InputError(f"{path}: damaged or truncated gzip data ({reason}): download it again") from None


def parse_idx(payload: bytes, *, source: str | os.PathLike[str] = "IDX data") -> NDArray[np.uint8]:
    """Turn decompressed IDX bytes into an array; errors name ``source``.

    Returns a writable uint8 array with the header's shape. Raises InputError unless the payload is exactly
    a header of 1 to 4 dimensions and as many bytes as it announces.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([7, 8, 9], dtype=uint8)
    """
    if not payload:
        raise InputError(f"{source}: the file is empty; expected IDX data: download it again")
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise InputError(f"{source}: looks like an HTML page, not IDX data: download it again")
    if len(payload) < 4 or payload[:2] != b"\0\0" or payload[2] not in ELEMENT_TYPES:
        raise InputError(
            f"{source}: not IDX data: it begins with bytes {list(payload[:4])}, "
            f"expected [0, 0, {UINT8}, number of dimensions]"
        )
    element, ndim = payload[2], payload[3]
    if element != UINT8:
        raise InputError(f"{source}: IDX data of {ELEMENT_TYPES[element]}; expected uint8")
    if not 1 <= ndim <= MAX_NDIM:
        raise InputError(f"{source}: IDX data of {ndim} dimensions; expected 1 to {MAX_NDIM}")

    start = 4 + 4 * ndim
    if len(payload) < start:
        raise InputError(f"{source}: truncated header: {len(payload)} bytes, expected at least {start}")
    shape = tuple(int.from_bytes(payload[i : i + 4], "big") for i in range(4, start, 4))
    came, expected = len(payload) - start, math.prod(shape)
    if came != expected:
        what = "truncated" if came < expected else "trailing bytes"
        raise InputError(f"{source}: {what}: {came} bytes of data, expected {expected} for shape {shape}")
    return np.frombuffer(payload, np.uint8, offset=start).reshape(shape).copy()


def find_idx(folder: str | os.PathLike[str], stem: str) -> Path | None:
    """Return the file of ``folder`` that holds the IDX data ``stem``, or None.

    ``stem`` is the published name, "train-images-idx3-ubyte". Tried in this order: with ".gz" and without,
    then the same with ".idx" in the place of "-idx", as some archives unpack it.
    """
    for name in (stem, stem.replace("-idx", ".idx")):
        for suffix in (".gz", ""):
            path = Path(folder) / f"{name}{suffix}"
            if os.path.isfile(path):  # False, not an error, in a folder that may not be entered
                return path
    return None
