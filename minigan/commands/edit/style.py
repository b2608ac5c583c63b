"""``minigan edit style``: make digits thicker, slanted or larger, or change as much as possible."""

import argparse

import numpy as np

from ... import validation
from ...editing.attributes import ATTRIBUTES
from ...editing.directions import Direction, find_direction, number_of
from ...editing.labelled_grid import save_labelled_grid
from ...editing.latents import draw, noise_length
from ...editing.reader import find_reader
from ...editing.style import Effect, measure_effects, move, move_randomly
from ...runs.load import load
from ...runs.run import Run
from ...terminal import say
from ..arguments import add_label, add_path
from .pictures import add_out, out_path
from .start import add_start, starting_latents

ABOUT = "Make digits thicker, slanted or larger."
DETAILS = "The latents are moved along a direction that was found by measuring drawn digits, or from G's Jacobian."
SHARES = np.array([-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1])  # of the amount, one for each column of the picture
FURTHEST = 3.0  # length of the largest move, if no amount is given; that of the noise itself is about 11
SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "--direction",
        default=ATTRIBUTES[0],
        metavar="NAME",
        help=f"What changes: {', '.join(ATTRIBUTES)}, or the number of a principal direction of G's Jacobian, from 1 "
        f"on. Default: {ATTRIBUTES[0]}.",
    )
    parser.add_argument(
        "--amount",
        type=float,
        metavar="NUMBER",
        help="How far it changes at most, in pixels or degrees, or in the noise for a principal direction. "
        f"Default: what a move of length {FURTHEST:g} in the noise does.",
    )
    add_start(parser, n=100, what=f"Number of digits that are measured; the picture shows the first {SHOWN}.")
    add_label(parser)
    add_out(parser, "style.png")


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out = out_path(arguments, "style.png")
    if arguments.amount is not None:
        validation.positive("amount", arguments.amount)
    run = load(arguments.path)
    number_of(run, arguments.direction)  # the search takes seconds, so bad names are found first
    find_reader(run)
    latents, originals = starting_latents(
        run, arguments.images, arguments.n, seed=arguments.seed, label=arguments.label
    )
    direction = find_direction(run, arguments.direction)
    amount = FURTHEST * direction.slope if arguments.amount is None else arguments.amount
    effects = measure_effects(run, latents, direction, list(amount * SHARES[SHARES != 0]), seed=arguments.seed)
    say(about(direction))
    say(table(effects, direction, len(latents), "drawn" if originals is None else "inverted"))
    save(run, latents[:SHOWN], originals, direction, amount, arguments)
    say(f"{min(SHOWN, len(latents))} digits in {out}")
    return 0


def about(direction: Direction) -> str:
    """Return what is known of a direction, as text."""
    if direction.name in ATTRIBUTES:
        return (
            f"{direction.name}: {direction.slope:.3g} {direction.unit} for each unit of length in the noise; explains "
            f"{100 * direction.share:.0f} % of the variance within the classes"
        )
    return (
        f"principal direction {direction.name}: holds {100 * direction.share:.1f} % of the mean squared change of the "
        "image for small steps"
    )


def table(effects: list[Effect], direction: Direction, n: int, kind: str) -> str:
    """Return what the moves did on average, as text."""
    lines = [
        f"Mean change of {n} {kind} digits:",
        f"{'moved by':<22} {'length':>7} {'thickness':>10} {'slant':>8} {'size':>7} {'pixels':>7} {'same digit':>11}",
    ]
    for effect in effects:
        name = "  random direction" if effect.amount is None else f"{effect.amount:+.3g} {direction.unit}"
        thickness, slant, size = effect.attributes
        lines.append(
            f"{name:<22} {effect.step:>7.2f} {thickness:>+10.2f} {slant:>+8.1f} {size:>+7.2f} {effect.pixels:>7.2f} "
            f"{100 * effect.same:>9.1f} %"
        )
    lines.append("thickness and size in pixels, slant in degrees, pixels: root mean square of the change in [-1, 1]")
    return "\n".join(lines)


def save(
    run: Run,
    latents: np.ndarray,
    originals: np.ndarray | None,
    direction: Direction,
    amount: float,
    arguments: argparse.Namespace,
) -> None:
    """Write the picture: a row for each digit, and the first digit again in a random direction."""
    columns = [draw(run, move(latents, direction, each)) for each in amount * SHARES]
    first = latents[:1]
    for i, share in enumerate(SHARES):
        step = amount * share / direction.slope
        other = draw(run, move_randomly(first, noise_length(run), step, seed=arguments.seed))
        columns[i] = np.concatenate([columns[i], other])
    names = [f"{each:+.2g}" if each else "0" for each in amount * SHARES]
    if originals is not None:
        real = originals[: len(latents)]
        columns.insert(0, np.concatenate([real, real[:1]]))
        names.insert(0, "real")
    what = direction.name if direction.name in ATTRIBUTES else f"principal direction {direction.name}"
    save_labelled_grid(
        np.stack(columns, axis=1),
        out_path(arguments, "style.png"),
        title=f"Moved along the direction of {what}, in {direction.unit}"
        if direction.name in ATTRIBUTES
        else f"Moved along {what}, in units {direction.unit}",
        columns=names,
        rows=[*[""] * len(latents), "random"],
        below="The last row shows the first digit, moved as far in a random direction.",
    )
