"""The trained models that are part of the package: their names, how each was trained, and where its file is."""

from pathlib import Path
from typing import Any

PRETRAINED: dict[str, dict[str, Any]] = {  # the options of `minigan.train` that made each model
    "mnist": {"data": "mnist", "model": "conv", "conditional": "clusters", "steps": 16_000, "seed": 0},
    "mnist-labels": {"data": "mnist", "model": "conv", "conditional": "projection", "steps": 16_000, "seed": 0},
}


def file_of(name: str) -> Path:
    """Return the model file of a name in `PRETRAINED`."""
    return Path(__file__).parents[1] / "pretrained" / f"{name}.npz"
