"""The arguments that several commands share."""

import argparse


def add_path(parser: argparse.ArgumentParser) -> None:
    """Add the place of a trained run."""
    parser.add_argument("path", help="A run folder, or a model .npz file.")


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
