"""``minigan edit truncate``: draw digits from the middle of the noise, and see what that costs."""

import argparse

import numpy as np

from ... import validation
from ...editing.labelled_grid import save_labelled_grid
from ...editing.truncate import LIMITS, MOST, Truncated, measure_truncation
from ...runs.load import load
from ...terminal import say
from ..arguments import add_path, add_seed
from .pictures import add_out, out_path

ABOUT = "Draw digits from the middle of the noise alone."
DETAILS = "They are clearer and differ less; a table says what is gained and what is lost."
SHOWN = 12
MOST_LIMITS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    limits = [each for each in LIMITS if each is not None]
    add_path(parser)
    parser.add_argument(
        "--limits",
        type=float,
        nargs="+",
        default=limits,
        metavar="NUMBER",
        help=f"Limits of the noise, at least 0.1. Default: {' '.join(f'{each:g}' for each in limits)}.",
    )
    parser.add_argument(
        "-n",
        type=int,
        default=1000,
        metavar="INT",
        help=f"Number of digits that are measured for each limit, at most {MOST:,}; the picture shows the first "
        f"{SHOWN}. Default: 1000.",
    )
    add_seed(parser)
    add_out(parser, "truncate.png")


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out = out_path(arguments, "truncate.png")
    validation.integer("number of limits", len(arguments.limits), most=MOST_LIMITS)
    for limit in arguments.limits:
        validation.at_least("limits", limit, 0.1)
    run = load(arguments.path)
    limits = [None, *arguments.limits]
    say(table(measure_truncation(run, limits, n=arguments.n, seed=arguments.seed), arguments.n))
    rows = [run.sample(SHOWN, seed=arguments.seed, truncation=each) for each in limits]
    save_labelled_grid(
        np.stack(rows),
        out,
        title="The same seed, with noise between -limit and limit",
        rows=["no limit" if each is None else f"limit {each:g}" for each in limits],
    )
    say(f"{len(rows)} rows of {SHOWN} digits in {out}")
    return 0


def table(rows: list[Truncated], n: int) -> str:
    """Return what was measured, as text."""
    lines = [
        f"{n:,} digits for each limit:",
        f"{'noise':<12} {'precision':>10} {'recall':>8} {'certainty':>10} {'spread':>8}",
    ]
    for row in rows:
        name = "no limit" if row.limit is None else f"limit {row.limit:g}"
        name = "real digits" if row.limit is not None and np.isnan(row.limit) else name
        lines.append(f"{name:<12} {row.precision:>10.2f} {row.recall:>8.2f} {row.certainty:>10.3f} {row.spread:>8.2f}")
    return "\n".join(
        [*lines, "precision, recall: k = 3; certainty: of the evaluator; spread: of its features within a digit"]
    )
