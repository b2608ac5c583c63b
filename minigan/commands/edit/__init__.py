"""``minigan edit``: one module for each action, with ABOUT, DETAILS, add_arguments and command, as commands have."""

import argparse
from importlib import import_module
from typing import Any

ABOUT = "Edit digits with a trained model: find them again, complete, enlarge, change them."
DETAILS = "Each action writes a picture. minigan edit ACTION --help explains its options."
ACTIONS: tuple[str, ...] = (
    "invert", "complete", "enlarge", "denoise", "interpolate", "style", "change-class", "truncate", "attack",
    "compare",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="ACTION", title="actions", help="What to do with the digits."
    )
    for name in ACTIONS:
        module: Any = import_module(f".{name.replace('-', '_')}", __package__)
        action: Any = actions.add_parser(name, help=module.ABOUT, description=f"{module.ABOUT} {module.DETAILS}")
        module.add_arguments(action)
        action.add_help_option()
        action.set_defaults(act=module.command)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    status: int = arguments.act(arguments)
    return status
