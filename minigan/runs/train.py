"""`minigan.train`: from options to a finished run."""

import math
import os
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from ..backend import cuda_problem, get_array_module, resolve_device, to_host
from ..datasets import Points, load_dataset
from ..errors import DivergedError
from ..fast.memory import retain_heap
from ..fast.threads import threads
from ..models import kind_of
from ..training.config import TrainConfig
from .history import History, Record
from .progress import Progress
from .run import Run, generate
from .run_folder import RunFolder, samples_to_show

if TYPE_CHECKING:
    from ..training.trainer import StepMetrics, Trainer

SNAPSHOTS = 40  # pictures of one fixed z over a run, more of them at its start
GRID = {"images": 64, "points": 1000}  # samples in each of these pictures


def train(**options: Any) -> Run:
    """Train a GAN.

    With ``out=None``, the default, nothing is written. Ctrl-C ends the training early and keeps what was trained.

    Parameters
    ----------
    options : the fields of `TrainConfig`. ``data`` may also be an array of images, (N, H, W) or (N, H, W, C), uint8
        or floating in [-1, 1], a `minigan.datasets.Dataset`, or `minigan.datasets.Points`

    Returns
    -------
    The finished run.

    Raises
    ------
    InputError : an option or the data set does not fit
    DeviceError : the GPU that was asked for cannot be used
    DivergedError : a loss is no longer a finite number

    >>> run = minigan.train(model="hybrid", data="mnist-5k", seed=0)                 # doctest: +SKIP
    >>> run.sample(64, seed=1).shape                                                 # doctest: +SKIP
    (64, 28, 28)
    """
    from ..training.trainer import Trainer  # here, so that a saved run is loaded and sampled without it

    data = options.pop("data", TrainConfig.data)
    named = isinstance(data, (str, os.PathLike))
    if isinstance(data, Points):
        options.setdefault("model", "points")
    config = TrainConfig(data=data if named else "array", **options)
    device = resolve_device(config.device)
    dataset = load_dataset(data)
    resolved = config.resolve(dataset=dataset.name, device=device)
    retain_heap()
    trainer = Trainer(resolved, dataset)
    folder = RunFolder(resolved.out, resolved) if resolved.out is not None else None

    progress = Progress(resolved.steps, resolved.seconds, quiet=resolved.quiet)
    try:
        kind, size = kind_of(dataset.sample_shape), " x ".join(map(str, dataset.sample_shape))
        unit = " coordinates" if kind == "points" else ""
        progress.message(
            f"{resolved.model} on {dataset.name}: {len(dataset):,} {kind} of {size}{unit}, "
            f"batches of {resolved.batch_size}, on the {'CPU' if device == 'cpu' else 'GPU'}"
        )
        if config.device == "auto" and device == "cpu":
            progress.message(f"No GPU is used: {cuda_problem()}")
        with nullcontext() if resolved.plain else threads(device=device):  # on the plain floor the BLAS has its own
            return _fit(trainer, folder, progress)
    finally:
        progress.close()


def _fit(trainer: "Trainer", folder: RunFolder | None, progress: Progress) -> Run:
    """Take steps until the budget is spent; write records and pictures as they come."""
    config = trainer.config
    history = History()
    run = Run(
        config, trainer.average.network, trainer.discriminator, history, folder.path if folder else None, trainer.shares
    )
    kind = kind_of(trainer.generator.output_shape)
    n, label = samples_to_show(run, default=GRID[kind])
    z_fixed = run.latent(n, seed=config.seed, label=label)
    pending: list[StepMetrics] = []
    step, share, snapshots = 0, 0.0, 0
    started = logged = time.perf_counter()

    def log() -> None:
        nonlocal logged
        record = _record(step, pending)
        now = time.perf_counter()
        record["seconds"] = now - started
        record["images_per_second"] = len(pending) * config.batch_size / (now - logged)
        logged = now
        pending.clear()
        history.append(record)
        if folder:
            folder.add_record(record)
        progress.update(record, min(share, 1.0))
        _check_finite(record)

    try:
        while True:
            if folder and share >= (snapshots / SNAPSHOTS) ** 2:
                folder.add_snapshot(step, generate(trainer.average.network, z_fixed))
                while share >= (snapshots / SNAPSHOTS) ** 2:
                    snapshots += 1
            if share >= 1:
                break
            pending.append(trainer.step(min(share, 1.0)))
            step += 1
            elapsed = time.perf_counter() - started
            share = max(step / (config.steps or math.inf), elapsed / (config.seconds or math.inf))
            if step % config.log_every == 0 or share >= 1:
                log()
    except KeyboardInterrupt:
        run.interrupted = True
        if pending:
            log()
    elapsed = time.perf_counter() - started
    progress.close()
    progress.message(
        f"{'interrupted after ' if run.interrupted else ''}{step:,} steps, "
        f"{step * config.batch_size:,} {kind}, {elapsed:.1f} s"
    )
    if folder:
        folder.finish(run)
        progress.message(folder.describe())
    return run


def _record(step: int, metrics: "list[StepMetrics]") -> Record:
    """Return the means over the steps since the last record; only here does the host wait for the device."""
    xp = get_array_module(metrics[0].d_loss)
    means = to_host(xp.stack([xp.stack(m) for m in metrics]).mean(axis=0))
    return {"step": step, **dict(zip(metrics[0]._fields, map(float, means), strict=True))}


def _check_finite(record: Record) -> None:
    for player, name in (("discriminator", "d_loss"), ("generator", "g_loss")):
        if not math.isfinite(record[name]):
            raise DivergedError(
                f"the {player}'s loss is {record[name]} at step {record['step']:,.0f}: training has diverged; "
                "a smaller learning_rate usually helps"
            )
