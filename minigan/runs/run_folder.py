"""The folder of a run: what is written there, and when."""

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np

from ..datasets import MODES
from ..errors import InputError
from ..files import atomic_path
from ..models import kind_of
from ..training.config import ResolvedConfig, TrainConfig
from . import figures
from .history import Record
from .run import Run


class RunFolder:
    """A new folder with everything that one run leaves.

    ======================  =================================================
    config.json             the options, with nothing left open
    metrics.jsonl           one record per line, written during training
    samples/                pictures of one fixed z, written during training
    best.npz                with ``evaluate_every``: the best model so far, written during training
    model.npz               both networks, at the end
    samples.png             what the generator draws, at the end
    losses.png              the losses over the steps, and the evaluations if there are any, at the end
    training.gif            the pictures in samples/ as an animation, at the end
    ======================  =================================================

    Parameters
    ----------
    path : the folder; it must be new or empty
    config : the options of the run

    Raises
    ------
    InputError : the folder cannot be made, or it already holds something
    """

    def __init__(self, path: str, config: ResolvedConfig) -> None:
        self.path = Path(path)
        self.data = config.data
        self.drawn = "digits" if config.spec.samples == "images" else "points"
        self.snapshots: list[tuple[int, np.ndarray]] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise InputError(f"out: expected a new or an empty folder, got {str(self.path)!r}, which is not empty")
            (self.path / "samples").mkdir()
        except OSError as error:
            raise InputError(
                f"out: expected a folder that can be written, got {str(self.path)!r} ({error.strerror})"
            ) from None
        with atomic_path(self.path / "config.json") as temporary:
            temporary.write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n", encoding="utf-8")

    def add_record(self, record: Record) -> None:
        """Append one line to ``metrics.jsonl``."""
        with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def add_snapshot(self, step: int, samples: np.ndarray) -> None:
        """Write the picture of the fixed z at one step, and keep the samples for the animation."""
        self.snapshots.append((step, samples))
        save_samples(samples, self.path / "samples" / f"step-{step:06d}.png", data=self.data)

    def save_best(self, run: Run) -> None:
        """Write both networks as they are now; the file is replaced whole or not at all."""
        run.save(self.path / "best.npz")

    def finish(self, run: Run) -> None:
        """Write the model and the pictures of the whole run."""
        run.save(self.path / "model.npz")
        n, label = samples_to_show(run, default=100 if kind_of(run.generator.output_shape) == "images" else 2500)
        save_samples(run.sample(n, seed=run.config.seed, label=label), self.path / "samples.png", data=self.data)
        if len(run.history):
            evaluated = next((name for name in figures.EVALUATED if name in run.history.columns), None)
            labels = loss_labels(run.config)
            figures.save_losses(run.history, self.path / "losses.png", **labels, evaluated=evaluated)
        if self.snapshots:
            save_animation(self.snapshots, self.path / "training.gif", data=self.data)

    def describe(self) -> str:
        """Say what each file holds, and what to do next."""
        what = {
            "samples.png": f"{self.drawn} that the generator draws",
            "training.gif": "how they came about",
            "losses.png": "the losses of both players",
            "model.npz": "the model",
            "best.npz": "the best model that an evaluation found",
        }
        lines = [f"  {self.path / name}  {text}" for name, text in what.items() if (self.path / name).exists()]
        return "\n".join([*lines, f"More {self.drawn}: minigan sample {self.path}"])


def loss_labels(config: ResolvedConfig) -> dict[str, bool]:
    """Return what `figures.save_losses` must know of the game.

    Returns
    -------
    probability : whether D(x) is a probability
    equilibrium : whether the losses of a discriminator that knows nothing are 2 log 2 and D = 1/2
    """
    objective = config.base_objective
    changed = bool(config.soft_labels) or config.discriminators > 1 or config.code_weight is not None
    cross_entropy = objective.name in ("non-saturating", "minimax")
    return {"equilibrium": cross_entropy and not changed, "probability": objective.log_odds}


def samples_to_show(run: Run, *, default: int) -> tuple[int, np.ndarray | None]:
    """Return how many samples a picture shows, and their labels.

    A run whose classes have a meaning of their own shows 100 images, with one class in each column. Any other run
    shows ``default`` samples as it draws them.
    """
    if run.config.conditional in ("none", "clusters") or kind_of(run.generator.output_shape) == "points":
        return default, None
    return 100, np.arange(10) * run.classes // 10


def save_samples(samples: np.ndarray, path: Path, *, data: str) -> None:
    """Write a picture of samples: a grid of images, or points over the centres of the data set ``data``."""
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
    """Return ``runs/<model>-<data>-<number>`` with the first number that is not taken."""
    data = Path(config.data).stem or "data"
    for number in itertools.count(1):
        path = Path(parent) / f"{config.spec.name}-{data}-{number:03d}"
        if not path.exists():
            return str(path)
    raise AssertionError  # count never ends
