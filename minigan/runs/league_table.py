"""The results of the league: the place of each game, and tables."""

from collections.abc import Sequence
from statistics import mean, median
from typing import NamedTuple

from ..errors import InputError
from ..metrics import EVALUATORS
from ..models import IMAGE_MODELS
from .league import GAMES, Game, Result

SHOWN = {  # the columns that the report shows: a title, and the digits after the point
    "fid": (f"Frechet distance, evaluator {EVALUATORS[0]}", 2),
    "fid_second": (f"Frechet distance, evaluator {EVALUATORS[1]}", 2),
    "steps": ("Steps in this time", 0),
}


class Interval(NamedTuple):
    """The results of one game on one model: the median over the seeds, and the least and the greatest of them.

    values : at least one, in the order of the seeds
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def probability(self) -> float:
        """How probable it is that the median over all possible seeds lies between the least and the greatest value.

        It lies outside if all n values are above it, or all below, and each of these has the probability 2^-n.
        """
        return 1 - 2 ** (1 - len(self.values))

    def text(self, decimals: int) -> str:
        """Return "median (least to greatest)"."""
        numbers = (f"{value:,.{decimals}f}" for value in (self.median, min(self.values), max(self.values)))
        return "{} ({} to {})".format(*numbers)


def intervals(results: Sequence[Result], column: str) -> dict[tuple[Game, str], Interval]:
    """Return what the seeds reached in a field of `Result`, for each game and model that was played."""
    found: dict[tuple[Game, str], tuple[float, ...]] = {}
    for result in results:
        key = (result.entry.game, result.entry.model)
        found[key] = (*found.get(key, ()), getattr(result, column))
    return {key: Interval(values) for key, values in found.items()}


def models_of(results: Sequence[Result]) -> list[str]:
    """Return the names of the models that were played, in the order of `IMAGE_MODELS`."""
    played = {result.entry.model for result in results}
    return [model for model in IMAGE_MODELS if model in played]


def places(results: Sequence[Result], column: str = "fid") -> dict[Game, float]:
    """Return the mean place of each game over the models, best first.

    On one model, a game whose median is the least has the place 1, and a game has the place k + 1 if k games have
    smaller medians.
    """
    found = intervals(results, column)
    on_each: dict[Game, list[int]] = {}
    for (game, model), own in found.items():
        rivals = (other for (_, where), other in found.items() if where == model)
        on_each.setdefault(game, []).append(1 + sum(other.median < own.median for other in rivals))
    means = {game: mean(on_each[game]) for game in GAMES.values() if game in on_each}
    return dict(sorted(means.items(), key=lambda item: item[1]))


def table(results: Sequence[Result], column: str) -> str:
    """Return a column of `SHOWN` as a Markdown table with a row for each game and a column for each model.

    The game with the best mean place comes first. A table of distances shows its own places; that of the steps has the
    order of ``fid``.
    """
    _, decimals = SHOWN[column]
    found, models = intervals(results, column), models_of(results)
    ranked = column.startswith("fid")
    lines = [["game", *models, *(["mean place"] if ranked else [])]]
    lines.append(["---"] * len(lines[0]))
    for game, place in places(results, column if ranked else "fid").items():
        cells = [found[game, model].text(decimals) if (game, model) in found else "-" for model in models]
        lines.append([str(game), *cells, *([f"{place:.1f}"] if ranked else [])])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def report(results: Sequence[Result]) -> str:
    """Return all tables, with what the results have in common and with what a cell says.

    Raises
    ------
    InputError : there are no results, or they differ in their data or in their time
    """
    title = headline(results)
    tables = [f"{heading}\n{table(results, column)}" for column, (heading, _) in SHOWN.items()]
    fewest = min(intervals(results, "fid").values(), key=lambda interval: len(interval.values))
    legend = (
        f"A cell is the median (least to greatest) of the seeds, of which each game has {len(fewest.values)} or more.\n"
        "The median of all possible seeds lies between the least and the greatest with a probability of "
        f"{100 * fewest.probability:.0f} % or more."
    )
    return "\n\n".join([title, *tables, legend])


def headline(results: Sequence[Result]) -> str:
    """Say what all results have in common.

    Raises
    ------
    InputError : there are none, or they differ in their data or in their time
    """
    kinds = sorted({(result.entry.seconds, result.entry.data) for result in results})
    if len(kinds) != 1:
        found = ", ".join(f"{seconds:g} s on {data}" for seconds, data in kinds)
        raise InputError(
            f"summary: expected runs of one data set and one time, got {found or 'none'}; choose with --data, --seconds"
        )
    ((seconds, data),) = kinds
    return f"{seconds:g} s of training on {data}"
