"""The pictures of a run: what its generator draws, how that came about, and its losses."""

import math
from pathlib import Path

import numpy as np

from ..datasets import MODES
from ..files import step_files
from ..models import kind_of
from ..objectives import ELBO, Objective
from ..training.config import ResolvedConfig
from . import figures
from .bound_figure import save_bound
from .run import Run

SNAPSHOTS = 40  # pictures of one fixed z over a run, more of them at its start
SCALE = 3  # width of a pixel of an image in a picture of images


def loss_labels(config: ResolvedConfig, objective: Objective) -> dict[str, bool]:
    """Return what `figures.save_losses` must know of the game, whose losses come from this objective.

    Returns
    -------
    probability : whether D(x) is a probability
    equilibrium : whether the losses of a discriminator that knows nothing are 2 log 2 and D = 1/2
    """
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
        figures.save_grid(samples, path, scale=SCALE)


def save_film(snapshots: Path, path: Path, *, images: bool) -> None:
    """Write the snapshots of a run, pictures in a folder with names such as ``step-000050.png``, as a GIF.

    Parameters
    ----------
    snapshots : the folder
    path : the file
    images : whether the snapshots show images, whose pixels are enlarged, or points
    """
    from PIL import Image

    scale = SCALE if images else 1
    frames = []
    for step, picture in sorted(step_files(snapshots, ".png").items()):
        with Image.open(picture) as opened:
            pixels = np.asarray(opened.convert("RGB"))[::scale, ::scale]
        frames.append((step, pixels[None] / np.float32(127.5) - 1))
    if frames:
        figures.save_animation(frames, path, scale=2 if images else 1)


def snapshots_until(share: float) -> int:
    """Return how many pictures of the fixed z belong to this share of a run; there are more of them at its start."""
    return math.floor(SNAPSHOTS * math.sqrt(share)) + 1


def save_drawn(run: Run, path: Path) -> None:
    """Write a picture of what the generator draws."""
    n, label = samples_to_show(run, default=100 if kind_of(run.generator.output_shape) == "images" else 2500)
    save_samples(run.sample(n, seed=run.config.seed, label=label), path, data=run.config.data)


def save_losses(run: Run, path: Path) -> None:
    """Write a picture of the losses or of the bound, and of what was evaluated, if there are any records."""
    if len(run.history):
        evaluated = next((name for name in figures.EVALUATED if name in run.history.columns), None)
        objective = run.config.base_objective
        if isinstance(objective, ELBO):
            save_bound(run.history, path, evaluated=evaluated)
        else:
            figures.save_losses(run.history, path, **loss_labels(run.config, objective), evaluated=evaluated)


def _centres(data: str) -> np.ndarray | None:
    return MODES[data].centres if data in MODES else None
