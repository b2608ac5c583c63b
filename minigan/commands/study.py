"""``minigan study``: the league of objectives and penalties on several models, in equal time, with several seeds."""

import argparse
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path

from .. import validation
from ..datasets.mnist import NAMES
from ..errors import InputError
from ..models import IMAGE_MODELS
from ..objectives import OBJECTIVES
from ..runs.league import GAMES, Entry, Result, check, play
from ..runs.league_figure import save_league
from ..runs.league_file import merge, read, write
from ..runs.league_table import report
from ..terminal import say
from .arguments import file, seed

ABOUT = "Compare objectives and penalties on several models, in equal time."
DETAILS = (
    "By default it takes about 40 minutes. It can be interrupted; the same command then continues it. It "
    "writes a CSV file and a picture, and prints tables."
)

MODELS = ("hybrid", "mlp")
LEAGUE = (*OBJECTIVES, "r1", "wgan-gp")
SEEDS = (0, 1, 2)
DATA = "mnist"
SECONDS = 40.0
OUT = Path("study.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser, "models", "Models to train.", MODELS, IMAGE_MODELS)
    add_names(
        parser,
        "games",
        "Games to compare: an objective alone, or a penalty with the objective that it was made for.",
        LEAGUE,
        GAMES,
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=seed,
        metavar="INT",
        help=f"Random seeds; everything is compared once for each. Default: {' '.join(map(str, SEEDS))}.",
    )
    parser.add_argument(
        "--data", choices=NAMES, metavar="NAME", help=f"Digits to learn from. Default: {DATA}. Choices: %(choices)s."
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="NUMBER",
        help=f"Training time of each run, without the time for measuring. Default: {SECONDS:g}.",
    )
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help=f"CSV file for the results; the runs that it already holds are not done again. Default: {OUT}.",
    )
    parser.add_argument(
        "--plot",
        type=file,
        metavar="NAME",
        help="PNG file for the picture. Default: the name of the CSV file, with .png at its end.",
    )
    parser.add_argument(
        "--summary",
        nargs="+",
        type=file,
        metavar="NAME",
        help="Train nothing; read the results of these CSV files. The options above then choose what is shown, and "
        "files are written only where --out or --plot names them. --out gets the results of all files.",
    )


def add_names(
    parser: argparse.ArgumentParser, name: str, text: str, default: Sequence[str], choices: Collection[str]
) -> None:
    """Add an option that takes several names."""
    help_text = f"{text} Default: {' '.join(default)}. Choices: %(choices)s."
    parser.add_argument(f"--{name}", nargs="+", choices=list(choices), metavar="NAME", help=help_text)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    asked = {name: getattr(arguments, name) for name in ("models", "games", "seeds", "data", "seconds")}
    given = {name: value for name, value in asked.items() if value is not None}
    out = arguments.out if arguments.summary else arguments.out or OUT
    for name, path, suffix in (("out", out, ".csv"), ("plot", arguments.plot, ".png")):
        if path and path.suffix != suffix:
            raise InputError(f"{name}: expected a name that ends in {suffix}, got {str(path)!r}")
    plot = arguments.plot or (out and out.with_suffix(".png"))
    results = select(collect(arguments.summary, out), **given) if arguments.summary else study(out, **given)
    say(report(results))
    if plot:
        save_league(results, plot)
    return 0


def study(
    out: Path = OUT,
    *,
    models: Sequence[str] = MODELS,
    games: Sequence[str] = LEAGUE,
    seeds: Sequence[int] = SEEDS,
    data: str = DATA,
    seconds: float = SECONDS,
) -> list[Result]:
    """Play every game on every model with every seed.

    Every finished run is added to the file at once. A run that the file already holds is not done again, so the study
    can be interrupted and continued, and several studies may share one file. A run that diverges has a result, too: its
    distance is infinite.

    Parameters
    ----------
    out : the CSV file
    models : names of image models
    games : names of objectives and penalties
    seeds : one run of each game on each model for each seed
    data : "mnist" or "mnist-5k"
    seconds : training time of each run

    Returns
    -------
    All results in the file that have this data and this time.

    Raises
    ------
    InputError : an option does not fit, or the file is something else
    """
    seconds = validation.positive("seconds", seconds)
    validation.one_of("data", data, NAMES)
    for name, values, known in (("models", models, IMAGE_MODELS), ("games", games, GAMES)):
        for value in values:
            validation.one_of(name, value, known)
    entries = [Entry(data, model, *GAMES[game], seed, seconds) for seed, model, game in product(seeds, models, games)]
    check(entries)
    done = write([], out)  # what is wrong with the file comes to light before the first run
    missing = [entry for entry in dict.fromkeys(entries) if entry not in {result.entry for result in done}]
    for number, entry in enumerate(missing, start=1):
        if any(result.entry == entry for result in read(out)):  # another study has played it meanwhile
            continue
        result = play(entry)
        say(f"{number}/{len(missing)}  {entry}: FID {result.fid:.2f}, {result.steps:,} steps")
        done = write([result], out)
    return select(done, data=data, seconds=seconds)


def collect(paths: Sequence[Path], out: Path | None) -> list[Result]:
    """Return the results of several CSV files; if there is ``out``, it is one of them and gets all of them."""
    results = [result for path in paths for result in read(path, name="summary")]
    if out:
        results += read(out) if out.exists() else []
    results = merge(results)
    return write(results, out) if out else results


def select(
    results: Sequence[Result],
    *,
    models: Sequence[str] | None = None,
    games: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    data: str | None = None,
    seconds: float | None = None,
) -> list[Result]:
    """Return the results that have these options; None stands for all."""
    wanted = None if games is None else [GAMES[name] for name in games]
    return [
        result
        for result in results
        if (models is None or result.entry.model in models)
        and (wanted is None or result.entry.game in wanted)
        and (seeds is None or result.entry.seed in seeds)
        and data in (None, result.entry.data)
        and seconds in (None, result.entry.seconds)
    ]
