"""What a training step asks a GPU to do: `minigan bench --launches` in a process of its own."""

from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ...backend import Device, synchronize
from ...errors import InputError
from . import cupti, torch_loops
from .cupti import Operation
from .whole_step import make_trainer

KINDS = ("kernel", "product", "upload", "pageable upload", "download", "copy", "fill", "wait")
WARM_UP = 3  # steps before the count, in which kernels are compiled and memory is allocated
STEPS = 20  # that are counted; noise for several steps may be uploaded at once


def count_launches(model: str, batch_size: int, update: str, device: Device) -> dict[str, float]:
    """Count what `Trainer.step` asks a GPU to do, as a mean over `STEPS` steps.

    Returns
    -------
    For each of `KINDS` its number in a step, their total without the waits, and kernel_ms, the time in which the device
    computed products and other kernels. PyTorch's profiler, which counts where CUPTI is not found, sees no waits.

    Raises
    ------
    InputError : nothing that counts is installed
    """
    trainer = make_trainer(model, batch_size, update, device)
    for _ in range(WARM_UP):
        trainer.step()
    operations = trace(lambda: [trainer.step() for _ in range(STEPS)], device)
    if operations is None:
        raise InputError(
            "launches: expected CUPTI or PyTorch, which count, got neither; to install CUPTI, run "
            "pip install nvidia-cuda-cupti (CUDA 13) or nvidia-cuda-cupti-cu12"
        )
    found = Counter(operation.kind for operation in operations)
    counts: dict[str, float] = {kind: round(found[kind] / STEPS, 2) for kind in KINDS}
    counts["total"] = round(total(operations) / STEPS, 2)
    counts["kernel_ms"] = round(1000 * sum(each.seconds for each in operations) / STEPS, 4)
    return counts


def trace(task: Callable[[], Any], device: Device) -> list[Operation] | None:
    """Return what a task asks a GPU to do, or None on the CPU and where nothing that counts is installed."""
    if device == "cpu":
        return None
    if library := cupti.find_library():
        try:
            return cupti.trace(library, task, lambda: synchronize(device))
        except RuntimeError:  # a driver that is too old for it, for example
            pass
    return torch_loops.trace(task) if find_spec("torch") else None


def total(operations: list[Operation]) -> int:
    """Count everything but the waits."""
    return sum(operation.kind != "wait" for operation in operations)
