"""``minigan data``: show the data sets, download the digits, or check the files."""

import argparse

from ..datasets import DATASETS, mnist
from ..terminal import say

ABOUT = "Show the data sets, download the digits, or check the files."
DETAILS = "The names that it lists can be given to minigan train --data."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        default="show",
        choices=("show", "fetch", "verify"),
        metavar="ACTION",
        help="show lists the data sets and their files; fetch downloads the files that are missing; verify compares "
        "the files with their published hashes. Default: show.",
    )
    parser.add_argument(
        "name",
        nargs="?",
        choices=mnist.NAMES,
        metavar="NAME",
        help="The set of files: %(choices)s. Default: both.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status, 1 when a file is damaged."""
    if arguments.action == "show":
        rows = mnist.status(arguments.name)
        if arguments.name is None:
            say(names() + "\n")
    elif arguments.action == "verify":
        rows = mnist.verify(arguments.name)
    else:
        rows = mnist.fetch() if arguments.name != "mnist-5k" else []
    for row in rows:
        say(line(row))
    return 1 if any(row.state == "damaged" for row in rows) else 0


def names() -> str:
    """Return one line for each data set that has a name: the name, and what the set is."""
    return "\n".join(f"{name:<9} {entry.kind}: {entry.about}" for name, entry in DATASETS.items())


def line(row: mnist.Row) -> str:
    """Write one file in one line: name, number and shape of the images, state, place."""
    shape = "x".join(map(str, row.shape)) or "number"
    return f"{row.name:<28} {row.images:>7,} of {shape:<7} {row.state:<8} {row.where}"
