"""The page of `minigan play`: its files, and the data that stands in it."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..objectives import OBJECTIVES
from ..objectives.penalties import PENALTIES
from ..replay.page import FOLDER as REPLAY
from ..replay.text import json_for_html
from ..runs.diagnosis import LOSS
from .settings import DRAWN, MOST_POINTS, TOYS, VIEW, Settings

FOLDER = Path(__file__).parent
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
FILES = {  # by their paths; the looks and the heat map are those of `minigan replay`
    "/": FOLDER / "page.html",
    **{f"/{path.name}": path for path in (REPLAY / "page.css", REPLAY / "paint.js", REPLAY / "field.js")},
    **{f"/{name}": FOLDER / name for name in ("play.css", "pad.js", "board.js", "curve.js", "controls.js", "play.js")},
}


def read_files(settings: Settings) -> dict[str, tuple[str, bytes]]:
    """Return the type and the content of every file by its path; the page begins with ``settings``."""
    found = {}
    for name, path in FILES.items():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = re.sub(r"\{\{data\}\}", lambda _: json_for_html(about(settings)), text)
        found[name] = (f"{KINDS[path.suffix]}; charset=utf-8", text.encode())
    return found


def about(settings: Settings) -> dict[str, Any]:
    """Return what the page must know: the names that may be chosen, and the settings with which it begins."""
    return {
        "settings": asdict(settings),
        "data": {**{name: name for name in TOYS}, DRAWN: "drawn by you"},
        "objectives": {name: each.log_odds for name, each in OBJECTIVES.items()},
        "penalties": {"none": settings.penalty_weight, **{name: each.weight for name, each in PENALTIES.items()}},
        "view": VIEW,
        "mostPoints": MOST_POINTS,
        "greatestLoss": LOSS,
    }
