"""The field of a game of points: what D says of each place in the plane, beside the points that G draws.

Every snapshot of such a run holds it, so that `minigan replay` can show how the field moves the points.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..archive import Archive, read_verified, write_archive
from ..backend import to_device, to_host
from ..errors import InputError
from ..fast.threads import threads
from ..layers import MinibatchStd
from ..objectives.conditional import get_conditional
from .axes import centres_of, reach_of
from .run import Run

KIND, FORMAT = "field", 1
SIDE = 40  # places along one axis
PARTNERS = 4  # batches over which the logit of a place is a mean, where D judges several points together


class Field(NamedTuple):
    """What `find_field` found.

    points : what G draws, (n, C) float32, C 1 or 2
    logits : of D at the centres of SIDE x SIDE cells over [-reach, reach]^2, (SIDE, SIDE) float32; row r has the r-th
        smallest y, column c the c-th smallest x. If C is 1 there is one row
    reach : above 0
    """

    points: np.ndarray
    logits: np.ndarray
    reach: float


def find_field(run: Run, points: np.ndarray, *, reach: float | None = None) -> Field:
    """Return D's logit at each place of the plane.

    A D that judges several points together (packing, minibatch standard deviation) sees each place beside points that G
    draws, since such a batch is what moves these points; the logit is the mean over 4 batches. Of several
    discriminators it is the mean, and in a conditional game the logit of the classes as often as they are drawn.

    Parameters
    ----------
    run : of points
    points : what its generator draws, (n, C) float32
    reach : above 0; None finds one from the modes of the data, or from the points where these are not known
    """
    reach = reach or reach_of(points, centres_of(run.config.data))
    ticks = ((2 * np.arange(SIDE) + 1) / SIDE - 1) * reach
    x, y = np.meshgrid(ticks, ticks if points.shape[1] == 2 else [0.0])
    places = np.stack((x.ravel(), y.ravel()), axis=1)[:, : points.shape[1]].astype(np.float32)
    return Field(points, _judge(run, places, points).reshape(x.shape), reach)


def _judge(run: Run, places: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return D's logit of each place, (P, C) -> (P,)."""
    config, discriminator = run.config, run.discriminator
    together = config.packing * (MinibatchStd().group_size if config.minibatch_std else 1)
    batches = PARTNERS if together > 1 else 1
    shape = (len(places), batches, together, points.shape[1])
    x = np.tile(np.resize(points, shape[1:]), (len(places), 1, 1, 1))  # the same points of G at each place
    x[:, :, 0] = places[:, None]
    with threads(device=discriminator.device):
        outputs, _ = discriminator.forward(to_device(x.reshape(-1, shape[-1]), discriminator.device), train=False)
        if conditional := get_conditional(config.conditional):
            codes = np.append(run.shares, np.zeros(conditional.continuous)).astype(np.float32)
            everywhere = to_device(np.tile(codes, (len(outputs), 1)), discriminator.device)
            outputs, _ = conditional(config.losses, everywhere).logit(outputs)
    packs = to_host(outputs.mean(axis=1)).reshape(len(places), batches, -1)
    return packs[:, :, 0].mean(axis=1)


def write_field(path: Path, field: Field) -> None:
    """Write a field, whole or not at all.

    Raises
    ------
    OSError : the file cannot be written
    """
    description: dict[str, Any] = {"kind": KIND, "format": FORMAT, "reach": field.reach}
    write_archive(path, description, {"points": field.points, "logits": field.logits})


def read_field(path: Path) -> Field:
    """Read a field.

    Raises
    ------
    InputError : the file is damaged or something else
    """
    with Archive(path) as archive:
        found = archive.description()
        if found.get("kind") != KIND or found.get("format") != FORMAT:
            raise InputError(f"kind, format: expected {KIND!r} and {FORMAT}, got {str(found.get('kind'))[:60]!r}")
        arrays = read_verified(archive, found)
    reach, points, logits = found.get("reach"), arrays.get("points"), arrays.get("logits")
    if points is None or logits is None or not isinstance(reach, float) or not 0 < reach < np.inf:
        raise InputError("points, logits, reach: expected two arrays and a positive number, got others")
    if points.dtype != np.float32 or logits.dtype != np.float32:
        raise InputError(f"points, logits: expected float32, got {points.dtype} and {logits.dtype}")
    rows = SIDE if points.ndim == 2 and points.shape[1] == 2 else 1
    if points.ndim != 2 or points.shape[1] not in (1, 2) or logits.shape != (rows, SIDE):
        raise InputError(f"points, logits: expected (n, 2) and {(SIDE, SIDE)}, got {points.shape} and {logits.shape}")
    return Field(points, logits, reach)
