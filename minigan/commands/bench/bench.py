"""``minigan bench``: measure the time of a training step here, and against PyTorch.

Every measurement runs in processes of its own, which take turns, so that no library's waiting threads disturb the
other, and a computer that becomes slower disturbs all alike.
"""

import argparse
import json
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
from ...fast.blas import blas_kernels
from ...models import IMAGE_MODELS, build_networks, get_model_spec
from ...network import Network
from ...terminal import say
from ...training import UPDATES
from ...training.simultaneous import check_uncoupled
from ..arguments import add_choice
from ..speed import cores
from .report import LOOPS, report

ABOUT = "Measure the time of a training step."
MOST_BATCH = 10_000
IMAGE = (28, 28, 1)  # the shape of what is measured
DETAILS = "PyTorch is measured as well, where it is installed."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_choice(parser, "model", ("dcgan", *(name for name in IMAGE_MODELS if name != "dcgan"), "all"), "The model.")
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="INT", help="Number of images in every step. Default: 64."
    )
    add_choice(
        parser,
        "device",
        ("auto", "cpu", "cuda"),
        "Where to compute; auto takes the GPU when there is one that works.",
    )
    add_choice(parser, "update", tuple(UPDATES), "Whether the players move one after the other or at the same time.")
    parser.add_argument("--plain", action="store_true", help="Also measure the plain layers and the plain Adam.")
    parser.add_argument("--layers", action="store_true", help="Also measure every layer.")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="Also show where the time of a whole step of minigan train goes (with its draws and the average), and "
        "how far each part is from the fastest product and the fastest copy of this computer; on the CPU.",
    )
    parser.add_argument(
        "--launches",
        action="store_true",
        help="Also count what such a step asks a GPU to do: kernels, matrix products, copies, fills and waits.",
    )
    parser.add_argument("--no-torch", action="store_true", help="Do not measure PyTorch.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object instead of a table.")


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    result = bench(
        model=arguments.model,
        batch_size=arguments.batch_size,
        update=arguments.update,
        device=arguments.device,
        layers=arguments.layers,
        plain=arguments.plain,
        profile=arguments.profile,
        launches=arguments.launches,
        torch=not arguments.no_torch,
    )
    say(json.dumps(result) if arguments.json else report(result))
    return 0


def bench(
    *,
    model: str = "dcgan",
    batch_size: int = 64,
    update: str = "alternating",
    device: str = "auto",
    torch: bool = True,
    plain: bool = False,
    layers: bool = False,
    profile: bool = False,
    launches: bool = False,
    rounds: int = 3,
) -> dict[str, Any]:
    """Measure training steps of a model on random images, in ``rounds`` turns of fresh processes.

    One step is the update of both players with Adam and the non-saturating loss. Data loading, augmentation and
    averaging are left out. PyTorch runs the two loops of `torch_loops` over the same networks on the same device.

    Parameters
    ----------
    model : the name of a model for images, or "all"
    batch_size : images in every step
    update : "alternating" or "simultaneous"; with "all", models that do not allow the latter take the former
    device : "auto", "cpu" or "cuda"
    torch : measure PyTorch, where it is installed
    plain : measure the plain layers and the plain Adam as well
    layers : measure every layer as well
    profile : measure as well where the time of a step goes, on the CPU
    launches : count as well what a step asks a GPU to do
    rounds : turns of each process

    Returns
    -------
    For "all" {"models": {name: result}}; for one model a result with

    - step_ms {median, min}, images_per_second, steps
    - peak_memory_mb of the process, or on a GPU of its pool; None where the system does not tell
    - threads that were busy on average
    - launches, the kernels, copies and fills that one step starts on a GPU; None on the CPU, and without CUPTI and
      PyTorch, which count them
    - plain, the same for the plain layers, and ratio {median, min}, their time over ours; None when not asked for
    - torch {plain, best}, the same for both loops of PyTorch, and ratio {plain, best}, their time over ours, each
      {median, min}; both None without PyTorch
    - layers {rows, rest_ms}, or None when not asked for
    - profile and operations, the results of `profile.profile` and `launches.count_launches`, or None when not asked for
    - model, update, batch_size, device, cores, versions

    Raises
    ------
    InputError : an argument does not fit, or a process failed
    """
    validation.one_of("update", update, UPDATES)
    options: dict[str, Any] = {"batch_size": batch_size, "device": device, "torch": torch, "rounds": rounds}
    options |= {"plain": plain, "layers": layers, "profile": profile, "launches": launches}
    if model == "all":
        updates = {name: update if _takes_simultaneous(name) else "alternating" for name in IMAGE_MODELS}
        return {"models": {name: bench(model=name, update=updates[name], **options) for name in IMAGE_MODELS}}
    get_model_spec(model).check_sample_shape(IMAGE)
    validation.integer("rounds", rounds, most=1000)
    validation.integer("batch_size", batch_size, least=2, most=MOST_BATCH)
    if update == "simultaneous":
        check_uncoupled(_small_discriminator(model))
    resolved = resolve_device(device)
    for name, asked_for, needed in (("profile", profile, "cpu"), ("launches", launches, "cuda")):
        if asked_for and resolved != needed:
            raise InputError(f"{name}: expected device {needed!r}, got {resolved!r}")
    loops = list(LOOPS) if torch and find_spec("torch") else []
    workers = ["ours", *(["ours-plain"] if plain else []), *loops]
    turns: dict[str, list[dict[str, Any]]] = {worker: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            turns[worker].append(_run_worker(worker, model, batch_size, resolved, update))
    found = {worker: _summary(turns[worker], batch_size) for worker in workers}
    ours = found["ours"]
    return {
        "model": model,
        "update": update,
        "batch_size": batch_size,
        "device": resolved,
        **ours,
        "plain": {**found["ours-plain"], "ratio": _ratio(found["ours-plain"], ours)} if plain else None,
        "torch": {loop: found[loop] for loop in loops} or None,
        "ratio": {loop: _ratio(found[loop], ours) for loop in loops} or None,
        **{
            name: _run_worker(worker, model, batch_size, resolved, update) if asked_for else None
            for name, worker, asked_for in (
                ("layers", "layers", layers),
                ("profile", "profile", profile),
                ("operations", "launches", launches),
            )
        },
        "cores": cores(),
        "versions": _versions(),
    }


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
            f"bench: expected a measurement from the process {worker!r}, got an error: "
            f"{(done.stderr.strip() or 'no message').splitlines()[-1]}"
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
