"""How a process becomes a rank, which GPU it takes, and how all ranks end when one fails."""

import platform
import sys
import threading
from types import SimpleNamespace

import pytest
import strict_cupy

from minigan import DeviceError, InputError
from minigan.distributed import (
    ALONE,
    all_or_none,
    connect,
    ending_together,
    mpi,
    place_on_machine,
    run_ranks,
    take_gpus,
)
from minigan.distributed.mpi import Mpi
from minigan.distributed.nccl import Nccl


@pytest.fixture
def outside_mpi(monkeypatch):
    for name in ("PMI", "OMPI_COMM_WORLD"):
        monkeypatch.delenv(f"{name}_RANK", raising=False)
        monkeypatch.delenv(f"{name}_SIZE", raising=False)


@pytest.mark.parametrize(("started", "joined"), [(None, 1), (1, 1), (2, 2), (2, 1)])
def test_an_mpiexec_of_another_mpi_is_named(started, joined, outside_mpi, monkeypatch):
    """Its processes do not know each other, so each would train alone."""
    world = SimpleNamespace(Get_rank=lambda: 0, Get_size=lambda: joined)
    monkeypatch.setattr(mpi, "import_mpi", lambda: SimpleNamespace(COMM_WORLD=world))
    if started:
        monkeypatch.setenv("PMI_RANK", "0")
        monkeypatch.setenv("PMI_SIZE", str(started))
    if (started or 1) == joined:
        assert connect().size == joined
    else:
        with pytest.raises(DeviceError, match=r"^distributed: expected 2 processes that know each other, got .* alone"):
            connect()


def test_without_mpi4py(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(
        DeviceError, match=r"^distributed: expected mpi4py and an MPI library, got the error 'import of mpi4py"
    ):
        connect()


@pytest.mark.parametrize(("gpus", "available", "kind"), [(1, True, Mpi), (2, False, Mpi), (2, True, Nccl)])
def test_which_gpu_and_whether_nccl(gpus, available, kind, monkeypatch):
    cupy = strict_cupy.install(monkeypatch)
    join = lambda *arguments: None  # noqa: E731
    nccl = SimpleNamespace(available=available, get_unique_id=join, NcclCommunicator=join)
    used = []
    device = lambda i: SimpleNamespace(use=lambda: used.append(i))  # noqa: E731
    monkeypatch.setattr(cupy.cuda, "Device", device)
    monkeypatch.setattr(cupy.cuda, "runtime", SimpleNamespace(getDeviceCount=lambda: gpus))
    monkeypatch.setattr(cupy.cuda, "nccl", nccl, raising=False)
    world = SimpleNamespace(
        Get_rank=lambda: 5,  # the second rank on the third machine
        Get_size=lambda: 6,
        allgather=lambda own: list("aabbcc") if own == "c" else [own] * 6,
    )
    monkeypatch.setattr(platform, "node", lambda: "c")
    monkeypatch.setattr(mpi, "import_mpi", lambda: SimpleNamespace(COMM_WORLD=world))
    communicator = connect()
    assert (type(communicator), used) == (Mpi, [])
    taken = take_gpus(communicator)
    assert type(taken) is kind
    assert (taken is communicator) == (kind is Mpi)
    assert used == [1 % gpus]


def test_place_on_machine(monkeypatch):
    machines = ["a", "b", "a", "a"]
    monkeypatch.setattr(platform, "node", lambda: machines[int(threading.current_thread().name)])

    def work(ranks):
        threading.current_thread().name = str(ranks.rank)
        return place_on_machine(ranks)

    assert run_ranks(4, work) == [(0, 3), (0, 1), (1, 3), (2, 3)]
    monkeypatch.undo()
    assert place_on_machine(ALONE) == (0, 1)


def test_a_failure_ends_the_others(capsys):
    aborted = []

    class Ranks:
        rank, size = 1, 2
        abort = staticmethod(lambda: aborted.append(1))

    with pytest.raises(KeyError, match="boom"), ending_together(Ranks()):
        raise KeyError("boom")
    assert aborted == [1]
    said = capsys.readouterr().err
    assert said.startswith("rank 1 of 2 failed:\nTraceback")
    assert "KeyError: 'boom'" in said
    with ending_together(Ranks()):
        pass
    with pytest.raises(KeyError, match="boom"), ending_together(ALONE):
        raise KeyError("boom")
    with pytest.raises(KeyError, match="boom"), ending_together(Ranks(), InputError, KeyError):  # all ranks raise it
        raise KeyError("boom")
    assert (aborted, capsys.readouterr().err) == ([1], "")


@pytest.mark.parametrize("size", [1, 3])
def test_all_succeed(size):
    assert run_ranks(size, lambda ranks: all_or_none(ranks, lambda: ranks.rank)) == list(range(size))
    assert run_ranks(size, lambda ranks: all_or_none(ranks, lambda: None)) == size * [None]


@pytest.mark.parametrize("bad", [{0}, {2}, {1, 2}, {0, 1, 2}])
@pytest.mark.parametrize("kind", [InputError, DeviceError])
def test_none_goes_on_when_one_fails(bad, kind):
    """All ranks raise the error of the first one that has one, and none waits for another."""

    def work(ranks):
        def prepare():
            if ranks.rank in bad:
                raise kind(f"rank {ranks.rank}")

        with pytest.raises(kind, match=rf"^rank {min(bad)}$"):
            all_or_none(ranks, prepare)
        return ranks.gather("still here")

    assert run_ranks(3, work) == 3 * [3 * ["still here"]]


def test_an_unexpected_error_is_not_shared():
    """It ends the others in another way."""
    with pytest.raises(ZeroDivisionError):
        run_ranks(2, lambda ranks: all_or_none(ranks, lambda: 1 / (1 - ranks.rank)))
