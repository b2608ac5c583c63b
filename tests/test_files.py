"""Atomic writes: the whole new file, or the old one untouched."""

import os
import subprocess
import sys

import filelock
import pytest

from minigan.files import acquire_lock, atomic_path, remove_stale


def test_success(tmp_path):
    path = tmp_path / "model.npz"
    with atomic_path(path) as temporary:
        assert temporary.parent == tmp_path  # one file system, so that the rename is atomic
        assert temporary != path
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_replaces_the_old_file_only_at_the_end(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    with atomic_path(str(path)) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [b"old", None])
def test_failure_leaves_the_old_file_and_no_other(old, error, tmp_path):
    path = tmp_path / "model.npz"
    if old is not None:
        path.write_bytes(old)

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert (path.read_bytes() if path.exists() else None) == old
    assert list(tmp_path.iterdir()) == ([path] if old else [])


def test_failure_after_the_writer_removed_its_file(tmp_path):
    def fail():
        with atomic_path(tmp_path / "a.png") as temporary:
            temporary.unlink()
            raise RuntimeError("the writer's own")

    with pytest.raises(RuntimeError, match="the writer's own"):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["grid.png", "model.npz", "training.gif", "README", "a.b.json"])
def test_keeps_the_suffix(name, tmp_path):
    path = tmp_path / name
    with atomic_path(path) as temporary:
        assert temporary.suffix == path.suffix
        assert temporary.name.startswith(".")  # no glob for *.png takes it for a picture
    assert path.exists()


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_path(path) as first, atomic_path(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # the outer block ends last


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(umask, expected, tmp_path):
    before = os.umask(umask)
    try:
        with atomic_path(tmp_path / "a.txt") as temporary:
            temporary.write_text("x")
        assert os.umask(umask) == umask  # as it was
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == expected


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "none" / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_of_killed_processes_are_removed_and_no_others(tmp_path):
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "from minigan.files import atomic_path\n"
            "with atomic_path(sys.argv[1]) as temporary:\n"
            "    temporary.write_text('half')\n"
            "    os.kill(os.getpid(), 9)",
            str(tmp_path / "model.npz"),
        ],
        check=False,
    )
    assert killed.returncode != 0
    [left] = tmp_path.iterdir()
    (tmp_path / ".minigan-notes").write_text("mine")
    with atomic_path(tmp_path / "other.npz") as temporary:
        remove_stale(tmp_path)
        assert not left.exists()
        assert temporary.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".minigan-notes", "other.npz"]


def test_a_file_of_an_earlier_process_with_the_same_number_is_removed(tmp_path):
    """In a container the first process always has the number 1."""
    earlier = tmp_path / f".minigan-{os.getpid()}-00000000-12345678.npz"
    earlier.touch()
    remove_stale(tmp_path)
    assert not earlier.exists()


def test_a_lock_is_held_by_one_process_until_it_ends(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from minigan.files import acquire_lock\n"
        "lock = acquire_lock(Path(sys.argv[1]), seconds=0)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    path = tmp_path / ".lock"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError):
            acquire_lock(path, seconds=0)
        other.kill()
    acquire_lock(path, seconds=0).release()


def test_without_locks_nothing_is_prevented(tmp_path, monkeypatch):
    def refuse(self, **options):
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    acquire_lock(tmp_path / ".lock", seconds=0).release()
