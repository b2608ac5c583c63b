"""The records and the pictures of a run as an event file, which TensorBoard shows.

Nothing in the training knows of it: the run folder has all that TensorBoard needs. So a run can be shown afterwards,
and also while it trains; to see what came since, export it again.

The package ``tensorboardX`` writes the file. It is imported when it is first needed.
"""

import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError, MiniganWarning
from ..files import atomic_path, step_files
from ..runs.history import History, Record
from ..training.stop_when import EVALUATED
from .packages import need

FILE = "events.out.tfevents.minigan"  # TensorBoard reads files with "tfevents" in their names
TAGS = {"d_loss": "loss/discriminator", "g_loss": "loss/generator", "d_real": "D/real", "d_fake": "D/fake"}
JUDGED = (*EVALUATED, "fid_floor", "modes")  # columns of the records with an evaluation, except classes


class Written(NamedTuple):
    """What is in an event file: its path, and how many records and pictures it shows."""

    path: Path
    records: int
    pictures: int


def to_tensorboard(run: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Written:
    """Write the records and the pictures of a run folder for TensorBoard; an older file of this function is replaced.

    Every column of ``metrics.jsonl`` becomes a curve over the steps, and the pictures in ``samples/`` become images. A
    picture that is damaged is left out, with a `MiniganWarning`.

    Parameters
    ----------
    run : the run folder
    folder : where the file goes; by default ``tensorboard`` in the run folder. It is made if it is missing

    Raises
    ------
    InputError : tensorboardX is missing, or there is no run folder with records
    """
    writer = need("tensorboardX", "tensorboard").SummaryWriter
    run = Path(run)
    if not (run / "metrics.jsonl").is_file():
        raise InputError(f"path: expected a run folder with metrics.jsonl, got {str(run)!r}")
    history = History.read(run / "metrics.jsonl")
    if not len(history):
        raise InputError(f"path: expected a run folder with records in metrics.jsonl, got {str(run)!r}, which has none")
    folder = Path(folder) if folder else run / "tensorboard"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = 0
    time = clock(history, ended=(run / "metrics.jsonl").stat().st_mtime)
    with tempfile.TemporaryDirectory() as temporary_folder, atomic_path(folder / FILE) as temporary:
        with writer(temporary_folder) as events:
            for record in history:
                for tag, value in scalars(record):
                    events.add_scalar(tag, value, record["step"], time(record["step"]))
            for step, picture in sorted(step_files(run / "samples", ".png").items()):
                if (pixels := _pixels(picture)) is not None:
                    events.add_image("samples", pixels, step, time(step), dataformats="HWC")
                    pictures += 1
        (written,) = Path(temporary_folder).glob("*tfevents*")
        shutil.copyfile(written, temporary)
    return Written(folder / FILE, len(history), pictures)


def clock(history: History, *, ended: float) -> Callable[[int], float]:
    """Return a function that tells when a step was taken, in seconds since 1970, for the time axis of TensorBoard.

    The records know how long the training had taken at their steps. The last one was written at the time ``ended``.
    """
    steps = [0, *(record["step"] for record in history)]
    taken = np.nan_to_num([0.0, *(record.get("seconds", 0.0) for record in history)])
    return lambda step: ended - taken[-1] + float(np.interp(step, steps, taken))


def scalars(record: Record) -> Iterator[tuple[str, float]]:
    """Yield the tag and the value of everything in a record that can be drawn as a curve.

    TensorBoard shows what has the same word in front of the slash together.
    """
    found = {f"classes/{i}": count for i, count in enumerate(record.get("classes", ()))}
    for name in record.keys() - {"step", "seconds", "classes"}:
        group = "evaluation" if name in JUDGED else "training"
        found[TAGS.get(name, f"{group}/{name}")] = record[name]
    yield from ((tag, found[tag]) for tag in sorted(found) if math.isfinite(found[tag]))


def _pixels(picture: Path) -> np.ndarray | None:
    """Return a picture as an array (H, W, 3) of 8-bit integers; warn if it is damaged, and return None."""
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return np.asarray(opened.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # Pillow raises all of them
        text = f"{picture}: expected a picture, got a damaged file, which is left out"
        warnings.warn(text, MiniganWarning, stacklevel=3)
        return None
