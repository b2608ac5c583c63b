"""The snapshots of a run for the page: pictures of images, or the field of a game of points."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError
from ..files import step_files
from ..layers.activations import sigmoid
from ..runs.axes import centres_of
from ..runs.field import SIDE, Field, find_field, read_field
from ..runs.pictures import SCALE
from ..runs.run import Run
from .text import base64_of

MOST_BYTES = 700_000  # of all snapshots together
WIDEST = 4096  # pixels of a snapshot
GREYS = 16  # of a picture
POINTS = 1000  # of the generator, in the field of the end
INT16 = 32767
Snapshot = TypeVar("Snapshot")


def read_pictures(folder: Path) -> dict[int, str]:
    """Return the snapshots of a run of images by their steps, each as a small PNG in base64.

    A pixel of an image becomes one pixel again, in 16 greys (or in 16 levels of each colour). A picture that cannot be
    read is left out.
    """
    found = {step: _shrink(path) for step, path in sorted(step_files(folder / "samples", ".png").items())}
    readable = {step: small for step, small in found.items() if small is not None}
    return {step: base64_of(small) for step, small in thin_out(readable, len).items()}


def thin_out(found: dict[int, Snapshot], size: Callable[[Snapshot], int]) -> dict[int, Snapshot]:
    """Leave out every second snapshot until all together take at most 700,000 bytes; the first and the last stay.

    If these two are already too large, none is left.
    """
    while len(found) > 2 and sum(map(size, found.values())) > MOST_BYTES:
        steps = list(found)
        found = {step: found[step] for step in dict.fromkeys((*steps[:-1:2], steps[-1]))}
    return found if sum(map(size, found.values())) <= MOST_BYTES else {}


def _shrink(path: Path) -> bytes | None:
    """Return a picture in its smallest form, or None if it is no PNG or too large."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as opened:
            if max(opened.size) > WIDEST:
                return None
            pixels = np.asarray(opened.convert("RGB"))[::SCALE, ::SCALE]
    except (OSError, ValueError, SyntaxError):  # Pillow raises all three for damaged files
        return None
    return png_of(pixels)


def png_of(pixels: np.ndarray) -> bytes:
    """Return pixels, (H, W, 3) uint8, as a PNG with 16 levels; a picture that is grey has one channel."""
    from PIL import Image

    levels = np.rint(pixels / np.float32(255) * (GREYS - 1)).astype(np.uint8)
    if (levels == levels[..., :1]).all():
        picture = Image.fromarray(np.ascontiguousarray(levels[..., 0]))
        picture.putpalette([channel for grey in range(GREYS) for channel in 3 * [255 * grey // (GREYS - 1)]])
        options: dict[str, Any] = {"bits": 4}
    else:
        picture, options = Image.fromarray(255 // (GREYS - 1) * levels), {}
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, **options)
    return file.getvalue()


def read_fields(run: Run) -> tuple[dict[int, Field], str]:
    """Return the fields of a run of points by their steps, and what to say of them.

    A run of an older version, or a model file, has none: then there is one of its end, computed now.
    """
    found = {}
    for step, path in sorted(step_files(run.folder / "samples", ".npz").items() if run.folder else ()):
        try:
            found[step] = read_field(path)
        except InputError:
            continue
    if found := thin_out(found, lambda field: 2 * field.points.size + field.logits.size):
        return found, ""
    end = int(run.history["step"][-1]) if len(run.history) else run.config.steps or 0
    field = find_field(run, run.sample(POINTS, seed=run.config.seed))
    return {end: field}, " The training recorded no field, so only its end is shown."


def pack_fields(run: Run, fields: Sequence[Field]) -> dict[str, Any]:
    """Return fields as `field.js` takes them: D's outputs in bytes, and points in pairs of int16.

    Where D's output is the logit of a probability, 0 and 255 stand for the probabilities 0 and 1. Otherwise it is a
    score, and they stand for the score that 2 % of all places are below, and for the one that 2 % are above.
    """
    logits = [field.logits for field in fields]
    if run.config.base_objective.log_odds:
        values = [sigmoid(each) for each in logits]
    else:
        low, high = np.quantile(np.concatenate([each.ravel() for each in logits]), (0.02, 0.98))
        values = [(each - low) / max(high - low, 1e-12) for each in logits]
    view = max(field.reach for field in fields)
    unit = 4 * view / INT16  # points further out are moved to the edge of that square, which is not shown
    packed = [
        {
            "values": base64_of(np.rint(255 * np.clip(value, 0, 1)).astype(np.uint8).tobytes()),
            "points": base64_of(_pairs(field.points, unit).tobytes()),
            "reach": field.reach,
        }
        for field, value in zip(fields, values, strict=True)
    ]
    centres = centres_of(run.config.data)
    circles = None if centres is None else {"centres": _plane(centres).tolist(), "radius": 0.04 * view}
    return {"side": SIDE, "unit": unit, "view": view, "modes": circles, "fields": packed}


def _plane(points: np.ndarray) -> np.ndarray:
    """Return points in the plane; those of one number lie on the horizontal axis."""
    return points if points.shape[1] == 2 else np.stack((points[:, 0], np.zeros(len(points), points.dtype)), axis=1)


def _pairs(points: np.ndarray, unit: float) -> np.ndarray:
    return np.rint(np.clip(_plane(points).astype(np.float64) / unit, -INT16, INT16)).astype("<i2")
