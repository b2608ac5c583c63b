"""``minigan play``: a page in the browser in which the reader plays with the two-dimensional game."""

import argparse
import time
import webbrowser

from .. import validation
from ..errors import InputError
from ..play.settings import DRAWN, TOYS
from ..terminal import say
from .arguments import add_choice, add_seed

ABOUT = "Play with a game of points in the browser, while it is trained."
DETAILS = (
    "It opens a page in which the settings of both players can be changed at any time and the data can be drawn. "
    "The page belongs to this computer alone. Ctrl-C ends it."
)


def port(text: str) -> int:
    """Return a port, for argparse."""
    from ..play.server import LEAST_PORT, MOST_PORT  # its imports take long, and other commands do not need them

    try:
        return 0 if text == "0" else validation.integer("port", int(text), least=LEAST_PORT, most=MOST_PORT)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("port: ")) from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_choice(parser, "data", (*TOYS, DRAWN), "What the generator learns at first.")
    add_seed(parser)
    parser.add_argument(
        "--port", type=port, default=0, metavar="INT", help="Port of the page, 1024 to 65535. Default: a free one."
    )
    parser.add_argument("--no-browser", action="store_true", help="Print the address only; open no browser.")


def command(arguments: argparse.Namespace) -> int:
    """Run the command until Ctrl-C ends it."""
    from ..play.server import start

    with start(arguments.port, data=arguments.data, seed=arguments.seed) as server:
        say(f"{server.url}  open it in a browser on this computer; Ctrl-C ends it")
        if not arguments.no_browser:
            webbrowser.open(server.url)
        while True:
            time.sleep(3600)
