"""The folder of a run: what is written there, and when."""

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np

from . import figures
from ..datasets import MODES
from ..errors import InputError
from ..files import atomic_path
from ..models import get_model_spec, kind_of
from ..training.config import TrainConfig
from .history import Record
from .run import Run


class RunFolder:
    """A new folder with everything one run leaves.

    config.json      the resolved configuration
    metrics.jsonl    one record per line, as training goes
    samples/         pictures of one fixed z, as training goes
    model.npz, samples.png, losses.png, training.gif      at the end

    Raises ``InputError`` when the folder cannot be made or already holds something.
    """

    def __init__(self, path: str, config: TrainConfig) -> None:
        self.path = Path(path)
        self.data = config.data
        self.drawn = "digits" if get_model_spec(config.model).samples == "images" else "points"
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

    def add_snapshot(self, step: int, samples: np.ndarray) -> None:
        """Write the picture of the fixed z at one step, and keep it for the animation."""
        self.snapshots.append((step, samples))
        save_samples(samples, self.path / "samples" / f"step-{step:06d}.png", data=self.data)

    def finish(self, run: Run) -> None:
        """Write the model, and the pictures of the whole run."""
        run.save(self.path / "model.npz")
        n, label = by_column(run, otherwise=100 if kind_of(run.generator.output_shape) == "images" else 2500)
        save_samples(run.sample(n, seed=run.config.seed, label=label), self.path / "samples.png", data=self.data)
        if len(run.history):
            config = run.config
            alone = not config.soft_labels and config.discriminators == 1 and config.code_weight is None
            known = config.objective in ("non-saturating", "minimax") and alone
            objective = get_model_spec(config.model).get_objective(config.objective, as_published=config.as_published)
            options = {"equilibrium": known, "probability": objective.log_odds}
            figures.save_losses(run.history, self.path / "losses.png", **options)
        if self.snapshots:
            save_animation(self.snapshots, self.path / "training.gif", data=self.data)

    def describe(self) -> str:
        """Say what lies where, and what to do next."""
        what = {
            "samples.png": f"{self.drawn} it draws",
            "training.gif": "how they came about",
            "losses.png": "losses",
            "model.npz": "model",
        }
        lines = [f"  {self.path / name}  {text}" for name, text in what.items() if (self.path / name).exists()]
        return "\n".join([*lines, f"More {self.drawn}: minigan sample {self.path}"])


def by_column(run: Run, *, otherwise: int) -> tuple[int, np.ndarray | None]:
    """Return how many samples to show and their labels: of a conditional run 100 images, a class in each column."""
    if not run.classes or kind_of(run.generator.output_shape) == "points":
        return otherwise, None
    return 100, np.arange(10) * run.classes // 10


def save_samples(samples: np.ndarray, path: Path, *, data: str) -> None:
    """Write a picture of what a generator drew: a grid of images, or points with the centres of ``data``."""
    if samples.ndim == 2:
        figures.save_points(samples, path, centres=_centres(data))
    else:
        figures.save_grid(samples, path)


def save_animation(snapshots: list[tuple[int, np.ndarray]], path: Path, *, data: str) -> None:
    """Write snapshots (step, images or points) as a GIF."""
    if snapshots[0][1].ndim == 2:
        drawn = [(step, figures.draw_points(points, centres=_centres(data))[None]) for step, points in snapshots]
        figures.save_animation(drawn, path, scale=1)
    else:
        figures.save_animation(snapshots, path)


def _centres(data: str) -> np.ndarray | None:
    return MODES[data].centres if data in MODES else None


def fresh_name(config: TrainConfig, parent: str = "runs") -> str:
    """Return ``runs/<model>-<data>-<number>``, with the first number that is not taken."""
    data = Path(config.data).stem or "data"
    for number in itertools.count(1):
        path = Path(parent) / f"{config.model}-{data}-{number:03d}"
        if not path.exists():
            return str(path)
    raise AssertionError  # count never ends
