"""How fast is one training step here, and against PyTorch: alternating processes, so that neither library's idle
threads disturb the other and a drifting machine disturbs both alike."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ... import validation
from ...backend import Device, resolve_device
from ...errors import InputError
from ...fast.threads import blas_kernels
from ...models import IMAGE_MODELS, build_networks, get_model_spec
from ...network import Network
from ...training.simultaneous import check_uncoupled
from .worker import IMAGE

LOOPS = {"plain": "PyTorch, plain loop", "best": "PyTorch, best loop"}


def bench(
    *,
    model: str = "dcgan",
    batch_size: int = 64,
    update: str = "alternating",
    device: str = "auto",
    torch: bool = True,
    layers: bool = False,
    rounds: int = 3,
) -> dict[str, Any]:
    """Time training steps of a model on random images, in ``rounds`` alternating turns of fresh processes.

    One step is both players' update, Adam, non-saturating loss; no data loading, no augmentation, no averaging.
    PyTorch's are the plain loop and the best one of `torch_loops`, over the same networks on the same device.

    model : a family, or "all", all of those for images
    update : "alternating" or "simultaneous"; of "all", models that cannot take the latter are timed with the former
    layers : time every layer of ours, too

    returns : step_ms {median, min}, images_per_second, peak_memory_mb (of the process; on a GPU, of its pool; None
        where it cannot be known), threads (that were busy, on average), launches (kernels and copies that one step
        starts on a GPU; None on the CPU, and without PyTorch, whose profiler counts them); torch {plain, best}, each
        with the same, and ratio {plain, best}, PyTorch's time over ours {median, min}, both None without PyTorch;
        layers {rows, rest_ms} or None; model, update, batch_size, device, steps, cores, versions.
        For "all": {"models": {name: such a result}}
    """
    if update not in ("alternating", "simultaneous"):
        raise InputError(f"update: expected 'alternating' or 'simultaneous', got {update!r}")
    options = {"batch_size": batch_size, "device": device, "torch": torch, "layers": layers, "rounds": rounds}
    if model == "all":
        updates = {name: update if _takes_simultaneous(name) else "alternating" for name in IMAGE_MODELS}
        return {"models": {name: bench(model=name, update=updates[name], **options) for name in IMAGE_MODELS}}  # type: ignore[arg-type]
    get_model_spec(model).check_sample_shape(IMAGE)
    validation.integer("rounds", rounds)
    validation.integer("batch_size", batch_size, least=2)
    if update == "simultaneous":
        check_uncoupled(_small_discriminator(model))
    resolved = resolve_device(device)
    workers = ["ours", *LOOPS] if torch and find_spec("torch") else ["ours"]
    turns: dict[str, list[dict[str, Any]]] = {worker: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            turns[worker].append(_run_worker(worker, model, batch_size, resolved, update))
    ours, *theirs = (_summary(turns[worker], batch_size) for worker in workers)
    return {
        "model": model,
        "update": update,
        "batch_size": batch_size,
        "device": resolved,
        **ours,
        "torch": dict(zip(LOOPS, theirs, strict=True)) if theirs else None,
        "ratio": {loop: _ratio(each, ours) for loop, each in zip(LOOPS, theirs, strict=True)} if theirs else None,
        "layers": _run_worker("layers", model, batch_size, resolved, update) if layers else None,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": _versions(),
    }


def report(result: dict[str, Any]) -> str:
    """Put the result of `bench` into a table, and the layers of each model into another."""
    results = list(result.get("models", {None: result}).values())
    first = results[0]
    versions = ", ".join(f"{name} {number}" for name, number in first["versions"].items())
    lines = [
        f"batch {first['batch_size']}, {first['device']}, {first['cores']} cores; {versions}",
        f"{'ms per step':<28} {'median':>8} {'min':>8} {'images/s':>9} {'peak MB':>8} {'threads':>8} "
        f"{'PyTorch/minigan':>18}",
    ]
    for each in results:
        lines.append(_row(f"{each['model']}, {each['update']}", each, ""))
        for loop, theirs in (each["torch"] or {}).items():
            ratio = each["ratio"][loop]
            lines.append(_row(f"  {LOOPS[loop]}", theirs, f"{ratio['median']:.2f} (min {ratio['min']:.2f})"))
    if first["torch"]:
        lines.append(
            "above 1: minigan is faster; the best loop has one pass of the fakes for both players, where D allows"
        )
    else:
        lines.append("PyTorch was not timed (pip install 'minigan[parity]' brings it)")
    for each in results:
        if each["layers"]:
            lines += ["", *_layer_table(each)]
    return "\n".join(lines)


def _row(name: str, timed: dict[str, Any], ratio: str) -> str:
    ms, memory, launches = timed["step_ms"], timed["peak_memory_mb"], timed["launches"]
    return (
        f"{name:<28} {ms['median']:>8.2f} {ms['min']:>8.2f} {timed['images_per_second']:>9,.0f} "
        f"{'-' if memory is None else round(memory):>8} {timed['threads']:>8} {ratio:>18}"
        f"{'' if launches is None else f'  {launches} launches'}"
    ).rstrip()


def _layer_table(result: dict[str, Any]) -> list[str]:
    rows, rest = result["layers"]["rows"], result["layers"]["rest_ms"]
    names = [f"{row['network']}  {row['layer']}" for row in rows]
    width = max(map(len, names))
    return [
        f"{result['model'] + ', ms per step':<{width}} {'forward':>9} {'backward':>9}",
        *(
            f"{name:<{width}} {row['forward_ms']:>9.3f} {row['backward_ms']:>9.3f}"
            for name, row in zip(names, rows, strict=True)
        ),
        f"{'losses, optimisers and the rest':<{width}} {rest:>9.3f}",
    ]


def _summary(turns: list[dict[str, Any]], batch_size: int) -> dict[str, Any]:
    ms = [each for turn in turns for each in turn["ms"]]
    memory = [turn["peak_memory_mb"] for turn in turns]
    return {
        "step_ms": {"median": round(float(np.median(ms)), 3), "min": round(min(ms), 3)},
        "images_per_second": round(1000 * batch_size / float(np.median(ms)), 1),
        "peak_memory_mb": None if None in memory else round(max(memory), 1),
        "launches": turns[0]["launches"],
        "threads": round(float(np.median([turn["threads"] for turn in turns])), 1),
        "steps": len(ms),
    }


def _ratio(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    return {key: round(theirs["step_ms"][key] / ours["step_ms"][key], 3) for key in ("median", "min")}


def _run_worker(worker: str, model: str, batch_size: int, device: Device, update: str) -> Any:
    command = [sys.executable, "-m", "minigan.commands.bench.worker", worker, model, str(batch_size), device, update]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(
            f"bench: the {worker} process failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}"
        )
    return json.loads(done.stdout)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("numpy", "torch", "cupy-cuda12x", "cupy-cuda13x"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if kernels := blas_kernels():
        found["BLAS kernels"] = kernels
    return found


def _small_discriminator(model: str) -> Network:
    return build_networks(model, (8, 8, 1), rng=np.random.default_rng(0))[1]


def _takes_simultaneous(model: str) -> bool:
    return not _small_discriminator(model).couples_samples
