"""``minigan resume``: go on with a run that was interrupted or killed, or train a finished one for longer."""

import argparse
import copy
import dataclasses
from types import MappingProxyType
from typing import Any

from ..runs.resume import CHANGEABLE
from ..runs.train import start
from ..training import TrainConfig
from .arguments import file
from .train import RUNS, add_option, conclude

ABOUT = "Go on with a training."
DETAILS = (
    "It takes up a run at its last checkpoint. On a CPU the result is the same as if the run had never stopped. "
    "Options that are not given stay as they are. Steps and seconds count from the start of the run, so a finished run "
    "needs more of them."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s path [OPTION ...]"
    parser.add_argument(
        "path", type=file, help="A run folder, or a checkpoint .npz file, which goes on in a new folder."
    )
    parser.add_argument(
        "--data", metavar="NAME", help="Where the same data are now, if they were moved. Default: where they were."
    )
    for field in dataclasses.fields(TrainConfig):
        if field.name in CHANGEABLE:
            add_option(parser, without_default(field), default=None)


def without_default(field: dataclasses.Field[Any]) -> dataclasses.Field[Any]:
    """Return a field whose help says nothing of a default, because the default is what the run has."""
    changed = copy.copy(field)
    changed.metadata = MappingProxyType({**field.metadata, "help": field.metadata["help"].split(" Default:")[0]})
    return changed


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    given = {name: getattr(arguments, name) for name in ("data", *CHANGEABLE)}
    changes = {name: value for name, value in given.items() if value is not None}
    return conclude(start(changes, resume=arguments.path, parent=RUNS))
