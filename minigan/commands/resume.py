"""``minigan resume``: go on with a run that was interrupted or killed, or train a finished one for longer."""

import argparse
import dataclasses
from pathlib import Path

from ..runs.resume import CHANGEABLE
from ..runs.train import start
from ..training import TrainConfig
from .train import RUNS, add_option, conclude

ABOUT = "Go on with a training."
DETAILS = (
    "It takes up a run at its last checkpoint. On a CPU the result is the same as if the run had never stopped. "
    "Options that are not given stay as they are."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", help="A run folder, or a checkpoint .npz file, which goes on in a new folder.")
    for field in dataclasses.fields(TrainConfig):
        if field.name in CHANGEABLE:
            add_option(parser, field, default=None)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    given = {name: getattr(arguments, name) for name in CHANGEABLE}
    changes = {name: value for name, value in given.items() if value is not None}
    return conclude(start(changes, resume=Path(arguments.path), parent=RUNS))
