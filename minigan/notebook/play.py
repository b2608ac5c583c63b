"""The page of `minigan play` inside a notebook."""

from typing import Any

from .style import STATIC

servers: list[Any] = []  # of the cells that were run: a new page ends the one before


def play_game(*, height: int = 640, **settings: Any) -> None:
    """Show the game of points, to be played: rates, steps, objective, penalty, and data that the reader draws.

    The notebook has to run on the reader's own computer. A second call ends the game of the first, and so does the end
    of the kernel. In a page without a kernel (MINIGAN_STATIC=1 in the environment) a sentence stands in its place.

    Parameters
    ----------
    height : int
        In pixels.
    settings
        With which the game begins, as `minigan.play.server.start` takes them.
    """
    from IPython.display import HTML, IFrame, display

    from ..play.server import start

    if STATIC:
        print("Here you can play with the game: run this cell in a notebook, or call `minigan play`.")
        return
    while servers:
        servers.pop().close()
    servers.append(start(frames=True, **settings))
    url = servers[0].url
    display(IFrame(url, "100%", height))
    display(HTML(f'<small>In a window of its own: <a href="{url}" target="_blank">{url}</a></small>'))
