"""A game that a reader steers while it trains: sliders, a button that plays and pauses, and a picture that follows."""

import asyncio
from collections.abc import Callable
from typing import Any

from .players import MISSING, png_of, show_film, slider_step
from .style import FAST, STATIC

playing: dict[str, Callable[[], None]] = {}  # how to end each game, by its `alt`; a cell that runs again does it


def live_plot(
    start: Callable[[], Any],
    advance: Callable[..., None],
    draw: Callable[[Any], None],
    *,
    alt: str,
    ticks: int = 12,
    every: int = 1,
    **sliders: tuple[float, float, float],
) -> None:
    """Let the reader play, pause, step and restart a training, and move its settings while it runs.

    In a page without a kernel (MINIGAN_STATIC=1 in the environment) it is a film of the first settings. Without
    ipywidgets it is the last picture of that film, and a line says what is missing.

    Parameters
    ----------
    start : function
        Takes nothing, and returns a new game.
    advance : function
        Takes the game, and the values of the sliders by name; trains the game a little.
    draw : function
        Takes the game, and makes one figure.
    alt : str
        What the picture shows, in a sentence, for readers who do not see it.
    ticks, every : int
        The film has `ticks` frames, and `every` calls of `advance` lie between two of them.
    sliders : tuple of three floats
        The least, the greatest and the first value of each slider.

    >>> live_plot(dict, lambda game, rate: None, lambda game: None, alt="", rate=(0, 2, 1))        # doctest: +SKIP
    """
    first = {name: value for name, (_, _, value) in sliders.items()}
    if STATIC:
        _film(start, advance, draw, first, alt=alt, ticks=2 if FAST else ticks, every=every)
        return
    try:
        import ipywidgets
    except ImportError:
        print(MISSING)
        game = start()
        for _ in range(ticks * every):
            advance(game, **first)
        draw(game)
        return
    _play(ipywidgets, start, advance, draw, alt, sliders)


def _film(
    start: Callable[[], Any],
    advance: Callable[..., None],
    draw: Callable[[Any], None],
    values: dict[str, float],
    *,
    alt: str,
    ticks: int,
    every: int,
) -> None:
    game = start()

    def go_on(moment: int) -> None:
        for _ in range(every if moment else 0):
            advance(game, **values)
        draw(game)

    show_film(go_on, range(0, ticks * every, every), label="ticks", alt=alt)


def _play(
    widgets: Any,
    start: Callable[[], Any],
    advance: Callable[..., None],
    draw: Callable[[Any], None],
    alt: str,
    sliders: dict[str, tuple[float, float, float]],
) -> None:
    """Show the controls. The training is a task of the kernel's event loop, which hears the sliders between ticks.

    The page says when it has a picture, by a link between two numbers, and only then the next one is made. So a page
    that is slow is not flooded, and nothing is trained for a page that is closed.
    """
    from IPython.display import display

    controls = {
        name: widgets.FloatSlider(
            value=value,
            min=least,
            max=greatest,
            step=slider_step(greatest - least),
            description=name,
            readout_format=".3g",
        )
        for name, (least, greatest, value) in sliders.items()
    }
    running = widgets.ToggleButton(description="Play", icon="play")
    step, restart = widgets.Button(description="Step"), widgets.Button(description="Restart")
    picture = widgets.Image(format="png", alt=alt, layout={"align_self": "flex-start", "max_width": "100%"})
    problem = widgets.Label()
    sent, arrived = widgets.IntText(), widgets.IntText()
    widgets.jsdlink((sent, "value"), (arrived, "value"))
    games = [start()]

    def tick(count: int = 1) -> None:
        try:
            for _ in range(count):
                advance(games[0], **{name: slider.value for name, slider in controls.items()})
            picture.value = png_of(draw, games[0])
        except Exception as error:
            running.value = False
            problem.value = f"{type(error).__name__}: {error}"

    def begin_again(_: Any) -> None:
        games[0], problem.value = start(), ""
        tick(0)

    async def run() -> None:
        while running.value:
            if arrived.value in (0, sent.value):  # 0: the page has not answered yet
                tick()
                sent.value += 1
            await asyncio.sleep(0.03)

    def toggle(change: Any) -> None:
        running.description, running.icon = ("Pause", "pause") if change["new"] else ("Play", "play")
        if change["new"]:
            tasks[:] = [asyncio.get_running_loop().create_task(run())]

    def end() -> None:
        running.value = False

    playing.pop(alt, lambda: None)()
    playing[alt] = end
    tasks: list[Any] = []  # the event loop keeps no hold of a task
    running.observe(toggle, "value")
    step.on_click(lambda _: tick())
    restart.on_click(begin_again)
    tick(0)
    display(widgets.VBox([widgets.HBox([running, step, restart]), *controls.values(), picture, problem]))
