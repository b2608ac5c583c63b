"""The switch between NumPy (CPU) and CuPy (GPU); no other module imports CuPy.

The arrays decide in every call which library computes: ``xp = get_array_module(x)``. Where there is no input array yet
(weights, noise, data), the name of a device decides: ``"cpu"``, ``"cuda"`` or ``"auto"``.
"""

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np

from .errors import DeviceError, InputError

Array = Any  # numpy.ndarray or cupy.ndarray
Device = Literal["cpu", "cuda"]
Numbers = TypeVar("Numbers", bound=tuple[float, ...])


def get_array_module(*arrays: Array) -> ModuleType:
    """Return ``cupy`` when any of ``arrays`` is a CuPy array, else ``numpy``.

    This function never imports CuPy, because no CuPy array can exist before CuPy is imported.

    >>> get_array_module(np.zeros(3)).__name__
    'numpy'
    """
    cupy = sys.modules.get("cupy")
    if cupy is not None and any(isinstance(a, cupy.ndarray) for a in arrays):
        return cupy
    return np


@lru_cache(maxsize=1)
def cuda_problem() -> str | None:
    """Return one line that says why CuPy cannot compute here, or None when it can.

    CuPy can be imported without a GPU, so this function also allocates a small array and adds it up.
    """
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        install = "to install it, run pip install '.[cuda13]' or '.[cuda12]' in the folder of minigan"
        return f"CuPy is not installed ({error}); {install}"
    try:
        if not cupy.is_available():
            return "CuPy is installed, but no CUDA driver or device answers (does nvidia-smi list a GPU?)"
        if int((cupy.ones(4, dtype=np.float32) @ cupy.ones(4, dtype=np.float32)).get()) != 4:
            return "CuPy is installed and sees a GPU, but 1+1+1+1 is not 4 on it"
    except Exception as error:  # CuPy raises many types here, from RuntimeError to its own CUDA errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return f"CuPy is installed, but the GPU or a CUDA library fails: {reason}"
    return None


def resolve_device(device: str) -> Device:
    """Turn ``"auto" | "cpu" | "cuda"`` into ``"cpu"`` or ``"cuda"``; ``"auto"`` takes the GPU when one works.

    Raises
    ------
    DeviceError
        For ``"cuda"`` without a working GPU, with the reason of `cuda_problem`.
    InputError
        For any other name.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"device: expected 'auto', 'cpu' or 'cuda', got {device!r}")
    if device == "cpu":
        return "cpu"
    problem = cuda_problem()
    if problem is None:
        return "cuda"
    if device == "cuda":
        raise DeviceError(f"device: expected a working GPU for 'cuda', got none: {problem}")
    return "cpu"


def array_module(device: Device) -> ModuleType:
    """Return the array module of a resolved device: numpy for ``"cpu"``, cupy for ``"cuda"``.

    Raises
    ------
    InputError
        For any other name.
    """
    if device not in ("cpu", "cuda"):
        raise InputError(f"device: expected 'cpu' or 'cuda', got {device!r}")
    return np if device == "cpu" else importlib.import_module("cupy")


def device_of(x: Array) -> Device:
    """Return the device on which ``x`` lies."""
    return "cpu" if get_array_module(x) is np else "cuda"


def to_device(x: np.ndarray, device: Device) -> Array:
    """Copy a host array to ``device``; on the CPU this is ``x`` itself."""
    return x if device == "cpu" else array_module(device).asarray(x)


def to_host(x: Array) -> np.ndarray:
    """Copy ``x`` to the host (this waits for the GPU); on the CPU this is ``x`` itself."""
    return np.asarray(x) if get_array_module(x) is np else x.get()


class Tape(Protocol):
    """What `feed` asks while a step is recorded (see `minigan.training.graph`)."""

    def feed(self, draw: Callable[[], Array]) -> Array:
        """Return what ``draw`` returns, on the GPU, and remember ``draw``."""
        ...


class Here(threading.local):
    """What belongs to one Python thread: the tape on which its step is recorded, or None."""

    tape: Tape | None = None


_here = Here()


@contextmanager
def on_tape(tape: Tape) -> Iterator[None]:
    """Let `feed` ask ``tape`` inside the block."""
    _here.tape = tape
    try:
        yield
    finally:
        _here.tape = None


def feed(draw: Callable[[], Array], device: Device) -> Array:
    """Return what ``draw`` returns, on ``device``.

    Whatever the host gives to a training step, and changes from step to step, passes through here or through
    `feed_numbers`: if the step is recorded as a graph, ``draw`` is called again before every replay.
    """
    return to_device(draw(), device) if _here.tape is None else _here.tape.feed(draw)


def feed_numbers(draw: Callable[[], Numbers], dtype: Any) -> Numbers:
    """Return the numbers that ``draw`` returns; a recorded step gets them as arrays of shape () and this dtype."""
    if _here.tape is None:
        return draw()
    return cast(Numbers, tuple(_here.tape.feed(lambda: np.array(draw(), dtype=dtype))))


def synchronize(device: Device) -> None:
    """Wait until the device has finished all its work; on the CPU this does nothing."""
    if device == "cuda":
        array_module(device).cuda.get_current_stream().synchronize()
