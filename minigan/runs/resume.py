"""Where a run goes on: its checkpoint, its data and its options, of which only some may change."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from .. import validation
from ..backend import resolve_device
from ..datasets import Dataset, Points, load_dataset
from ..errors import InputError
from ..training.config import ResolvedConfig
from .checkpoint import Checkpoint, fingerprint, read_checkpoint
from .history import History
from .load import read_config
from .run import Run
from .run_folder import is_finished, read_newest

CHANGEABLE = (  # options that change nothing of what was trained so far
    "steps",
    "seconds",
    "stop_when",
    "evaluate_every",
    "log_every",
    "checkpoint_every",
    "keep_checkpoints",
    "device",
    "graph",
    "out",
    "overwrite",
    "quiet",
)


class Start(NamedTuple):
    """Where a run begins.

    config, dataset : of the run
    checkpoint : where it goes on; None for its first step
    history : the records up to there
    folder : the folder in which it goes on in place, or None
    """

    config: ResolvedConfig
    dataset: Dataset | Points
    checkpoint: Checkpoint | None
    history: History
    folder: Path | None = None


def find_start(source: Run | str | os.PathLike[str], *, data: Any = None, **changes: Any) -> Start:
    """Return where a run goes on; `minigan.train` explains the parameters.

    Raises
    ------
    InputError : there is no checkpoint, an option must not change, the data are others, or the budget is spent
    """
    checkpoint: Checkpoint | None
    if isinstance(source, Run) and source.checkpoint:
        checkpoint, saved, folder = source.checkpoint, source.checkpoint.config, source.folder
        history = source.history
    elif isinstance(source, Run) and source.folder is None:
        raise InputError("resume: expected a run with a checkpoint, got one that was loaded from a model file")
    else:
        place = source.folder if isinstance(source, Run) else Path(validation.name_or_path("resume", source))
        assert place is not None
        checkpoint, saved, folder = _read(place)
        metrics = (folder or place.parent) / "metrics.jsonl"
        history = History.read(metrics) if metrics.is_file() else History()
    config = _change(saved, changes, folder)
    dataset = _load_data(config, data, checkpoint)
    if checkpoint is None:
        return Start(config, dataset, None, History(), folder)
    in_place = folder if folder and config.out == str(folder) else None
    if in_place is None or is_finished(in_place):
        _check_budget(config, checkpoint)
    tail = checkpoint.history
    records = [record for record in history if record["step"] < (tail[0]["step"] if tail else 0)]
    return Start(config, dataset, checkpoint, History(records + tail), in_place)


def _check_budget(config: ResolvedConfig, checkpoint: Checkpoint) -> None:
    """Check that there is something left to do; only a run that was killed while it saved its results may go on."""
    for name, spent in {"steps": checkpoint.standing.step, "seconds": checkpoint.standing.seconds}.items():
        limit = getattr(config, name)
        if limit is not None and limit <= spent:
            raise InputError(f"{name}: expected more than the {spent:,.6g} that the run has taken, got {limit:,.6g}")
    if checkpoint.meets(config.stop_when):
        raise InputError(f"stop_when: expected what the run has not reached yet, got {config.stop_when!r}")


def _read(place: Path) -> tuple[Checkpoint | None, dict[str, Any], Path | None]:
    """Return the checkpoint and the options of a run folder, or those of a checkpoint that lies anywhere."""
    if not place.is_dir():
        checkpoint = read_checkpoint(place)
        return checkpoint, checkpoint.config, None
    newest = read_newest(place, read_checkpoint)
    try:
        options = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        options = None
    if newest:  # what may change is taken from the file, which a later start has written
        wishes = options if isinstance(options, dict) else {}
        checkpoint = newest[1]
        return checkpoint, checkpoint.config | {name: wishes[name] for name in CHANGEABLE if name in wishes}, place
    if (place / "model.npz").exists():
        raise InputError(
            f"resume: expected a run folder with a whole checkpoint, got {str(place)!r}, with a model alone"
        )
    if not isinstance(options, dict):
        raise InputError(
            f"resume: expected a run folder with checkpoints, or with the options in config.json, got {str(place)!r}"
        )
    return None, options, place  # the run was killed before its first checkpoint, so it begins anew


def _change(saved: dict[str, Any], changes: dict[str, Any], folder: Path | None) -> ResolvedConfig:
    """Return the options of a run with changes, of which only some are allowed."""
    try:
        config = read_config(saved)
    except Exception as error:  # a file from elsewhere can hold anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"resume: expected the options of a run, got others ({reason})") from None
    known = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    for name, value in changes.items():
        if name not in known:
            raise InputError(f"{name}: expected one of {', '.join(CHANGEABLE)}, got another option")
        if name not in CHANGEABLE and value != known[name]:
            raise InputError(
                f"{name}: expected {known[name]!r} as at the start of the run, because only {', '.join(CHANGEABLE)} "
                f"can change, got {value!r}"
            )
    device = resolve_device(changes.get("device") or ("auto" if config.device == "cuda" else "cpu"))
    out = changes.get("out") or (str(folder) if folder else None)
    graph = config.graph and device == "cuda"
    return dataclasses.replace(config, **{"overwrite": False, "graph": graph, **changes, "device": device, "out": out})


def _load_data(config: ResolvedConfig, data: Any, checkpoint: Checkpoint | None) -> Dataset | Points:
    """Return the data of a run, and check that they are those that it learned from."""
    if data is None and config.data == "array":
        raise InputError("data: expected the array that the run learned from, because no file holds it, got None")
    dataset = load_dataset(config.data if data is None else data)
    if checkpoint and fingerprint(dataset) != checkpoint.data:
        raise InputError(f"data: expected the samples that the run learned from, got others in {dataset.name!r}")
    return dataset
