"""The arguments that several commands share."""

import argparse
from pathlib import Path

from .. import validation
from ..errors import InputError
from ..runs.pretrained import PRETRAINED


def path(text: str) -> str:
    """Return the text of a path that can exist, with ``~`` for the home folder; for argparse, as `file`."""
    try:
        return validation.name_or_path("path", text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("path: ")) from None


def file(text: str) -> Path:
    """Return a path that can exist."""
    return Path(path(text))


def seed(text: str) -> int:
    """Return a random seed."""
    try:
        return validation.integer("seed", int(text), least=0)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("seed: ")) from None


def add_path(parser: argparse.ArgumentParser) -> None:
    """Add the place of a trained run."""
    names = " or ".join(PRETRAINED)
    parser.add_argument(
        "path",
        type=path,
        help=f"A run folder, a model .npz file, or the name of a model that is part of minigan: {names}.",
    )


def folder_of(path: str) -> Path:
    """Return where a command writes by default: in the run folder, beside the model file, or in the current folder.

    The last is for a model that is part of the package, because the folder of the package may be read-only.
    """
    if path in PRETRAINED:
        return Path()
    return Path(path) if Path(path).is_dir() else Path(path).parent


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add the random seed."""
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="INT",
        help="Random seed; the same seed gives the same result. Default: 0.",
    )


def add_label(parser: argparse.ArgumentParser) -> None:
    """Add the classes to draw."""
    parser.add_argument(
        "--label",
        type=int,
        nargs="+",
        metavar="INT",
        help="For a conditional model: the class to draw, or several classes, which are drawn in turn.",
    )


def add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], text: str) -> None:
    """Add an option that is one of a few names, of which the first is the default."""
    help_text = f"{text} Default: {choices[0]}. Choices: %(choices)s."
    parser.add_argument(f"--{name}", default=choices[0], choices=choices, metavar="NAME", help=help_text)
