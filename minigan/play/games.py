"""The games of all pages that are open: each page has its own, and one request is served at a time."""

import re
import threading
from typing import Any

from .. import validation
from ..errors import InputError
from .game import Game
from .settings import read_points, read_settings

MOST_GAMES = 8
MOST_ROUNDS = 200  # of one request
NAME = re.compile(r"[0-9a-zA-Z-]{8,64}")


class Games:
    """Games by the names that their pages chose at random; the one that was not asked for the longest is forgotten."""

    def __init__(self) -> None:
        self.games: dict[str, Game] = {}  # the newest is last
        self.lock = threading.Lock()

    def reset(self, asked: Any) -> dict[str, Any]:
        """Begin a game anew and return its first picture: {game, settings, points} -> what `Game.advance` returns.

        Raises
        ------
        InputError : something does not fit
        """
        request = _checked(asked, {"game", "settings"}, {"points"})
        settings, points = read_settings(request["settings"]), _points(request)
        with self.lock:
            return self._keep(request["game"], Game(settings, points)).advance(0)

    def advance(self, asked: Any) -> dict[str, Any]:
        """Play some rounds: {game, settings, points, rounds} -> what `Game.advance` returns.

        The settings may differ from those of the last request; if they need new networks, the game begins anew. Points
        are sent when they have changed.

        Raises
        ------
        InputError : something does not fit, or the game was forgotten
        """
        request = _checked(asked, {"game", "settings", "rounds"}, {"points"})
        rounds = validation.integer("rounds", request["rounds"], least=0, most=MOST_ROUNDS)
        settings, points = read_settings(request["settings"]), _points(request)
        with self.lock:
            game = self.games.get(request["game"])
            if game is None:
                raise InputError(
                    f"game: expected one of the last {MOST_GAMES} that were played, got one that is forgotten; press "
                    "Reset to begin a new one"
                )
            if settings.needs_new_networks(game.settings):
                game = Game(settings, game.points if points is None else points)
            else:
                game.change(settings, points)
            return self._keep(request["game"], game).advance(rounds)

    def _keep(self, name: str, game: Game) -> Game:
        self.games.pop(name, None)
        self.games[name] = game
        if len(self.games) > MOST_GAMES:
            del self.games[next(iter(self.games))]
        return game


def _checked(asked: Any, needed: set[str], optional: set[str]) -> dict[str, Any]:
    """Return a request when it has all names that it needs, and no other ones, and its game has a name."""
    if not isinstance(asked, dict) or not needed <= asked.keys() <= needed | optional:
        names = ", ".join(sorted(needed))
        raise InputError(f"request: expected an object with {names}, got {validation.shown(asked)}")
    if not isinstance(asked["game"], str) or not NAME.fullmatch(asked["game"]):
        raise InputError(f"game: expected 8 to 64 letters and digits, got {validation.shown(asked['game'])}")
    return asked


def _points(request: dict[str, Any]) -> Any:
    return read_points(request["points"]) if "points" in request else None
