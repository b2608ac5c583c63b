"""Puts the page together: the files of this folder, and the data of a run."""

import base64
import hashlib
import html
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..fast.threads import threads
from ..files import atomic_path
from ..models import kind_of
from ..runs.run import Run
from .left_out import LeftOut
from .parts import find_explorer, find_neighbours, find_timeline
from .text import json_for_html

FOLDER = Path(__file__).parent
SCRIPTS = (  # in this order
    "network", "latent", "inversion", "paint", "charts", "field", "timeline", "explorer", "drawing", "page",
)  # fmt: skip


def save_page(run: Run, path: str | os.PathLike[str], *, title: str) -> list[str]:
    """Write the page of a run as one file of HTML that needs nothing else, whole or not at all.

    Parameters
    ----------
    run : the run; with a folder, also its training is shown
    path : the file
    title : what stands above the page

    Returns
    -------
    Why parts are left out: a sentence for each.

    Raises
    ------
    OSError : the file cannot be written
    """
    data = page_data(run)
    with atomic_path(path) as temporary:
        temporary.write_text(page_text(data, title=title), encoding="utf-8")
    return [part["missing"] for part in data.values() if isinstance(part, dict) and "missing" in part]


def page_data(run: Run) -> dict[str, Any]:
    """Return everything that the page shows of a run, as JSON can hold it."""
    with threads(device=run.generator.device):
        data: dict[str, Any] = {"about": about(run), "timeline": _or_reason(find_timeline, run)}
        if kind_of(run.generator.output_shape) == "points":
            return {**data, "explorer": None, "neighbours": None}
        return {**data, "explorer": _or_reason(find_explorer, run), "neighbours": _or_reason(find_neighbours, run)}


def about(run: Run) -> list[tuple[str, str]]:
    """Return the options of a run that say most about it."""
    config = run.config
    steps = int(run.history["step"][-1]) if len(run.history) else config.steps
    found = {
        "Model": config.model,
        "Data": Path(config.data).name,
        "Objective": config.objective,
        "Conditional": config.conditional,
        "Penalty": config.penalty,
        "Steps": f"{steps:,}" if steps else "none",
        "Seed": str(config.seed),
    }
    return [(name, value) for name, value in found.items() if value != "none"]


def page_text(data: dict[str, Any], *, title: str) -> str:
    """Return the page as text.

    Its policy lets the browser run this script alone and load nothing from elsewhere. So even if a text of the run got
    into the page as HTML, it could do nothing.
    """
    style = _read("page.css")
    script = "(() => {\n" + '"use strict";\n' + "\n".join(_read(f"{name}.js") for name in SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    parts = {
        "title": html.escape(title),
        "policy": policy,
        "style": style,
        "script": script,
        "data": json_for_html(data),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("page.html"))


def _or_reason(find: Callable[[Run], dict[str, Any]], run: Run) -> dict[str, Any]:
    """Return a part of the page, or why it is left out."""
    try:
        return find(run)
    except LeftOut as reason:
        return {"missing": str(reason)}


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression of an inline script or style (Content Security Policy, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
