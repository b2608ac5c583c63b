"""The command line: one parser for all commands. What a command does stands in its file in `minigan.commands`.

Exit status: 0 when all is done, 1 when a check failed or the training diverged, 2 when the input was wrong (one line
on stderr says what), 130 when Ctrl-C ended the command.
"""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from . import __version__
from .commands import data, doctor, evaluate, gradcheck, models, museum, resume, sample, study, train
from .commands.bench import bench
from .errors import DeviceError, DivergedError, InputError

# Each module has ABOUT and DETAILS for its help, add_arguments(parser), and command(arguments) -> exit status.
COMMANDS: dict[str, Any] = {
    "train": train,
    "resume": resume,
    "sample": sample,
    "evaluate": evaluate,
    "gradcheck": gradcheck,
    "data": data,
    "doctor": doctor,
    "bench": bench,
    "study": study,
    "museum": museum,
    "models": models,
}


class Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line, and wraps the help between words only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": HelpFormatter, "allow_abbrev": False, "add_help": False, **options})

    def add_help_option(self) -> Any:
        """Add ``--help`` in a group of its own, which comes last; return the group."""
        group = self.add_argument_group("help")
        group.add_argument("-h", "--help", action="help", help="Show this help.")
        return group

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"expected one of {', '.join(action.choices)}, got {value!r}")

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with exit status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class HelpFormatter(argparse.HelpFormatter):
    """Keeps names with hyphens, such as least-squares, in one line."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="minigan",
        usage="minigan COMMAND [OPTION ...]",
        description="A GAN from scratch: every gradient is written by hand.",
        epilog="minigan COMMAND --help explains the options of one command.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands", prog="minigan")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.ABOUT, description=f"{module.ABOUT} {module.DETAILS}")
        module.add_arguments(command)
        command.add_help_option()
        command.set_defaults(run=module.command)
    version = f"minigan {__version__}"
    parser.add_help_option().add_argument(
        "-V", "--version", action="version", version=version, help="Show the version."
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = make_parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (InputError, DeviceError) as error:
        status, message = 2, str(error)
    except DivergedError as error:
        status, message = 1, str(error)
    except OSError as error:
        status, message = 2, f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    except KeyboardInterrupt:
        status, message = 130, "interrupted"
    print(f"minigan {arguments.command}: {message}", file=sys.stderr)
    return status
