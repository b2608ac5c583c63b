"""`minigan.train`: from options to a finished run."""

import os
from contextlib import nullcontext
from typing import Any

from ..backend import cuda_problem, resolve_device
from ..datasets import Dataset, Points, load_dataset
from ..errors import InputError
from ..fast.memory import retain_heap
from ..fast.threads import threads
from ..models import kind_of
from ..training.config import ResolvedConfig, TrainConfig
from ..training.stop_when import TRAINED, read_condition
from .judge import KNOWN, Judge, find_judge
from .loop import Loop
from .progress import Progress
from .run import Run
from .run_folder import RunFolder


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

    >>> run = minigan.train(data="mnist-5k", seed=0)                                 # doctest: +SKIP
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
    judge = choose_judge(resolved, dataset)
    trainer = Trainer(resolved, dataset)
    folder = RunFolder(resolved.out, resolved) if resolved.out is not None else None

    progress = Progress(resolved.steps, resolved.seconds, quiet=resolved.quiet)
    try:
        progress.message(headline(resolved, dataset))
        if config.device == "auto" and device == "cpu":
            progress.message(f"No GPU is used: {cuda_problem()}")
        with nullcontext() if resolved.plain else threads(device=device):  # on the plain floor the BLAS has its own
            return Loop(trainer, folder, progress, judge, None if resolved.quiet else dataset).train()
    finally:
        progress.close()


def choose_judge(config: ResolvedConfig, dataset: Dataset | Points) -> Judge | None:
    """Return what evaluates the generator while it trains, or None when nothing is evaluated.

    Raises
    ------
    InputError : the data set has no evaluation, or not the one that ``stop_when`` asks for
    """
    if config.evaluate_every is None:
        return None
    judge = find_judge(dataset, config.device)
    if judge is None:
        raise InputError(
            f"evaluate_every: expected None for data {dataset.name!r}, because only {KNOWN} can be evaluated, "
            f"got {config.evaluate_every}"
        )
    known = (*TRAINED, *judge.limits)
    if config.stop_when and read_condition(config.stop_when).column not in known:
        raise InputError(
            f"stop_when: expected one of {', '.join(known)} for data {dataset.name!r}, got {config.stop_when!r}"
        )
    return judge


def headline(config: ResolvedConfig, dataset: Dataset | Points) -> str:
    """Say what is trained, on what, and where."""
    kind, size = kind_of(dataset.sample_shape), " x ".join(map(str, dataset.sample_shape))
    unit = " coordinates" if kind == "points" else ""
    return (
        f"{config.model} on {dataset.name}: {len(dataset):,} {kind} of {size}{unit}, "
        f"batches of {config.batch_size}, on the {'CPU' if config.device == 'cpu' else 'GPU'}"
    )
