"""How a process becomes a rank, which GPU it takes, and how a rank that fails ends the others."""

import platform
import sys
import threading
from types import SimpleNamespace

import pytest
import strict_cupy

from minigan import DeviceError
from minigan.distributed import ALONE, connect, ending_together, mpi, place_on_machine, run_ranks
from minigan.distributed.mpi import Mpi
from minigan.distributed.nccl import Nccl


def test_without_mpi4py(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(
        DeviceError, match=r"^distributed: expected mpi4py and an MPI library, got the error 'import of mpi4py"
    ):
        connect("cpu")


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
    assert type(connect("cuda")) is kind
    assert used == [1 % gpus]
    used.clear()
    assert type(connect("cpu")) is Mpi
    assert used == []


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
    assert (aborted, capsys.readouterr().err) == ([1], "")
