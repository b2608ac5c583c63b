"""The records of a run: the means over the steps since the last record, and what is wrong with them."""

import math
from collections.abc import Sequence

import numpy as np

from ..backend import Array, get_array_module, to_host
from ..training.stop_when import TRAINED
from .history import Record

LOSSES = {"d_loss": "discriminator's loss", "g_loss": "generator's loss"}


def to_numbers(metrics: Sequence[tuple[Array, ...]]) -> np.ndarray:
    """Return what some steps saw as rows (n, 4) on the host; only here does the host wait for the device."""
    if not metrics:
        return np.empty((0, 4), dtype=np.float32)
    xp = get_array_module(metrics[0][0])
    return to_host(xp.stack([xp.stack(m) for m in metrics]))


def summarise(step: int, rows: np.ndarray, names: Sequence[str] = TRAINED) -> Record:
    """Return the means over some steps, of which ``step`` is the last, by the names of the columns."""
    return {"step": step, **dict(zip(names, map(float, rows.mean(axis=0)), strict=True))}


def first_fault(step: int, rows: np.ndarray, names: Sequence[str] = TRAINED) -> tuple[int, str] | None:
    """Return the first step with a loss that is not a finite number, and a sentence about it; None if there is none."""
    for i, losses in enumerate(rows):
        for name, loss in zip(names[:2], losses, strict=False):
            if not math.isfinite(loss):
                when = step - len(rows) + 1 + i
                return when, f"the {LOSSES.get(name, name)} is {loss} at step {when:,}: training has diverged"
    return None
