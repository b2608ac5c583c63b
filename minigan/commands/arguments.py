"""The arguments that several commands share."""

import argparse
from pathlib import Path

from ..runs.pretrained import PRETRAINED


def add_path(parser: argparse.ArgumentParser) -> None:
    """Add the place of a trained run."""
    names = " or ".join(PRETRAINED)
    parser.add_argument(
        "path", help=f"A run folder, a model .npz file, or the name of a model that is part of minigan: {names}."
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
        type=int,
        default=0,
        metavar="INT",
        help="Random seed; the same seed gives the same result. Default: 0.",
    )


def add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], text: str) -> None:
    """Add an option that is one of a few names, of which the first is the default."""
    help_text = f"{text} Default: {choices[0]}. Choices: %(choices)s."
    parser.add_argument(f"--{name}", default=choices[0], choices=choices, metavar="NAME", help=help_text)
