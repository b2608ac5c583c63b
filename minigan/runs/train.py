"""`minigan.train`: from options to a finished run."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from ..backend import cuda_problem, resolve_device
from ..datasets import Dataset, Points, load_dataset
from ..distributed import (
    ALONE,
    Communicator,
    all_or_none,
    connect,
    ending_together,
    place_on_machine,
    take_gpus,
)
from ..errors import DeviceError, DivergedError, InputError
from ..fast.memory import retain_heap
from ..fast.threads import threads
from ..launcher import started_as
from ..models import kind_of
from ..training.config import ResolvedConfig, TrainConfig
from ..training.rank_states import count_ranks
from ..training.stop_when import read_condition
from .checkpoint import fingerprint
from .history import History
from .judge import KNOWN, Judge, find_judge
from .loop import Loop
from .progress import Progress
from .resume import Start, find_start
from .run import Run
from .run_folder import RunFolder
from .signals import STATUS


def train(*, resume: Run | str | os.PathLike[str] | None = None, **options: Any) -> Run:
    """Train a GAN.

    With ``out=None``, the default, nothing is written. Ctrl-C ends the training early and keeps what was trained. With
    ``out``, a checkpoint is written every 30 seconds, so that a run that was killed can go on.

    Parameters
    ----------
    options : the fields of `TrainConfig`. ``data`` may also be an array of images, (N, H, W) or (N, H, W, C), uint8
        or floating in [-1, 1], a `minigan.datasets.Dataset`, or `minigan.datasets.Points`
    resume : a run, its folder, or a checkpoint, from which the training goes on. On a CPU the result is the same to the
        bit as that of a run that was never interrupted. Its options stay as they are, and only
        steps, seconds, stop_when, evaluate_every, log_every, checkpoint_every, keep_checkpoints, device, graph, out,
        overwrite and quiet may be given; ``steps`` counts from the start of the run. ``data`` are needed if the run
        learned from an array. A folder goes on where it is; other runs get a folder with ``out``

    Returns
    -------
    The finished run.

    Raises
    ------
    InputError : an option or the data set does not fit
    DeviceError : the GPU that was asked for cannot be used
    DivergedError : a loss or a weight is no longer a finite number
    SystemExit : SIGTERM or SIGHUP came; the run is saved if it has a folder

    >>> run = minigan.train(data="mnist-5k", seed=0)                                 # doctest: +SKIP
    >>> run.sample(64, seed=1).shape                                                 # doctest: +SKIP
    (64, 28, 28)
    """
    run = start(options, resume=resume)
    if run.stopped in ("terminate", "hangup"):
        raise SystemExit(STATUS[run.stopped])
    return run


Run.go_on = staticmethod(train)


def start(
    options: dict[str, Any], *, resume: Run | str | os.PathLike[str] | None = None, parent: Path | None = None
) -> Run:
    """Train as `train` does, and return the run after every signal.

    If there is no other folder for the run, it gets a new one in ``parent``.
    """
    distributed = options.get("distributed") if resume is None else started_as()[1] > 1
    communicator = connect() if distributed else ALONE
    with ending_together(communicator, InputError, DeviceError):
        begin = all_or_none(
            communicator, lambda: first_start(**options) if resume is None else find_start(resume, **options)
        )
        check_alike(begin, communicator)
        if communicator.size > 1 and begin.config.device == "cuda":
            communicator = take_gpus(communicator)
    with threads(share_of_cores(communicator), device=begin.config.device):
        with ending_together(communicator, InputError, DeviceError):
            loop = make_loop(begin, parent, communicator)
        with ending_together(communicator, DivergedError):
            try:
                loop.progress.message(headline(begin, communicator))
                if resume is None and begin.config.device == "cpu" and options.get("device", "auto") == "auto":
                    loop.progress.message(f"No GPU is used: {cuda_problem()}")
                return loop.train()
            finally:
                loop.progress.close()
                if loop.folder:
                    loop.folder.close()


def check_alike(begin: Start, communicator: Communicator) -> None:
    """Check that all ranks do the same with the same data, and that a run goes on with as many ranks as it had.

    Raises
    ------
    InputError : something differs; all ranks raise it
    """
    config, checkpoint = begin.config, begin.checkpoint
    if communicator.size > 1:
        step = checkpoint.standing.step if checkpoint else 0
        mine = {**dataclasses.asdict(config), "out": None, "data": fingerprint(begin.dataset), "resume": step}
        everyone = communicator.gather(mine)
        for name in mine:
            if any(theirs[name] != everyone[0][name] for theirs in everyone):
                raise InputError(f"{name}: expected the same in all processes, got something else in some of them")
    ranks = count_ranks(checkpoint.state.numbers) if checkpoint else communicator.size if config.distributed else 1
    if ranks != communicator.size:
        raise InputError(f"mpiexec -n: expected {ranks}, as at the start of the run, got {communicator.size}")


def make_loop(begin: Start, parent: Path | None, communicator: Communicator) -> Loop:
    """Return the loop of a run; in a distributed run, rank 0 alone judges, prints and has a folder."""
    from ..training.trainers import make_trainer  # here, so that a saved run is loaded and sampled without it

    retain_heap()
    config = begin.config if communicator.rank == 0 else dataclasses.replace(begin.config, quiet=True)

    judge = choose_judge(config, begin.dataset)
    trainer = make_trainer(config, begin.dataset, communicator)
    first = communicator.rank == 0
    folder = all_or_none(communicator, lambda: open_folder(begin, parent) if first else None)
    progress = Progress(config.steps, config.seconds, quiet=config.quiet)
    return Loop(
        trainer,
        begin.dataset,
        folder,
        progress,
        judge if first else None,
        checkpoint=begin.checkpoint,
        history=begin.history,
    )


def share_of_cores(communicator: Communicator) -> int | None:
    """Return how many threads a rank takes: an equal share of its machine; None for a process that is alone.

    If mpiexec binds a rank to some cores, it takes no more threads than these.
    """
    if communicator.size == 1:
        return None
    cores = os.cpu_count() or 1
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return max(1, min(bound, cores // place_on_machine(communicator)[1]))


def first_start(*, data: Any = TrainConfig.data, **options: Any) -> Start:
    """Return the start of a new run."""
    named = isinstance(data, (str, os.PathLike))
    if isinstance(data, Points):
        options.setdefault("model", "points")
    config = TrainConfig(data=data if named else "array", **options)
    device = resolve_device(config.device)
    dataset = load_dataset(data)
    return Start(config.resolve(dataset=dataset.name, device=device), dataset, None, History())


def open_folder(begin: Start, parent: Path | None) -> RunFolder | None:
    """Return the folder of a run, which holds the records up to its start, or None."""
    if begin.folder:
        folder = RunFolder(begin.folder, begin.config)
        folder.go_back(begin.checkpoint)
        return folder
    if begin.config.out is not None:
        folder = RunFolder.create(Path(begin.config.out), begin.config)
    elif parent is not None:
        folder = RunFolder.claim(begin.config, parent)
    else:
        return None
    for record in begin.history:
        folder.add_record(record)
    return folder


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
    known = (*config.base_objective.columns, *judge.limits)
    if config.stop_when and read_condition(config.stop_when).column not in known:
        raise InputError(
            f"stop_when: expected one of {', '.join(known)} for data {dataset.name!r}, got {config.stop_when!r}"
        )
    return judge


def headline(begin: Start, communicator: Communicator) -> str:
    """Say what is trained, on what, and where."""
    config, dataset = begin.config, begin.dataset
    kind, size = kind_of(dataset.sample_shape), " x ".join(map(str, dataset.sample_shape))
    unit = " coordinates" if kind == "points" else ""
    where = "CPU" if config.device == "cpu" else "GPU"
    count = communicator.size
    ranks = f", in {count} process{'es' if count > 1 else ''}" if config.distributed else ""
    goes_on = f", from step {begin.checkpoint.standing.step:,} on" if begin.checkpoint else ""
    return (
        f"{config.model} on {dataset.name}: {len(dataset):,} {kind} of {size}{unit}, "
        f"batches of {config.batch_size}, on the {where}{ranks}{goes_on}"
    )
