"""How fast is one training step here, and against PyTorch: alternating processes, so that neither library's idle
threads disturb the other and a drifting machine disturbs both alike."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from . import checks
from .backend import Device, keep_freed_memory, resolve_device, synchronize, to_device
from .errors import InputError
from .models import build_networks, get_family
from .objectives import NonSaturating
from .optimizers import Adam
from .training.steps import discriminator_step, generator_step
from .training.trainer import draw_noise

IMAGE = (28, 28, 1)
WARM_UP = 3  # steps before the clock starts, in every process
SECONDS = 4.0  # of timed steps in every process, about
LEAST = 5  # timed steps in every process


def bench(
    *, model: str = "dcgan", batch_size: int = 64, device: str = "auto", torch: bool = True, rounds: int = 3
) -> dict[str, Any]:
    """Time training steps of a model on random images, in ``rounds`` alternating pairs of fresh processes.

    One step is D's and then G's, alternating update, Adam, non-saturating loss, no data loading, no augmentation, no
    averaging. PyTorch's is the plain loop over the same networks, on the same device.

    returns : step_ms {median, min}, images_per_second, torch_step_ms {median, min} and ratio {median, min}
        (PyTorch's time over ours), or None for these two without PyTorch; steps, threads and versions
    """
    get_family(model)
    checks.integer("rounds", rounds)
    checks.integer("batch_size", batch_size, least=2)
    resolved = resolve_device(device)
    workers = ["ours", "torch"] if torch and find_spec("torch") else ["ours"]
    times: dict[str, list[float]] = {worker: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            times[worker] += _run_worker(worker, model, batch_size, resolved)
    stats = {
        worker: {"median": round(float(np.median(ms)), 3), "min": round(min(ms), 3)} for worker, ms in times.items()
    }
    theirs = stats.get("torch")
    return {
        "model": model,
        "batch_size": batch_size,
        "device": resolved,
        "step_ms": stats["ours"],
        "images_per_second": round(1000 * batch_size / stats["ours"]["median"], 1),
        "torch_step_ms": theirs,
        "ratio": {key: round(theirs[key] / stats["ours"][key], 3) for key in theirs} if theirs else None,
        "steps": len(times["ours"]),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": _versions(),
    }


def report(result: dict[str, Any]) -> str:
    """Put the result of `bench` into a few lines."""
    ours, theirs, ratio = result["step_ms"], result["torch_step_ms"], result["ratio"]
    lines = [
        f"{result['model']}, batch {result['batch_size']}, {result['device']}, {result['cores']} cores; "
        + ", ".join(f"{name} {number}" for name, number in result["versions"].items()),
        f"{'ms per step':<22} {'median':>9} {'min':>9}",
        f"{'minigan':<22} {ours['median']:>9.2f} {ours['min']:>9.2f}   {result['images_per_second']:,.0f} images/s",
    ]
    if theirs:
        lines += [
            f"{'PyTorch, plain loop':<22} {theirs['median']:>9.2f} {theirs['min']:>9.2f}",
            f"{'PyTorch / minigan':<22} {ratio['median']:>9.2f} {ratio['min']:>9.2f}   above 1: minigan is faster",
        ]
    else:
        lines.append("PyTorch was not timed (pip install 'minigan[parity]' brings it)")
    return "\n".join(lines)


def _run_worker(worker: str, model: str, batch_size: int, device: Device) -> list[float]:
    command = [sys.executable, "-m", "minigan.bench", worker, model, str(batch_size), device]
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
    return found


def _our_step(model: str, batch_size: int, device: Device) -> Callable[[], None]:
    keep_freed_memory()
    rng = np.random.default_rng(0)
    g, d = build_networks(model, IMAGE, rng=rng, device=device)
    adam_g, adam_d = Adam(g, learning_rate=2e-4), Adam(d, learning_rate=2e-4)
    objective = NonSaturating()
    x_real = to_device(np.tanh(rng.standard_normal((*IMAGE[:2], batch_size, 1), dtype=np.float32)), device)
    z = draw_noise(rng, batch_size, g.input_shape[0], device)

    def step() -> None:
        x_fake, caches = g.forward(z, train=True, rng=rng)
        discriminator_step(d, adam_d, objective, x_real, x_fake, rng=rng)
        generator_step(g, d, adam_g, objective, x_fake, caches, rng=rng)
        synchronize(device)

    return step


def _torch_step(model: str, batch_size: int, device: Device) -> Callable[[], None]:
    import torch

    from .torch_twin import to_torch

    networks = build_networks(model, IMAGE, rng=np.random.default_rng(0))
    g, d = (to_torch(network, native_padding=True).to(device) for network in networks)
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
    bce = torch.nn.BCEWithLogitsLoss()
    x_real = torch.tanh(torch.randn(batch_size, 1, *IMAGE[:2], device=device))
    z = torch.randn(batch_size, networks[0].input_shape[0], device=device)
    real, fake = torch.ones(batch_size, 1, device=device), torch.zeros(batch_size, 1, device=device)

    def step() -> None:
        x_fake = g(z)
        adam_d.zero_grad()
        (bce(d(x_real), real) + bce(d(x_fake.detach()), fake)).backward()
        adam_d.step()
        adam_g.zero_grad()
        bce(d(x_fake), real).backward()
        adam_g.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return step


def _time(step: Callable[[], None]) -> list[float]:
    """Milliseconds of each step, for about SECONDS."""
    for _ in range(WARM_UP):
        step()
    times: list[float] = []
    while len(times) < LEAST or sum(times) < 1000 * SECONDS:
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    return times


if __name__ == "__main__":
    _worker, _model, _batch_size, _device = sys.argv[1:]
    _make = {"ours": _our_step, "torch": _torch_step}[_worker]
    print(json.dumps(_time(_make(_model, int(_batch_size), _device))))  # type: ignore[arg-type]
