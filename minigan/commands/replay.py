"""``minigan replay``: a run as one page of HTML, whose generator runs in the browser."""

import argparse
from pathlib import Path

from ..errors import InputError
from ..replay import save_page
from ..runs.load import load
from ..terminal import say
from .arguments import add_path, file, folder_of

ABOUT = "Write a page that shows a run, and whose generator runs in the browser."
DETAILS = (
    "It is one .html file that needs no network: the training under a slider, the generator to explore and to draw "
    "with, and drawn images beside their nearest training images; of points, what D thinks of the plane."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="The page, an .html file. Default: replay.html beside the model, or in the current folder if the model is "
        "part of minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    out = arguments.out or folder_of(arguments.path) / "replay.html"
    if out.suffix != ".html":
        raise InputError(f"out: expected a name that ends in .html, got {str(out)!r}")
    name = Path(arguments.path).resolve().name  # no page needs to tell where on a machine a run lies
    reasons = save_page(load(arguments.path), out, title=name)
    say(f"{out}  {out.stat().st_size / 1e6:.1f} MB; open it in a browser")
    for reason in reasons:
        say(f"  {reason}")
    return 0
