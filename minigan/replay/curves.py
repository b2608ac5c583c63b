"""The curves of the page: the records of a run, thinned out so that the page stays small."""

import math
from typing import Any

import numpy as np

from ..runs.figures import EVALUATED
from ..runs.pictures import loss_labels
from ..runs.run import Run

MOST = 400  # numbers of one line
LARGEST = 1e30  # number that can be drawn; the line has a gap where one is larger


def find_curves(run: Run) -> list[dict[str, Any]]:
    """Return the charts of a run as `charts.js` takes them; none where nothing is recorded.

    They are those of ``losses.png``: the losses, the outputs of D, and what was evaluated.
    """
    history = run.history
    if not len(history):
        return []
    labels = loss_labels(run.config)
    balance = labels["equilibrium"]
    unit = "nats per sample" if labels["probability"] else "per sample"
    outputs = "probability of being real" if labels["probability"] else "score, higher when a sample looks real"
    charts: list[dict[str, Any]] = [
        {
            "title": "Losses",
            "unit": unit,
            "log": False,
            "decimals": 2,
            "lines": [_line(run, "discriminator", "d_loss"), _line(run, "generator", "g_loss")],
            "reference": {"name": "D knows nothing: 2 log 2 =", "value": 2 * math.log(2)} if balance else None,
        },
        {
            "title": "What D thinks",
            "unit": outputs,
            "log": False,
            "decimals": 2,
            "lines": [_line(run, "D(x), real", "d_real"), _line(run, "D(G(z)), drawn", "d_fake")],
            "reference": {"name": "D knows nothing:", "value": 0.5} if balance else None,
        },
    ]
    for column, plot in EVALUATED.items():
        if column in history.columns and plot.compared_with in history.columns:
            compared = history[plot.compared_with]
            compared = compared[np.abs(compared) < LARGEST]
            line = _line(run, plot.unit, column)
            reference = {"name": f"{plot.called}:", "value": float(compared[-1])} if len(compared) else None
            positive = all(value is None or value > 0 for value in [*line["values"], *compared])
            charts.append(
                {
                    "title": plot.title,
                    "unit": plot.unit,
                    "log": plot.distance and positive,
                    "decimals": 2 if plot.distance else 0,
                    "lines": [line],
                    "reference": reference,
                }
            )
    return [chart for chart in charts if all(_has_number(line) for line in chart["lines"])]


def _line(run: Run, name: str, column: str) -> dict[str, Any]:
    """Return a column over the steps at which it was recorded, as means over neighbours where there are too many."""
    steps, values = run.history["step"], run.history[column].astype(np.float64)
    there = ~np.isnan(values)
    steps, values = steps[there], values[there]
    if len(steps) > MOST:
        parts = np.array_split(np.arange(len(steps)), MOST)
        steps = np.array([steps[part[-1]] for part in parts])
        values = np.array([values[part].mean() for part in parts])
    numbers = [float(f"{value:.5g}") if abs(value) < LARGEST else None for value in values]
    return {"name": name, "steps": steps.tolist(), "values": numbers}


def _has_number(line: dict[str, Any]) -> bool:
    return any(value is not None for value in line["values"])
