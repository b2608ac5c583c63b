"""``minigan study``: compare objectives and penalties, with one training run for each of them and each seed.

The runs train `hybrid` on `mnist-5k`. All other options keep their defaults. The results are written to a CSV file.
"""

import argparse
import csv
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .. import validation
from ..errors import InputError
from ..files import atomic_path
from ..metrics import quick_look
from ..models import get_model_spec
from ..objectives import OBJECTIVES
from ..objectives.penalties import PENALTIES
from ..runs.train import train

ABOUT = "Compare all objectives and penalties, which takes about an hour."
DETAILS = "The study can be interrupted; the same command then continues it."

MODEL, DATA = "hybrid", "mnist-5k"


class Game(NamedTuple):
    """An objective and a penalty that are compared with others; ``penalty`` is "none" when there is none."""

    objective: str
    penalty: str


class Row(NamedTuple):
    """One finished run: the columns of the CSV file. ``seconds`` counts the training alone."""

    objective: str
    penalty: str
    seed: int
    steps: int
    fid: float
    kl: float
    seconds: float


# Every objective without a penalty, and every penalty with the objective that it was made for.
GAMES = [Game(objective, "none") for objective in OBJECTIVES] + [
    Game("wasserstein" if penalty.startswith("wgan") else "non-saturating", penalty) for penalty in PENALTIES
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--rows",
        nargs="+",
        default=(),
        choices=[*OBJECTIVES, *PENALTIES],
        metavar="NAME",
        help="Objectives and penalties to compare. Default: all. Choices: %(choices)s.",
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=(0, 1, 2),
        metavar="INT",
        help="Random seeds; everything is compared once for each. Default: 0 1 2.",
    )
    parser.add_argument("--steps", type=int, metavar="INT", help="Steps of each run. Default: the model's own number.")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("study.csv"),
        metavar="NAME",
        help="CSV file for the results. Default: study.csv.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    print(report(study(arguments.out, rows=arguments.rows, seeds=arguments.seeds, steps=arguments.steps)))
    return 0


def study(
    out: Path, *, rows: Sequence[str] = (), seeds: Sequence[int] = (0, 1, 2), steps: int | None = None
) -> list[Row]:
    """Train and judge every game with every seed.

    Every finished run is added to the file at once. A run that the file already holds is not done again, so the
    study can be interrupted and continued.

    Parameters
    ----------
    out : the CSV file
    rows : names of objectives and penalties; only games with one of them are run, all games when it is empty
    seeds : one run of each game for each seed
    steps : training steps in each run; None takes the model's own number

    Returns
    -------
    The rows of the file that have this number of steps.

    Raises
    ------
    InputError : a name, seed or number of steps does not fit, or the file is something else
    """
    games = select(rows)
    steps = validation.integer("steps", get_model_spec(MODEL).steps if steps is None else steps)
    for seed in seeds:
        validation.integer("seeds", seed, least=0)
    done = read(out)
    for seed in seeds:
        for game in games:
            if (*game, seed, steps) not in {row[:4] for row in done}:
                done.append(run(game, seed, steps))
                write(done, out)
                print(f"{name(game)}, seed {seed}: FID {done[-1].fid:.2f}, {done[-1].seconds:.0f} s", flush=True)
    return [row for row in done if row.steps == steps]


def run(game: Game, seed: int, steps: int) -> Row:
    """Train and judge once."""
    penalty = None if game.penalty == "none" else game.penalty
    start = time.perf_counter()
    trained = train(
        model=MODEL, data=DATA, objective=game.objective, penalty=penalty, seed=seed, steps=steps, quiet=True
    )
    seconds = time.perf_counter() - start
    found = quick_look(trained.sample(10_000), device=trained.generator.device)
    return Row(*game, seed, steps, round(found.fid, 3), round(found.kl, 5), round(seconds, 1))


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file, or none when there is no such file.

    Raises
    ------
    InputError : the file is something else
    """
    if not path.exists():
        return []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if tuple(header) != Row._fields:
            raise ValueError
        return [Row(a, b, int(c), int(d), float(e), float(f), float(g)) for a, b, c, d, e, f, g in rows]
    except ValueError:  # of a number, of the count of columns, of the text's encoding
        raise InputError(
            f"out: expected a CSV file with the columns {', '.join(Row._fields)}, got {str(path)!r}, which is another"
        ) from None


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows in the order of `GAMES`, whole or not at all."""
    ordered = sorted(rows, key=lambda row: (GAMES.index(Game(*row[:2])), *row[2:4]))
    with atomic_path(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([Row._fields, *ordered])


def select(names: Sequence[str]) -> list[Game]:
    """Return the games with one of these objectives or penalties, or all games when there are no names.

    Raises
    ------
    InputError : a name is unknown
    """
    known = [*OBJECTIVES, *PENALTIES]
    for each in names:
        if each not in known:
            raise InputError(f"rows: expected some of {', '.join(known)}, got {each!r}")
    return [game for game in GAMES if not names or set(game) & set(names)]


def summary(rows: Sequence[Row]) -> dict[Game, str]:
    """Return the distance of each game as the README writes it: "median (least to greatest)" over the seeds."""
    found: dict[Game, list[float]] = {}
    for row in rows:
        found.setdefault(Game(*row[:2]), []).append(row.fid)
    return {game: f"{median(fid):.2f} ({min(fid):.2f} to {max(fid):.2f})" for game, fid in found.items()}


def report(rows: Sequence[Row]) -> str:
    """Return the `summary` as a table."""
    return "\n".join(f"{name(game):<32} FID {text}" for game, text in summary(rows).items())


def name(game: Game) -> str:
    """Return the objective, and the penalty if there is one."""
    return game.objective if game.penalty == "none" else f"{game.objective}, {game.penalty}"
