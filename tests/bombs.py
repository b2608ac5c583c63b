"""Small files that claim to be large, or that become large, for the tests of the readers."""

import gzip
import io
import struct
import zlib

import numpy as np

MIB = 1 << 20


def deflated_zeros(mib: int, start: bytes = b"") -> bytes:
    """Return raw deflate data of some bytes and so many MiB of zeros; made from copies of one block, in no time."""
    packer = zlib.compressobj(9, wbits=-15)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * mib + packer.flush()


def gzip_bomb(start: bytes, mib: int = 4096) -> bytes:
    """Return gzip data of some bytes and 4 GiB of zeros, with a wrong checksum, which a reader must not live to see."""
    return gzip.compress(b"", mtime=0)[:10] + deflated_zeros(mib, start) + bytes(8)


def idx_header(*shape: int) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def gzip_bombs() -> dict[str, bytes]:
    """Return gzip data by name that becomes 4 GiB, whatever its IDX header says."""
    return {
        "honest": gzip_bomb(idx_header(4096, 1024, 1024)),
        "lying": gzip_bomb(idx_header(5, 4, 3)),
        "no header": gzip_bomb(b""),
        "just allowed": gzip_bomb(idx_header(80, 1024, 1000)),
        "many axes": gzip_bomb(bytes([0, 0, 8, 255]) + b"\xff" * 1020),
        "overflow": gzip_bomb(bytes([0, 0, 8, 4]) + b"\xff" * 16),
        "spaces": gzip_bomb(b"   "),
    }


def npy_header(shape: object, descr: str = "|u1", *, version: int = 1, length: int | None = None) -> bytes:
    """Return the header of a .npy file, with any text as its shape and any length."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(
    content: bytes, *, name: str = "images.npy", packed: bytes | None = None, method: int = 8, flags: int = 0,
    size: int | None = None, crc: int | None = None, count: int = 1,
) -> bytes:  # fmt: skip
    """Return a zip archive with one member, ``count`` times in its list, of which every entry may be a lie.

    ``packed`` stands in the file in the place of what the method makes of ``content``.
    """
    if packed is None:
        packer = zlib.compressobj(9, wbits=-15)
        packed = content if method == 0 else packer.compress(content) + packer.flush()
    size = min(len(content) if size is None else size, 2**32 - 2)
    crc = zlib.crc32(content) if crc is None else crc
    common = struct.pack("<HHHHHLLLHH", 20, flags, method, 0, 33, crc, len(packed), size, len(name), 0)
    local = b"PK\3\4" + common + name.encode() + packed
    entry = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + name.encode()
    listed = entry * count
    end = struct.pack("<HHHHLLH", 0, 0, min(count, 65535), min(count, 65535), len(listed), len(local), 0)
    return local + listed + b"PK\5\6" + end


def zip_bombs() -> dict[str, bytes]:
    """Return archives by name whose member 'images' claims to be large, becomes large, or cannot be read."""
    small, large = npy_header((5, 4, 3)), npy_header((4096, 1024, 1024))
    nested = {"parentheses": "(" * 4000 + ")" * 4000, "minus": "-" * 8000 + "1", "lists": "[" * 4000 + "]" * 4000}
    zeros = deflated_zeros(4096)
    good = npy(np.arange(60, dtype=np.uint8).reshape(5, 4, 3))
    return {
        "honest": zipped(large, packed=deflated_zeros(4096, large), size=2**32 - 2),
        "lying shape": zipped(small, packed=deflated_zeros(4096, small), size=2**32 - 2),
        "no header": zipped(b"", packed=zeros, size=2**32 - 2),
        "small size": zipped(large, packed=deflated_zeros(4096, large), size=188),
        "long header 1": zipped(b"", packed=deflated_zeros(4096, npy_header("()", length=65535)), size=2**32 - 2),
        "long header 2": zipped(
            b"", packed=deflated_zeros(4096, npy_header("()", version=2, length=2**32 - 1)), size=2**32 - 2
        ),
        "huge shape": zipped(npy_header((2**40,))),
        "overflow": zipped(npy_header((2**62, 2**62, 3))),
        "overflow to 0": zipped(npy_header((2**32, 2**32, 3), "<f8")),
        "negative": zipped(npy_header((-5, 4, 3))),
        "no integer": zipped(npy_header((5.0, 4, 3))),
        "many axes": zipped(npy_header((1,) * 65)),
        "empty and huge": zipped(npy_header((0, 2**62, 2**62))),
        "long text": zipped(npy_header((5, 4, 3), "<U1000000000")),
        "subarray": zipped(npy_header((5, 4, 3), "(1000000,1000000)u1")),
        "structure": zipped(npy_header((5, 4, 3)).replace(b"'|u1'", b"[('a', 'u1')]")),
        **{f"nested {name}": zipped(npy_header(text)) for name, text in nested.items()},
        "encrypted": zipped(good, flags=1),
        "strong encryption": zipped(good, flags=64),
        "patched": zipped(good, flags=32),
        "bz2": zipped(b"", packed=_bz2_zeros(large), method=12, size=2**32 - 2),
        "bz2 in the header": zipped(b"", packed=_bz2_zeros(b"\x93NUMPY"), method=12, size=2**32 - 2),
        "lzma": zipped(good, packed=b"\5\4\5\0" + b"\x5d\0\0\0\xff" + bytes(99), method=14),
        "unknown method": zipped(good, method=99, packed=good),
        "wrong checksum": zipped(good, crc=0),
        "wrong size": zipped(good, size=9),
        "many members": zipped(good, count=200_000),
        "zip64": zipped(good).replace(b"PK\5\6", b"PK\6\7" + bytes(16) + b"PK\5\6"),
    }


def _bz2_zeros(start: bytes) -> bytes:
    import bz2

    packer = bz2.BZ2Compressor()
    return packer.compress(start + bytes(45 * MIB)) + packer.flush()
