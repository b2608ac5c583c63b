"""What a GPU is asked to do, from CUPTI, NVIDIA's library for profilers, called through ctypes.

CUPTI hands over one record for each kernel, copy, fill and wait. The fields read here have had the same places in the
records from CUDA 11 to CUDA 13 (``cupti_activity.h``).
"""

import ctypes
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

MEMCPY, MEMSET, KERNEL, CONCURRENT_KERNEL, SYNCHRONIZATION = 1, 2, 3, 10, 38  # CUpti_ActivityKind, the first field
TO_DEVICE, TO_HOST = 1, 2  # CUpti_ActivityMemcpyKind
PAGEABLE = 1  # CUpti_ActivityMemoryKind
STREAM_WAIT_EVENT = 2  # CUpti_ActivitySynchronizationType: a stream waits, and the host does not
START, END, NAME = 16, 24, 104  # places in the record of a kernel
FORCED = 1  # the flag of a flush that also hands over buffers which are not full
BUFFER = 8 << 20  # bytes for records
PRODUCT = re.compile(r"gemm|gemv|nvjet|cutlass|cublas|splitk|dot_kernel", re.IGNORECASE)

Request = ctypes.CFUNCTYPE(
    None, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)
)
Complete = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)


class Operation(NamedTuple):
    """One thing that a device was asked to do."""

    kind: str  # "kernel", "product", "upload", "pageable upload", "download", "copy", "fill" or "wait"
    seconds: float = 0.0  # on the device; 0 for all but kernels


def find_library() -> Any:
    """Return CUPTI, or None where it is not installed; CuPy depends on the package that knows where to look."""
    try:
        return ctypes.CDLL(import_module("cuda.pathfinder").load_nvidia_dynamic_lib("cupti").abs_path)
    except (ImportError, OSError, RuntimeError, ValueError):
        return None


def trace(library: Any, task: Callable[[], object], wait: Callable[[], object]) -> list[Operation]:
    """Return what the device was asked to do during ``task``.

    Parameters
    ----------
    library : CUPTI, from `find_library`
    task : asks the device
    wait : waits until the device has done everything

    Raises
    ------
    RuntimeError : CUPTI refuses
    """
    found: list[Operation] = []
    buffers: dict[int, Any] = {}

    def request(place: Any, size: Any, most_records: Any) -> None:
        buffer = ctypes.create_string_buffer(BUFFER)
        buffers[ctypes.addressof(buffer)] = buffer
        place[0], size[0], most_records[0] = ctypes.addressof(buffer), BUFFER, 0

    def complete(context: Any, stream: int, buffer: int, size: int, valid: int) -> None:
        record = ctypes.c_void_p()
        while valid and not library.cuptiActivityGetNextRecord(
            ctypes.c_void_p(buffer), ctypes.c_size_t(valid), ctypes.byref(record)
        ):
            operation = read(record.value or 0)
            if operation:
                found.append(operation)
        buffers.pop(buffer, None)

    _callbacks[:] = [Request(request), Complete(complete)]
    wait()
    _check(library.cuptiActivityRegisterCallbacks(*_callbacks))
    kinds = (MEMCPY, MEMSET, CONCURRENT_KERNEL, SYNCHRONIZATION)
    try:
        for kind in kinds:
            _check(library.cuptiActivityEnable(kind))
        task()
    finally:
        library.cuptiActivityDisable(SYNCHRONIZATION)  # the wait below is not part of the task
        wait()
        for kind in kinds[:-1]:
            library.cuptiActivityDisable(kind)
        flushed = library.cuptiActivityFlushAll(FORCED)
    _check(flushed)
    return found


_callbacks: list[Any] = []  # CUPTI may call the last ones at any time


def _check(status: int) -> None:
    if status:
        raise RuntimeError(f"CUPTI answers with error {status}")


def read(record: int) -> Operation | None:
    """Return what the record at an address says, or None if it is about nothing that is counted."""
    match _field(record, 0, ctypes.c_uint32):
        case kind if kind in (KERNEL, CONCURRENT_KERNEL):
            name = _field(record, NAME, ctypes.c_char_p) or b""
            seconds = (_field(record, END, ctypes.c_uint64) - _field(record, START, ctypes.c_uint64)) / 1e9
            return Operation("product" if PRODUCT.search(name.decode(errors="replace")) else "kernel", seconds)
        case kind if kind == MEMCPY:
            direction, source = (_field(record, place, ctypes.c_uint8) for place in (4, 5))
            if direction == TO_DEVICE:
                return Operation("pageable upload" if source == PAGEABLE else "upload")
            return Operation("download" if direction == TO_HOST else "copy")
        case kind if kind == MEMSET:
            return Operation("fill")
        case kind if kind == SYNCHRONIZATION and _field(record, 4, ctypes.c_uint32) != STREAM_WAIT_EVENT:
            return Operation("wait")
    return None


def _field(record: int, place: int, kind: Any) -> Any:
    return kind.from_address(record + place).value
