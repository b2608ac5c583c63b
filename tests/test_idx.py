"""The IDX reader takes exactly what the format says, and names what is wrong with everything else."""

import gzip
import os
import struct
import zlib

import numpy as np
import pytest

from minigan.datasets.idx import find_idx, parse_idx, read_idx, read_payload
from minigan.errors import InputError

WORDS = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)


def idx_bytes(array, *, element=8):
    header = bytes([0, 0, element, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 2), (4, 3, 2), (2, 3, 4, 1), (0, 28, 28)])
@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_reads_back_what_was_written(tmp_path, shape, compress):
    array = np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)
    path = tmp_path / "any-name"
    path.write_bytes(compress(idx_bytes(array)))
    read = read_idx(path)
    assert read.dtype == np.uint8
    assert read.shape == shape
    np.testing.assert_array_equal(read, array)


def test_gzip_is_recognised_by_its_content_not_its_name(tmp_path):
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed"
    plain.write_bytes(idx_bytes(WORDS))
    packed.write_bytes(gzip.compress(idx_bytes(WORDS)))
    np.testing.assert_array_equal(read_idx(plain), WORDS)
    np.testing.assert_array_equal(read_idx(packed), WORDS)


def test_sizes_are_big_endian():
    payload = bytes([0, 0, 8, 1, 0, 0, 1, 2]) + bytes(258)
    assert parse_idx(payload).shape == (258,)


def test_the_array_is_the_callers_own():
    payload = idx_bytes(WORDS)
    array = parse_idx(payload)
    array += 1
    np.testing.assert_array_equal(parse_idx(payload), WORDS)


def test_payload_is_the_decompressed_bytes(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"some bytes"))
    assert read_payload(tmp_path / "a.gz") == b"some bytes"


def test_no_more_is_unpacked_than_the_header_announces(tmp_path):
    """What follows is left alone: this gzip is damaged only behind the byte that shows that it is too long."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(idx_bytes(WORDS) + bytes(100_000)) + packer.flush(zlib.Z_FULL_FLUSH) + b"damaged"
    (tmp_path / "a.gz").write_bytes(packed)
    with pytest.raises(InputError, match=r"expected 24 bytes .*, got 1008: there are trailing bytes"):
        read_idx(tmp_path / "a.gz")
    (tmp_path / "a.gz").write_bytes(packed[:25])
    with pytest.raises(InputError, match="damaged or truncated gzip data"):
        read_idx(tmp_path / "a.gz")


@pytest.mark.parametrize(("count", "taken"), [(64 << 20, False), ((64 << 20) - 8, True)])
def test_gzip_may_become_64_mib(tmp_path, count, taken):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", count) + bytes(count), 1))
    if taken:
        assert read_idx(tmp_path / "a.gz").shape == (count,)
    else:
        with pytest.raises(
            InputError, match="expected gzip data of at most 67,108,864 bytes, got a header for 67,108,"
        ):
            read_idx(tmp_path / "a.gz")


GOOD = idx_bytes(WORDS)
PACKED = gzip.compress(GOOD, mtime=0)
FLIPPED = PACKED[:20] + bytes([PACKED[20] ^ 0xFF]) + PACKED[21:]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "expected IDX data, got an empty file"),
        (gzip.compress(b"", mtime=0), "expected IDX data, got an empty file"),
        (b"<!DOCTYPE html><html>403</html>", "expected IDX data, got what looks like an HTML page; download it again"),
        (b"\n  <html>", "looks like an HTML page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "looks like an HTML page"),
        (gzip.compress(b"<html>", mtime=0), "looks like an HTML page"),
        (b"\0\0", r"begins with the bytes \[0, 0, 8, number of dimensions\], got \[0, 0\]"),
        (b"\x89PNG\r\n", r"got \[137, 80, 78, 71\]"),
        (b"\0\0\x08", r"begins with the bytes \[0, 0, 8, number of dimensions\], got \[0, 0, 8\]"),
        (gzip.compress(b"\0\0\x08", mtime=0), r"got \[0, 0, 8\]"),
        (b"\0\0\x08\1\0", "expected a header of 8 bytes, got a truncated file of 5"),
        (b"\0\1" + GOOD[2:], "expected IDX data, which begins with"),
        (b"\0\0\7" + GOOD[3:], "expected IDX data, which begins with"),
        (bytes([0, 0, 9]) + GOOD[3:], "expected IDX data of uint8, got int8"),
        (bytes([0, 0, 13]) + GOOD[3:], "expected IDX data of uint8, got float32"),
        (bytes([0, 0, 8, 0, 5]), "expected IDX data of 1 to 4 dimensions, got 0"),
        (idx_bytes(np.zeros((1,) * 5, np.uint8)), "expected IDX data of 1 to 4 dimensions, got 5"),
        (GOOD[:15], "expected a header of 16 bytes, got a truncated file of 15"),
        (GOOD[:16], r"expected 24 bytes of data for shape \(4, 3, 2\), got 0: the file is truncated"),
        (GOOD[:-1], "expected 24 bytes .*, got 23: the file is truncated"),
        (GOOD + b"\0", "expected 24 bytes .*, got 25: there are trailing bytes"),
        (bytes([0, 0, 8, 4]) + b"\xff" * 16, "got 0: the file is truncated"),
        (PACKED[:-9], "damaged or truncated gzip data"),
        (PACKED[:5], "damaged or truncated gzip data"),
        (b"\x1f\x8b", "damaged or truncated gzip data"),
        (FLIPPED, "damaged or truncated gzip data"),
        (PACKED + b"junk", "damaged or truncated gzip data"),
    ],
)
def test_refuses_in_one_line_that_names_the_file(tmp_path, raw, message):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="nowhere: expected an IDX file, got no such file"):
        read_idx(tmp_path / "nowhere")


def test_folder_in_place_of_a_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_idx(tmp_path)


def test_default_source_of_the_parser():
    with pytest.raises(InputError, match=r"^IDX data: "):
        parse_idx(b"")


@pytest.mark.parametrize("name", ["a-idx1-ubyte", "a-idx1-ubyte.gz", "a.idx1-ubyte", "a.idx1-ubyte.gz"])
def test_finds_every_spelling(tmp_path, name):
    (tmp_path / name).touch()
    assert find_idx(tmp_path, "a-idx1-ubyte") == tmp_path / name


def test_finds_the_published_name_first_and_no_folders(tmp_path):
    assert find_idx(tmp_path, "a-idx1-ubyte") is None
    assert find_idx(tmp_path / "absent", "a-idx1-ubyte") is None
    (tmp_path / "a.idx1-ubyte.gz").touch()
    (tmp_path / "a-idx1-ubyte").touch()
    (tmp_path / "a-idx1-ubyte.gz").mkdir()
    assert find_idx(os.fspath(tmp_path), "a-idx1-ubyte") == tmp_path / "a-idx1-ubyte"
