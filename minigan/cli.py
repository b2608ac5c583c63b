"""The command line: one parser for all commands. What a command does stands in its file in `minigan.commands`.

Exit status: 0 when all is done, 1 when a check failed or the training diverged, 2 when the input was wrong (one line
on stderr says what), 130 when Ctrl-C ended the command. Of the processes that mpiexec started, the first one says it.
"""

import argparse
import os
import signal
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

from . import __version__, launcher
from .errors import DeviceError, DivergedError, InputError
from .terminal import lost_output, release_streams, say
from .validation import shown

COMMANDS = (
    "train", "resume", "sample", "edit", "replay", "play", "evaluate", "probe", "export", "gradcheck", "data",
    "doctor", "bench", "study", "museum", "models",
)  # fmt: skip


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
            names = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(action, f"expected one of {names}, got {shown(value)}")

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with exit status 2; a greedy option may have taken what is missing."""
        greedy = [each.option_strings[0] for each in self._actions if each.option_strings and each.nargs == "+"]
        if greedy and message.startswith("the following arguments are required"):
            message += f" (in front of {', '.join(greedy)}: such an option takes all that follows)"
        self.exit(2, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        (complain if file is sys.stderr else say)(message.removesuffix("\n"))


class HelpFormatter(argparse.HelpFormatter):
    """Keeps names with hyphens, such as least-squares, in one line."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def make_parser() -> Parser:
    """Return the parser of all commands.

    Each command is a module of `minigan.commands` that has ABOUT and DETAILS for its help, add_arguments(parser), and
    command(arguments) -> exit status. The modules are imported here, where `main` is ready for Ctrl-C.
    """
    parser = Parser(
        prog="minigan",
        usage="minigan COMMAND [OPTION ...]",
        description="A GAN from scratch: every gradient is written by hand.",
        epilog="minigan COMMAND --help explains the options of one command.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands", prog="minigan")
    for name in COMMANDS:
        module: Any = import_module(f".commands.{name}", __package__)
        command = commands.add_parser(name, help=module.ABOUT, description=f"{module.ABOUT} {module.DETAILS}")
        module.add_arguments(command)
        command.add_help_option()
        command.set_defaults(run=module.command)
    version = f"minigan {__version__}"
    parser.add_help_option().add_argument(
        "-V", "--version", action="version", version=version, help="Show the version."
    )
    return parser


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends: an import that is cut short raises all kinds of errors.

    Only the main thread of a program hears of Ctrl-C; in others nothing waits.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt


def complain(message: str) -> None:
    """Print a line to stderr; of several processes that mpiexec started, only the first one does."""
    if launcher.started_as()[0] == 0:
        say(message, error=True)


def one_line(message: object) -> str:
    """Return a message in one line of characters that can be shown."""
    text = " ".join(str(message).split())
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's value may not exist here, and no command opens a window
    name, status, message = "minigan", 0, None

    def show_warning(text: Warning | str, *where: Any) -> None:
        complain(f"{name}: {one_line(text)}")

    try:
        with ctrl_c_waits():
            parser = make_parser()
        arguments = parser.parse_args(argv)
        name = f"minigan {arguments.command}"
        with warnings.catch_warnings():
            warnings.showwarning = show_warning  # type: ignore[assignment]
            status = arguments.run(arguments)
        if lost := lost_output():
            status, message = max(status, 1), f"stdout: {lost}"
    except (InputError, DeviceError) as error:
        status, message = 2, str(error)
    except DivergedError as error:
        status, message = 1, str(error)
    except MemoryError:
        status, message = 2, "there is not enough memory"
    except OSError as error:
        status, message = 2, f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    except KeyboardInterrupt:
        status, message = 130, "interrupted"
    finally:
        if message:
            complain(f"{name}: {one_line(message)}")
        release_streams()
    return status
