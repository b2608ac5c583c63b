"""The folder of a run: what is written there, and when."""

import dataclasses
import itertools
import json
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..errors import InputError, MiniganWarning
from ..files import TEMPORARY, acquire_lock, atomic_path, remove_stale, step_files
from ..training.config import ResolvedConfig
from .checkpoint import Checkpoint
from .history import LONGEST, Record, read_record
from .pictures import save_drawn, save_film, save_losses, save_samples
from .run import Run

# What a run writes, and what the line about it says at the end.
CONTENTS = {
    "samples.png": "{} that the generator draws",
    "training.gif": "how they came about",
    "losses.png": "the losses of both players, or the bound",
    "model.npz": "the model",
    "best.npz": "the best model that an evaluation found",
    "samples": "",
    "checkpoints": "",
    "metrics.jsonl": "",
    "config.json": "",
}
ENDING = ("model.npz", "samples.png", "losses.png", "training.gif")  # what the end of a run writes, in this order
Result = TypeVar("Result")


class RunFolder:
    """A folder with everything that one run leaves; no other process may write there at the same time.

    ======================  =================================================
    config.json             the options, with nothing left open
    metrics.jsonl           one record per line, written during training
    samples/                pictures of one fixed z, written during training
    checkpoints/            the last checkpoints, written during training
    best.npz                with ``evaluate_every``: the checkpoint of the best model so far
    model.npz               both networks, at the end
    samples.png             what the generator draws, at the end
    losses.png              the losses over the steps, and the evaluations if there are any, at the end
    training.gif            the pictures in samples/ as an animation, at the end
    ======================  =================================================

    A folder that was removed while the run trains is made again.

    Parameters
    ----------
    path : the folder, which exists
    config : the options of the run; they are written

    Raises
    ------
    InputError : the folder cannot be written, or another process trains in it
    """

    def __init__(self, path: Path, config: ResolvedConfig) -> None:
        self.path = path
        self.config = config
        self.images = config.spec.samples == "images"
        try:
            self.lock = acquire_lock(path / ".lock", seconds=0)
        except TimeoutError:
            raise InputError(f"out: expected a folder that no other process trains in, got {str(path)!r}") from None
        except OSError as error:
            raise _cannot_be_written(path, error) from None
        try:
            with atomic_path(path / "config.json") as temporary:  # first, because a run is known by it
                temporary.write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n", encoding="utf-8")
            for folder in (path, path / "samples", path / "checkpoints"):
                folder.mkdir(exist_ok=True)
                remove_stale(folder)
        except OSError as error:
            self.close()
            raise _cannot_be_written(path, error) from None

    @classmethod
    def create(cls, path: Path, config: ResolvedConfig) -> "RunFolder":
        """Make a new folder, or take an empty one; with ``overwrite``, a run that lies there is removed first.

        Raises
        ------
        InputError : the folder holds something else, or cannot be written
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            there = {each.name for each in path.iterdir() if not TEMPORARY.fullmatch(each.name)} - {".lock"}
            if there and not config.overwrite:
                raise InputError(
                    f"out: expected a new or an empty folder, got {str(path)!r}, which is not empty; overwrite=True or "
                    "--overwrite replaces a run"
                )
            if there and not there & {"config.json", "model.npz"}:
                raise InputError(f"overwrite: expected the folder of a run, got {str(path)!r}, which holds none")
            folder = cls(path, config)
        except OSError as error:
            raise _cannot_be_written(path, error) from None
        if there:
            folder.clear()
        return folder

    @classmethod
    def claim(cls, config: ResolvedConfig, parent: Path) -> "RunFolder":
        """Make the folder ``<parent>/<model>-<data>-<number>`` with the first number that is not taken.

        Two processes never get the same number, because only one of them can make a folder.
        """
        data = Path(config.data).stem or "data"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for number in itertools.count(1):
                path = parent / f"{config.model}-{data}-{number:03d}"
                with suppress(FileExistsError):
                    path.mkdir()
                    break
        except OSError as error:
            raise _cannot_be_written(parent, error) from None
        return cls(path, dataclasses.replace(config, out=str(path)))

    def close(self) -> None:
        """Let other processes write in the folder."""
        self.lock.release()

    def clear(self) -> None:
        """Remove what an earlier run wrote, except the options, which are those of this run already."""
        for name in CONTENTS:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            elif name != "config.json":
                path.unlink(missing_ok=True)

    def go_back(self, checkpoint: Checkpoint | None) -> None:
        """Remove what was written after a checkpoint, or everything if there is none.

        The last records are those of the checkpoint; the lines before them stay as they are. The model and the pictures
        of the whole run are removed too, because from now on newer checkpoints will hold a newer model.
        """
        for name in ENDING:
            (self.path / name).unlink(missing_ok=True)
        step, tail = (checkpoint.standing.step, checkpoint.history) if checkpoint else (-1, [])
        for found in (step_files(self.path / "samples", ".png"), checkpoint_steps(self.path)):
            for when, path in found.items():
                if when > step:
                    path.unlink()
        metrics = self.path / "metrics.jsonl"
        with atomic_path(metrics) as temporary, open(temporary, "wb") as file:
            if metrics.is_file():
                with open(metrics, "rb") as old:
                    lines = iter(lambda: old.readline(LONGEST), b"")
                    file.writelines(line for line in lines if _is_before(line, tail[0]["step"] if tail else 0))
            file.writelines(_line(record).encode() for record in tail)

    def add_record(self, record: Record) -> None:
        """Append one line to ``metrics.jsonl``."""
        with open(self._place("metrics.jsonl"), "a", encoding="utf-8") as file:
            file.write(_line(record))

    def add_snapshot(self, step: int, samples: np.ndarray) -> None:
        """Write the picture of the fixed z at one step."""
        save_samples(samples, self._place(f"samples/step-{step:06d}.png"), data=self.config.data)

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, and then remove those that are too old."""
        checkpoint.write(self._place(f"checkpoints/step-{checkpoint.standing.step:06d}.npz"))
        for _, path in sorted(checkpoint_steps(self.path).items())[: -self.config.keep_checkpoints]:
            path.unlink()

    def save_best(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint of the best model so far; the file is replaced whole or not at all."""
        checkpoint.write(self._place("best.npz"))

    def save_model(self, run: Run) -> Path:
        """Write the model; return where it is."""
        return run.save(self._place("model.npz"))

    def pictures(self, run: Run) -> dict[str, Callable[[], None]]:
        """Return what writes each picture of the whole run."""
        return {
            "samples.png": lambda: save_drawn(run, self._place("samples.png")),
            "losses.png": lambda: save_losses(run, self._place("losses.png")),
            "training.gif": lambda: save_film(self.path / "samples", self._place("training.gif"), images=self.images),
        }

    def describe(self) -> str:
        """Say what each file holds, and what to do next."""
        drawn = "digits" if self.images else "points"
        lines = [
            f"  {self.path / name}  {text.format(drawn)}"
            for name, text in CONTENTS.items()
            if text and (self.path / name).exists()
        ]
        if (self.path / "model.npz").exists():
            lines.append(f"More {drawn}: minigan sample {self.path}")
        else:
            lines.append(f"The model is not in {self.path}, because it could not be written there")
        return "\n".join(lines)

    def _place(self, name: str) -> Path:
        """Return the path of a file, in a folder that exists."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def checkpoint_steps(folder: Path) -> dict[int, Path]:
    """Return the checkpoints of a run folder by their steps."""
    return step_files(folder / "checkpoints", ".npz")


def is_finished(folder: Path) -> bool:
    """Say whether a run has written its results: the first file and the last of those that its end writes."""
    return (folder / ENDING[0]).exists() and (folder / ENDING[-1]).exists()


def read_newest(folder: Path, read: Callable[[Path], Result]) -> tuple[int, Result] | None:
    """Return the step of the newest checkpoint that ``read`` can read, and what it returns; warn of each other one."""
    for step, path in sorted(checkpoint_steps(folder).items(), reverse=True):
        try:
            return step, read(path)
        except InputError as error:
            warnings.warn(f"a checkpoint is left out; {error}", MiniganWarning, stacklevel=2)
    return None


def _is_before(line: bytes, step: int) -> bool:
    record = read_record(line)
    return record is not None and record["step"] < step


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"


def _cannot_be_written(path: Path, error: OSError) -> InputError:
    return InputError(f"out: expected a folder that can be written, got {str(path)!r} ({error.strerror or error})")
