"""``minigan edit change-class``: draw all ten digits in the style of one."""

import argparse

import numpy as np

from ...editing.attributes import ATTRIBUTES
from ...editing.change_class import (
    DigitClasses,
    StyleKept,
    draw_each_digit,
    find_digit_classes,
    measure_style_kept,
)
from ...editing.labelled_grid import save_labelled_grid
from ...editing.latents import draw
from ...metrics.evaluator import CLASSES
from ...runs.load import load
from ...terminal import say
from ..arguments import add_path
from .pictures import add_out, out_path
from .start import add_start, starting_latents

ABOUT = "Draw all ten digits in the style of one."
DETAILS = "The noise stays, and the class is changed."
LEAST = 2 * CLASSES  # digits
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_start(parser, n=100, what=f"Number of digits that are measured; the picture shows the first {SHOWN}.")
    add_out(parser, "change-class.png")


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out = out_path(arguments, "change-class.png")
    run = load(arguments.path)
    classes = find_digit_classes(run)
    latents, originals = starting_latents(run, arguments.images, arguments.n, seed=arguments.seed)
    images = draw_each_digit(run, latents, classes)
    if len(images) >= LEAST:
        say(table(classes, measure_style_kept(run, images), len(images)))
    else:
        say(f"fewer than {LEAST} digits: their styles are not measured")
    first = draw(run, latents[:SHOWN]) if originals is None else originals[:SHOWN]
    save_labelled_grid(
        np.concatenate([first[:, None], images[:SHOWN]], axis=1),
        out,
        title="The same noise with the class of each digit",
        columns=["drawn" if originals is None else "real", *map(str, range(CLASSES))],
    )
    say(f"{min(SHOWN, len(images))} styles in {out}")
    return 0


def table(classes: DigitClasses, kept: StyleKept, n: int) -> str:
    """Return what was measured, as text."""

    def row(name: str, values: np.ndarray, form: str) -> str:
        return f"{name:<22}" + "".join(f"{each:>7{form}}" for each in values)

    lines = [
        row("digit", np.arange(CLASSES), "d"),
        row("class that draws it", classes.classes, "d"),
        row("read as asked, %", 100 * kept.right, ".0f") + f"   mean {100 * kept.right.mean():.1f}",
        f"Correlation between two columns, {n} rows, mean over all pairs:",
        f"{'':<22}" + "".join(f"{name:>11}" for name in ATTRIBUTES),
        f"{'in one row':<22}" + "".join(f"{each:>11.2f}" for each in kept.same),
        f"{'in different rows':<22}" + "".join(f"{each:>11.2f}" for each in kept.other),
    ]
    return "\n".join(lines)
