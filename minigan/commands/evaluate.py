"""``minigan evaluate``: measure how good the digits of a trained model are."""

import argparse

from ..metrics import evaluation
from ..runs.load import load
from .arguments import add_path, add_seed

ABOUT = "Measure how good the digits of a trained model are."
DETAILS = "It reports their distance to real digits (FID), how often each digit is drawn, and a classifier score."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "-n", type=int, default=evaluation.SAMPLES, metavar="INT", help="Number of digits to draw. Default: 10000."
    )
    add_seed(parser)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    print(load(arguments.path).evaluate(arguments.n, seed=arguments.seed))
    return 0
