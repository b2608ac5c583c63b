"""NCCL: what it is asked to do, by a stand-in, because no machine with two GPUs ran this."""

from types import SimpleNamespace

import numpy as np
import pytest
import strict_cupy
from test_mpi import Comm

from minigan import InputError
from minigan.distributed import ALONE, mpi
from minigan.distributed.nccl import Nccl


class Library:
    """As `cupy.cuda.nccl`; it writes down the calls."""

    NCCL_FLOAT32, NCCL_FLOAT64, NCCL_INT64, NCCL_SUM = "f32", "f64", "i64", "sum"

    def __init__(self):
        self.calls = []

    def get_unique_id(self):
        return "the group"

    def NcclCommunicator(self, *arguments):
        self.calls.append(("join", *arguments))
        record = lambda name: lambda *arguments: self.calls.append((name, *arguments))  # noqa: E731
        return SimpleNamespace(allReduce=record("allReduce"), broadcast=record("broadcast"))


@pytest.mark.parametrize(("dtype", "kind"), [("float32", "f32"), ("float64", "f64"), ("int64", "i64")])
def test_what_lies_on_the_gpu_stays_there(dtype, kind, monkeypatch):
    cupy, library = strict_cupy.install(monkeypatch), Library()
    monkeypatch.setattr(cupy.cuda, "nccl", library, raising=False)
    monkeypatch.setattr(cupy.cuda, "get_current_stream", lambda: SimpleNamespace(ptr=7))
    monkeypatch.setattr(mpi, "import_mpi", lambda: SimpleNamespace(COMM_WORLD=Comm(ALONE)))
    communicator = Nccl()
    on_gpu, on_host = cupy.ones((2, 3), dtype=dtype), np.ones(3)
    with strict_cupy.count() as count:
        for each in (on_gpu, on_host):
            communicator.sum_(each)
            communicator.broadcast(each)
    assert (count.synchronisations, count.uploads) == (0, 0)
    where = (on_gpu.data.ptr, on_gpu.data.ptr, 6, kind)
    assert library.calls == [
        ("join", 1, "the group", 0),
        ("allReduce", *where, "sum", 7),
        ("broadcast", *where, 0, 7),
    ]
    assert on_host.tolist() == [1, 1, 1]
    with pytest.raises(InputError, match=r"^array: expected a contiguous array"):
        communicator.sum_(on_gpu.T)
