"""Tools for the chapters: one style for all figures, drawings, players, source code, and checks of answers.

Only the chapters import this package. matplotlib, IPython and ipywidgets are imported inside the functions that need
them.
"""

from .answers import NotYet, check_answer, compare_guesses, expect, number, numbers
from .drawing import Sketch
from .live import live_plot
from .play import play_game
from .players import interactive_plot, show_film
from .source import show_source
from .style import COLOURS, FAST, MARKERS, OPINION, opinion_map, show_pixels, use_style

__all__ = [
    "COLOURS",
    "FAST",
    "MARKERS",
    "OPINION",
    "NotYet",
    "Sketch",
    "check_answer",
    "compare_guesses",
    "expect",
    "interactive_plot",
    "live_plot",
    "number",
    "numbers",
    "opinion_map",
    "play_game",
    "show_film",
    "show_pixels",
    "show_source",
    "use_style",
]
