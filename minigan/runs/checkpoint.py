"""The checkpoint: everything that a run needs to go on to the bit, in one ``.npz`` file."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np

from ..archive import Archive, read_verified, write_archive
from ..datasets import Dataset, Points
from ..errors import InputError
from ..training.config import ResolvedConfig
from ..training.state import State
from ..training.stop_when import read_condition
from .history import Record, read_record

KIND = "checkpoint"
FORMAT = 1
TAIL = 200  # records of the history in a checkpoint
COLUMNS = 4  # of `Standing.pending`
ENTRIES = {  # of the description
    "config": dict,
    "sample_shape": list[int],
    "codes": int,
    "data": str,
    "standing": dict,
    "history": list[dict],
    "numbers": dict,
}


@dataclass(kw_only=True)
class Standing:
    """Where the loop of a run stands.

    Parameters
    ----------
    step : steps taken so far
    share : of the budget that is spent, in [0, 1]
    seconds, evaluating : seconds of training, and of evaluations
    recorded : seconds of training at the last record
    pending : what each step since the last record saw, such as d_loss, g_loss, d_real, d_fake
    evaluations : how many there were
    best_step, best_rank, best_text : the best verdict so far, and the step it belongs to; 0 if there is none
    next_look : share of the budget at which the game is diagnosed next
    suspected, warned : what the last diagnosis found, and what was shown
    """

    step: int = 0
    share: float = 0.0
    seconds: float = 0.0
    evaluating: float = 0.0
    recorded: float = 0.0
    pending: list[list[float]] = field(default_factory=list)
    evaluations: int = 0
    best_step: int = 0
    best_rank: list[float] = field(default_factory=list)
    best_text: str = ""
    next_look: float = 0.0
    suspected: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def limit(self, config: ResolvedConfig) -> str | None:
        """Return which limit is reached, "steps" or "seconds", or None."""
        if config.steps is not None and self.step >= config.steps:
            return "steps"
        return "seconds" if config.seconds is not None and self.seconds >= config.seconds else None


STANDING = {each.name: each.type for each in dataclasses.fields(Standing)}


@dataclass(frozen=True)
class Checkpoint:
    """A run at one step.

    Parameters
    ----------
    config : the options by name, with nothing left open
    sample_shape : (H, W, C) or (C,) of what the generator draws
    codes : the number of codes that the generator takes besides the noise
    data : the SHA-256 of the samples and labels that the run learns from
    standing : where the loop stands
    history : the last records
    state : of the trainer
    """

    config: dict[str, Any]
    sample_shape: tuple[int, ...]
    codes: int
    data: str
    standing: Standing
    history: list[Record]
    state: State

    def write(self, path: Path) -> None:
        """Write the checkpoint, whole or not at all.

        Raises
        ------
        OSError : the file cannot be written
        """
        description = {
            "kind": KIND,
            "format": FORMAT,
            "config": self.config,
            "sample_shape": self.sample_shape,
            "codes": self.codes,
            "data": self.data,
            "standing": dataclasses.asdict(self.standing),
            "history": self.history[-TAIL:],
            "numbers": self.state.numbers,
        }
        write_archive(path, description, self.state.arrays)

    def meets(self, stop_when: str | None) -> bool:
        """Say whether the last record was written at this step, and fulfils a condition that ends a run."""
        last = self.history[-1] if self.history else {}
        met = stop_when is not None and read_condition(stop_when).holds(last)
        return met and last["step"] == self.standing.step


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; every number in it is checked.

    Raises
    ------
    InputError : the file is damaged or something else
    """
    try:
        with Archive(path) as archive:
            found = archive.description()
            if found.get("kind") != KIND or found.get("format") != FORMAT:
                came = f"{found.get('kind')!r} and {found.get('format')!r}"
                raise InputError(f"kind, format: expected {KIND!r} and {FORMAT}, got {came}")
            _check(found, ENTRIES)
            _check(found["standing"], STANDING)
            if any(len(row) != COLUMNS for row in found["standing"]["pending"]):
                raise InputError(f"pending: expected {COLUMNS} numbers for each step, got others")
            if any(read_record(json.dumps(record).encode()) is None for record in found["history"]):
                raise InputError("history: expected records, got others")
            state = State(read_verified(archive, found), found["numbers"])
        return Checkpoint(
            found["config"],
            tuple(found["sample_shape"]),
            found["codes"],
            found["data"],
            Standing(**{name: found["standing"][name] for name in STANDING}),
            found["history"],
            state,
        )
    except InputError as error:
        raise InputError(
            f"path: expected a checkpoint, got {str(path)!r}, which is damaged or another ({error})"
        ) from None


def fingerprint(dataset: Dataset | Points) -> str:
    """Return the SHA-256 of the samples and labels of a data set, with their shapes and types."""
    digest = hashlib.sha256()
    labels = dataset.labels if isinstance(dataset, Dataset) else None
    for array in (dataset.samples, labels):
        if array is not None:
            digest.update(f"{array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _fits(value: Any, kind: Any) -> bool:
    """Say whether a value from JSON is of a kind: int (from 0 on), float (finite), str, dict, or a list of one kind."""
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(each, *get_args(kind)) for each in value)
    if kind is int:
        return type(value) is int and 0 <= value < 1 << 62
    if kind is float:
        return (type(value) is int and abs(value) < 1 << 62) or (type(value) is float and math.isfinite(value))
    return isinstance(value, kind)


def _check(found: dict[str, Any], kinds: dict[str, Any]) -> None:
    for name, kind in kinds.items():
        if name not in found or not _fits(found[name], kind):
            raise InputError(f"{name}: expected an entry of a checkpoint, got {str(found.get(name))[:60]}")
