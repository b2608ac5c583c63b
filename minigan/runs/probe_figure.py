"""The picture of a probe: accuracy over the number of labels, a line for each kind of features."""

import os
from typing import Any

import numpy as np

from ..files import atomic_path
from ..metrics.probe import KINDS, Probe
from .drawing import one_at_a_time

COLOURS = ("0.45", "#e69f00", "#0072b2")  # of the kinds
STYLE: dict[Any, Any] = {"font.size": 10, "axes.titlesize": 12, "axes.titlelocation": "left"}


@one_at_a_time
def save_probe(probe: Probe, path: str | os.PathLike[str], *, title: str) -> None:
    """Write the accuracies as a PNG, whole or not at all.

    A line joins the means over the choices of the labels, a bar leads from the least to the most.

    Parameters
    ----------
    probe : what `probe` found
    path : the file
    title : what was probed
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import NullLocator

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 5), dpi=120, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for place, (kind, colour) in enumerate(zip(KINDS, COLOURS, strict=True)):
            found = [[100 * score.accuracy for score in probe.scores[kind][n]] for n in probe.counts]
            x = np.array(probe.counts) * 1.03 ** (place - 1)  # side by side, so that bars do not hide each other
            means = np.array([np.mean(each) for each in found])
            reach = np.array([[mean - min(each), max(each) - mean] for mean, each in zip(means, found, strict=True)])
            label = f"{kind} ({probe.sizes[kind]:,} features)"
            axes.errorbar(x, means, reach.T, fmt="o-", ms=5, lw=1.6, capsize=3, color=colour, label=label)
            for at, mean in zip(x, means, strict=True):
                text = axes.annotate(f"{mean:.1f}", (at, mean), (8, -4), textcoords="offset points", va="top")
                text.set(color=colour, path_effects=[withStroke(linewidth=3, foreground="white")])
        axes.set_xscale("log")
        axes.set(xticks=probe.counts, xticklabels=[f"{n:,}" for n in probe.counts])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(probe.counts[0] / 1.3, probe.counts[-1] * 1.5)
        axes.set(xlabel="labelled images (logarithmic axis)", ylabel="test images read correctly, %")
        axes.set_title(f"{title}: a linear classifier on three kinds of features")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower right", frameon=False)
        with atomic_path(path) as temporary:
            figure.savefig(temporary)
