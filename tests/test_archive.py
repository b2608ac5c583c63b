"""Archives: what was written comes back, and nothing that is damaged or too large does."""

import io
import json
import zipfile

import numpy as np
import pytest

from minigan.archive import Archive, read_verified, size_limit, write_archive
from minigan.errors import InputError

ARRAYS = {
    "weights": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    "order": np.arange(7),
    "empty": np.empty(0),
    "number": np.array(2.5),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.npz"
    write_archive(path, {"format": 1, "name": "Gödel"}, ARRAYS)
    return path


def read(path):
    with Archive(path) as archive:
        return read_verified(archive, archive.description())


def rewrite(path, name, content):
    """Exchange one member of a zip archive; the checksum of the zip is that of the new content."""
    with zipfile.ZipFile(path) as old:
        members = {each: old.read(each) for each in old.namelist()}
    members[name] = content
    with zipfile.ZipFile(path, "w") as new:
        for each, data in members.items():
            new.writestr(each, data)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("compress", [False, True])
def test_round_trip(compress, tmp_path):
    path = tmp_path / "some.npz"
    write_archive(path, {"format": 1, "name": "Gödel"}, ARRAYS, compress=compress)
    with Archive(path) as archive:
        description = archive.description()
        found = read_verified(archive, description)
    assert (description["format"], description["name"]) == (1, "Gödel")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
        assert found[name].flags.writeable
    again = tmp_path / "again.npz"
    write_archive(again, {"format": 1, "name": "Gödel"}, ARRAYS, compress=compress)
    assert again.read_bytes() == path.read_bytes()


def test_arrays_in_fortran_order_come_back(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, a=np.asfortranarray(ARRAYS["weights"]))
    with Archive(path) as archive:
        np.testing.assert_array_equal(archive.read("a", ["float32"]), ARRAYS["weights"])


def test_every_flipped_bit_and_every_cut_is_noticed(path):
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    noticed = 0
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = read(path)
        except InputError:
            noticed += 1
        else:  # the bit says nothing about the contents: a date, a version, ...
            assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())
    assert noticed > len(whole) / 6
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read(path)


def test_a_header_that_is_longer_by_two_bytes_shifts_no_numbers(path):
    content = bytearray(npy(ARRAYS["weights"]))
    content[8] += 2  # the length of the header
    rewrite(path, "weights.npy", bytes(content))
    with pytest.raises(InputError, match="weights"):
        read(path)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.float32([1, np.nan]), "expected finite numbers, got NaN or infinity"),
        (np.float32([1, np.inf]), "expected finite numbers, got NaN or infinity"),
        (np.array([True]), "expected float32 or float64, got bool"),
        (np.int8([1]), "expected float32 or float64, got int8"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"expected float32 or float64, got datetime64\[D\]"),
        (np.array(["text"]), "expected float32 or float64, got <U4"),
        (np.array([object()]), "expected float32 or float64, got object"),
        (np.zeros(2, dtype=[("a", "f4")]), "expected float32 or float64, got"),
        (np.array([1.0], dtype=">f4"), "expected float32 or float64, got >f4"),
    ],
)
def test_other_numbers_are_refused_by_name(array, problem, tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, weights=array)
    with Archive(path) as archive, pytest.raises(InputError, match=f"^weights: {problem}"):
        archive.read("weights", ["float32", "float64"])


def test_an_array_that_is_too_large_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "some.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.npy", header.getvalue())
    with Archive(path) as archive, pytest.raises(InputError, match="weights: expected at most 67,108,864 bytes"):
        archive.read("weights", ["float64"])


def test_the_limit_grows_with_the_file():
    assert size_limit(1000) == 1 << 26
    assert size_limit(10_000_000) == 200_000_000


def test_an_array_with_another_checksum_is_refused(path):
    rewrite(path, "weights.npy", npy(ARRAYS["weights"] + 1))
    with pytest.raises(InputError, match="weights: expected an array that fits its checksum"):
        read(path)


def test_an_array_that_is_missing_is_refused(path):
    with Archive(path) as archive:
        description = archive.description()
    description["arrays"]["other"] = description["arrays"]["weights"]
    rewrite(path, "description.npy", npy(np.array(json.dumps(description))))
    with pytest.raises(InputError, match=r"other: expected an array with this name, got \['description', 'weights'"):
        read(path)


@pytest.mark.parametrize("text", ["[]", "no JSON", "[" * 100_000, '{"arrays": 3}', '{"arrays": {"weights": 3}}', "{}"])
def test_other_descriptions_are_refused(text, path):
    rewrite(path, "description.npy", npy(np.array(text)))
    with pytest.raises(InputError, match=r"description|arrays|weights"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"something else", b"PK\x03\x04" + bytes(100)])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "some.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not an \.npz file"):
        Archive(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="it cannot be read: No such file"):
        Archive(tmp_path / "none.npz")


@pytest.mark.parametrize(("count", "fits"), [(5_000, True), (30_000, False), (70_000, False)])
def test_a_list_of_too_many_members_is_refused_before_it_is_read(count, fits, tmp_path):
    """From 65,536 members on, the length of the list stands in a record of its own."""
    path = tmp_path / "some.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i}.npy", b"")
        archive.writestr("weights.npy", npy(ARRAYS["weights"]))
    if fits:
        with Archive(path) as archive:
            np.testing.assert_array_equal(archive.read("weights", ["float32"]), ARRAYS["weights"])
    else:
        with pytest.raises(InputError, match=r"the list of its members has [\d,]+ bytes"):
            Archive(path)
