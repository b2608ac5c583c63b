"""What one process of ``minigan bench`` does: it takes the same training step many times and measures each."""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from ...backend import Array, Device, array_module, synchronize, to_device
from ...fast.adam import FastAdam
from ...fast.memory import retain_heap
from ...fast.threads import threads
from ...models import build_networks
from ...network import Network
from ...objectives import NonSaturating
from ...objectives.codes import draw_noise
from ...objectives.fused import FusedObjective
from ...optimizers import Adam
from ...training import UPDATES, Game
from ...training.graph import Graphs
from . import launches, profile, torch_loops
from .bench import IMAGE

WARM_UP = 3  # steps before the clock starts, in every process
SECONDS = 4.0  # of timed steps in every process, about
LEAST = 5  # timed steps in every process


def _our_step(
    model: str, batch_size: int, device: Device, update: str, *, fast: bool = True
) -> tuple[Callable[[], Any], Network, Network]:
    """Return a training step of ours as a function without arguments, and both networks."""
    retain_heap()
    rng = np.random.default_rng(0)
    g, d = build_networks(model, IMAGE, rng=rng, device=device, fast=fast)
    objective = FusedObjective(NonSaturating()) if fast else NonSaturating()
    game = Game(g, d, _adam(g, fast=fast), _adam(d, fast=fast), objective)
    x_real = to_device(np.tanh(rng.standard_normal((*IMAGE[:2], batch_size, 1), dtype=np.float32)), device)
    z = draw_noise(rng, batch_size, g.input_shape[0], device)

    def step() -> Sequence[Array]:
        x_fake, caches = g.forward(z, train=True, rng=rng)
        return UPDATES[update](game, x_real, x_fake, caches, rng=rng)[:2]

    return step, g, d


def _adam(network: Network, *, fast: bool) -> Adam | FastAdam:
    """Return Adam with the bench's learning rate, or its fast twin."""
    adam = Adam(network, learning_rate=2e-4)
    return FastAdam(adam) if fast else adam


def _measure(step: Callable[[], Any], device: Device) -> dict[str, Any]:
    """Measure the milliseconds of each step for about SECONDS, and how many threads were busy."""
    for _ in range(WARM_UP):
        step()
    synchronize(device)
    ms: list[float] = []
    start, start_cpu = time.perf_counter(), time.process_time()
    while len(ms) < LEAST or sum(ms) < 1000 * SECONDS:
        ms.append(_stopwatch(step, device))
    threads = (time.process_time() - start_cpu) / (time.perf_counter() - start)
    return {"ms": ms, "threads": threads}


def _stopwatch(step: Callable[[], Any], device: Device) -> float:
    """Measure the milliseconds of one call, on a GPU between two events in the stream that CuPy and PyTorch share."""
    if device == "cpu":
        start = time.perf_counter()
        step()
        return 1000 * (time.perf_counter() - start)
    cuda = array_module(device).cuda
    before, after = cuda.Event(), cuda.Event()
    before.record()
    step()
    after.record()
    after.synchronize()
    return cuda.get_elapsed_time(before, after)


def _launches(worker: str, step: Callable[[], Any], device: Device) -> int | None:
    """Count the kernels, copies and fills that one step starts on a GPU; None where nothing can count."""
    trace = launches.trace if worker.startswith("ours") else _trace_torch
    operations = trace(step, device)
    return None if operations is None else launches.total(operations)


def _trace_torch(step: Callable[[], Any], device: Device) -> list[launches.Operation] | None:
    return None if device == "cpu" else torch_loops.trace(step)


def _peak_memory_mb(worker: str, device: Device) -> float | None:
    """Return the most memory that this process, or on a GPU its pool, has held; None where the system does not tell."""
    if device == "cuda":
        pool = array_module(device).get_default_memory_pool()
        return (pool.total_bytes() if worker.startswith("ours") else torch_loops.device_memory()) / 2**20
    try:  # Linux: its ru_maxrss starts at what the parent held
        return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 2**10
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _time_layers(model: str, batch_size: int, device: Device, update: str) -> dict[str, Any]:
    """Measure the median milliseconds per step in every layer, with all its passes added, and in the rest."""
    step, *networks = _our_step(model, batch_size, device, update)
    spent: dict[tuple[str, int, str], float] = {}
    running = False  # whether a call is being measured, so that the calls inside it are not counted twice

    def watch(layer: Any, method_name: str, key: tuple[str, int, str]) -> None:
        method = getattr(layer, method_name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            nonlocal running
            if running:
                return method(*args, **kwargs)
            running, result = True, []
            ms = _stopwatch(lambda: result.append(method(*args, **kwargs)), device)
            spent[key] = spent.get(key, 0.0) + ms
            running = False
            return result[0]

        setattr(layer, method_name, watched)

    for name, network in zip("GD", networks, strict=True):
        for i, layer in enumerate(network.computed):
            watch(layer, "forward", (name, i, "forward"))
            for half in ("backward", "input_grad", "add_param_grads"):
                watch(layer, half, (name, i, "backward"))
    steps: list[dict[tuple[str, int, str], float]] = []
    rest: list[float] = []

    def watched_step() -> None:
        spent.clear()
        total = _stopwatch(step, device)
        steps.append(dict(spent))
        rest.append(total - sum(spent.values()))

    _measure(watched_step, device)

    def median(*key: Any) -> float:
        return round(float(np.median([each.get(key, 0.0) for each in steps[WARM_UP:]])), 4)

    rows = [
        {
            "network": name,
            "layer": repr(layer),
            "forward_ms": median(name, i, "forward"),
            "backward_ms": median(name, i, "backward"),
        }
        for name, network in zip("GD", networks, strict=True)
        for i, layer in enumerate(network.computed)
    ]
    return {"rows": rows, "rest_ms": round(float(np.median(rest[WARM_UP:])), 4)}


def work(worker: str, model: str, batch_size: int, device: Device, update: str) -> dict[str, Any]:
    """Do what one process does.

    Parameters
    ----------
    worker : "ours", "ours-plain", "ours-graph" (steps that a GPU replays), "layers" (every layer of ours), "profile"
        and "launches" (see `profile.profile` and `launches.count_launches`), or a loop of PyTorch (see
        `torch_loops.make_step`)
    model, batch_size, device, update : as for `bench`
    """
    if worker in torch_loops.LOOPS:
        return _timed(worker, torch_loops.make_step(worker, model, IMAGE, batch_size, device), device)
    if worker == "launches":
        return launches.count_launches(model, batch_size, update, device)
    if worker == "profile":
        return profile.profile(model, batch_size, update)
    with nullcontext() if worker == "ours-plain" else threads(device=device):
        if worker == "layers":
            return _time_layers(model, batch_size, device, update)
        step, *networks = _our_step(model, batch_size, device, update, fast=worker != "ours-plain")
        if worker != "ours-graph":
            return _timed(worker, step, device)
        graphs = Graphs(networks)
        timed = _timed(worker, lambda: graphs.take("step", step), device)
        return {**timed, "peak_memory_mb": timed["peak_memory_mb"] + graphs.pool.total_bytes() / 2**20}


def _timed(worker: str, step: Callable[[], Any], device: Device) -> dict[str, Any]:
    timed = {**_measure(step, device), "peak_memory_mb": _peak_memory_mb(worker, device)}
    return {**timed, "launches": _launches(worker, step, device)}


if __name__ == "__main__":
    _worker, _model, _batch_size, _device, _update = sys.argv[1:]
    print(json.dumps(work(_worker, _model, int(_batch_size), _device, _update)))  # type: ignore[arg-type]
