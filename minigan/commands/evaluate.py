"""``minigan evaluate``: measure how good the digits of a trained model are."""

import argparse
import json

from .. import validation
from ..errors import InputError
from ..files import atomic_path
from ..metrics.evaluation import MOST_SAMPLES, SAMPLES
from ..runs.evaluation_page import save_page
from ..runs.load import load
from ..terminal import say
from .arguments import add_path, add_seed, file, folder_of

ABOUT = "Measure how good the digits of a trained model are."
DETAILS = (
    "It compares them with real digits under two evaluators, looks for copies of training digits, and prints a table. "
    "The numbers are also written to evaluation.json, and one page of pictures to evaluation.png."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "-n", type=int, default=SAMPLES, metavar="INT", help=f"Number of digits to draw. Default: {SAMPLES}."
    )
    add_seed(parser)
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="Folder for both files. Default: the folder of the model, or the current folder if the model is part of "
        "minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    n = validation.integer("n", arguments.n, most=MOST_SAMPLES)
    run = load(arguments.path)
    folder = arguments.out or folder_of(arguments.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"out: expected a folder that can be written, got {str(folder)!r} ({error.strerror})"
        ) from None
    evaluation = run.evaluate(n, seed=arguments.seed)
    say(evaluation)
    with atomic_path(folder / "evaluation.json") as temporary:
        numbers = {"model": arguments.path, "seed": arguments.seed, **evaluation.to_dict()}
        temporary.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    save_page(evaluation, folder / "evaluation.png", title=arguments.path)
    say(f"\n  {folder / 'evaluation.json'}  these numbers")
    say(f"  {folder / 'evaluation.png'}  digits, their nearest training digits, classes and features")
    return 0
