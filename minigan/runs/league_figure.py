"""The picture of the league: a panel for each model, a row for each game, and a dot for each seed."""

import math
import os
from collections.abc import Sequence
from typing import Any

from ..files import atomic_path
from .drawing import one_at_a_time
from .league import Result
from .league_table import Interval, headline, intervals, models_of, places

SEED, MEDIAN = "#0072b2", "black"
STYLE: dict[Any, Any] = {"font.size": 9, "axes.titlesize": 10, "axes.titlelocation": "left"}


@one_at_a_time
def save_league(results: Sequence[Result], path: str | os.PathLike[str]) -> None:
    """Write the Frechet distances of the first evaluator as a PNG, whole or not at all.

    The game with the best mean place has the uppermost row. The line of a row leads from the least distance to the
    greatest, and the black mark is the median. A run that diverged is a cross at the right edge. The axis is
    logarithmic and the same for all models.

    Parameters
    ----------
    results : at least one, of one data set and one time
    path : the file

    Raises
    ------
    InputError : there are no results, or they differ in their data or in their time
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    title = headline(results)
    found, models, games = intervals(results, "fid"), models_of(results), list(places(results))
    finite = [result.fid for result in results if math.isfinite(result.fid)] or [1.0]
    edge = 1.5 * max(finite)
    with matplotlib.rc_context(STYLE):
        size = (2.2 + 3 * len(models), 1.4 + 0.34 * len(games))
        figure = Figure(figsize=size, dpi=120, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
        for axes, model in zip(panels, models, strict=True):
            axes.set_title(model, weight="bold")
            for row, game in enumerate(games):
                if (game, model) in found:
                    _show_row(axes, row, found[game, model], edge)
            _style_axes(axes)
        panels[0].set(yticks=range(len(games)), yticklabels=map(str, games), ylim=(len(games) - 0.5, -0.5))
        panels[0].set_xlim(min(finite) / 1.5, 1.15 * edge)
        legend = "a dot is a seed, the black mark is the median, and a cross is a run that diverged"
        figure.supxlabel(f"Frechet distance after {title} (0 is best):\n{legend}", fontsize=9)
        with atomic_path(path) as temporary:
            figure.savefig(temporary)


def _show_row(axes: Any, row: int, interval: Interval, edge: float) -> None:
    """Draw the results of one game on one model; an infinite distance is drawn at the edge."""
    shown = [min(value, edge) for value in interval.values]
    axes.plot((min(shown), max(shown)), (row, row), color=SEED, lw=1.2, alpha=0.5)
    for value, x in zip(interval.values, shown, strict=True):
        axes.plot(x, row, "o" if math.isfinite(value) else "x", color=SEED, ms=5, alpha=0.8)
    axes.plot(min(interval.median, edge), row, "|", color=MEDIAN, ms=14, mew=2)


def _style_axes(axes: Any) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.25)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
