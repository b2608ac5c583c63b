"""The folder of a run: what is written there, and when."""

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np

from .. import figures
from ..errors import InputError
from ..files import atomic_path
from .config import TrainConfig
from .history import Record
from .run import Run


class RunFolder:
    """A new folder with everything one run leaves.

    config.json      the resolved configuration
    metrics.jsonl    one record per line, as training goes
    samples/         grids of one fixed z, as training goes
    model.npz, samples.png, losses.png, training.gif      at the end

    Raises ``InputError`` when the folder cannot be made or already holds something.
    """

    def __init__(self, path: str, config: TrainConfig) -> None:
        self.path = Path(path)
        self.snapshots: list[tuple[int, np.ndarray]] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise InputError(f"out: {str(self.path)!r} is not empty; choose a new folder, nothing is overwritten")
            (self.path / "samples").mkdir()
        except OSError as error:
            raise InputError(f"out: cannot write to {str(self.path)!r} ({error.strerror})") from None
        with atomic_path(self.path / "config.json") as temporary:
            temporary.write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n", encoding="utf-8")

    def add_record(self, record: Record) -> None:
        """Append one line to ``metrics.jsonl``."""
        with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def add_snapshot(self, step: int, images: np.ndarray) -> None:
        """Write the grid of the fixed z at one step, and keep it for the animation."""
        self.snapshots.append((step, images))
        figures.save_grid(images, self.path / "samples" / f"step-{step:06d}.png")

    def finish(self, run: Run) -> None:
        """Write the model, and the pictures of the whole run."""
        run.save(self.path / "model.npz")
        figures.save_grid(run.sample(100, seed=run.config.seed), self.path / "samples.png")
        if len(run.history):
            figures.save_losses(run.history, self.path / "losses.png")
        if self.snapshots:
            figures.save_animation(self.snapshots, self.path / "training.gif")

    def describe(self) -> str:
        """Say what lies where, and what to do next."""
        what = {
            "samples.png": "digits it draws",
            "training.gif": "how they came about",
            "losses.png": "losses",
            "model.npz": "model",
        }
        lines = [f"  {self.path / name}  {text}" for name, text in what.items() if (self.path / name).exists()]
        return "\n".join([*lines, f"More digits: minigan sample {self.path}"])


def fresh_name(config: TrainConfig, parent: str = "runs") -> str:
    """Return ``runs/<model>-<data>-<number>``, with the first number that is not taken."""
    data = Path(config.data).stem or "data"
    for number in itertools.count(1):
        path = Path(parent) / f"{config.model}-{data}-{number:03d}"
        if not path.exists():
            return str(path)
    raise AssertionError  # count never ends
