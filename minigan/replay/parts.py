"""The parts of the page, as data: the training, the explorer, and the nearest training images."""

from math import prod
from typing import Any

import numpy as np

from ..errors import DivergedError
from ..metrics.distances import nearest
from ..metrics.memorisation import flat_pixels
from ..metrics.originals import find_originals
from ..models import kind_of
from ..objectives.conditional import get_conditional
from ..runs.figures import tile
from ..runs.judge import to_uint8
from ..runs.run import Run
from .curves import find_curves
from .left_out import LeftOut
from .snapshots import pack_fields, png_of, read_fields, read_pictures
from .text import base64_of
from .weights import translate

DRAWN = 500  # images that are compared with the training images
SHOWN = 8  # pairs in a row, or fewer where the images are large
MOST_BYTES = 180_000  # of all pairs
MOST_STOPS = 60  # of the slider, in a run without snapshots


def find_timeline(run: Run) -> dict[str, Any]:
    """Return the training of a run as `timeline.js` takes it.

    Raises
    ------
    LeftOut : nothing of it is recorded
    """
    found: dict[str, Any] = {"charts": find_curves(run), "frames": None, "game": None, "caption": ""}
    if kind_of(run.generator.output_shape) == "points":
        fields, note = read_fields(run)
        found |= {"stops": list(fields), "game": pack_fields(run, list(fields.values()))}
        found["caption"] = _about_field(run) + note
    elif run.folder and (pictures := read_pictures(run.folder)):
        found |= {"stops": list(pictures), "frames": list(pictures.values())}
        found["caption"] = "What the generator draws from the same noise at each step."
    elif found["charts"]:
        steps = found["charts"][0]["lines"][0]["steps"]
        found["stops"] = sorted({steps[i] for i in np.linspace(0, len(steps) - 1, MOST_STOPS).astype(int)})
    else:
        raise LeftOut("There is no record of the training here: a run folder has it, a model file alone does not.")
    return found


def _about_field(run: Run) -> str:
    """Return what the picture of the field shows."""
    what = "taken for real" if run.config.base_objective.log_odds else "given a high score"
    text = f"The points of the generator, and what D thinks of each place: blue is {what}, orange is not."
    if run.config.packing > 1 or run.config.minibatch_std:
        text += " D judges several points together, so each place is judged beside points of the generator."
    return text + (" The circles are the modes of the data." if run.config.data in ("ring", "grid", "dirac") else "")


def find_explorer(run: Run) -> dict[str, Any]:
    """Return the generator as `explorer.js` takes it.

    Raises
    ------
    LeftOut : it cannot run in the page
    """
    network, weights = translate(run.generator)
    conditional = get_conditional(run.config.conditional)
    continuous = conditional.continuous if conditional else 0
    kinds = run.shares.size
    return {
        "network": network,
        "weights": base64_of(weights),
        "noise": run.generator.input_shape[0] - kinds - continuous,
        "kinds": kinds,
        "clusters": kinds // max(run.classes, 1),
        "continuous": continuous,
        "shares": run.shares.ravel().tolist(),
        "word": "cluster" if conditional and conditional.classes_of == "clusters" else "class",
        "shape": dict(zip(("height", "width", "channels"), run.generator.output_shape, strict=True)),
    }


def find_neighbours(run: Run) -> dict[str, Any]:
    """Return drawn images beside their nearest training images.

    Raises
    ------
    LeftOut : the training images are not at hand or too large, or the generator draws NaN
    """
    training, held_out, missing = find_originals(run.config.data, run.generator.output_shape)
    if training is None:
        raise LeftOut(f"This part is left out, because {missing}.")
    shown = min(SHOWN, MOST_BYTES // (4 * prod(run.generator.output_shape)))  # two images in a pair, two rows
    if not shown:
        raise LeftOut("This part is left out, because the images would make the page too large.")
    try:
        drawn = to_uint8(run.sample(DRAWN, seed=run.config.seed))
    except DivergedError:
        raise LeftOut("This part is left out, because the generator draws NaN or infinite pixels.") from None
    distances, index = nearest(flat_pixels(drawn), flat_pixels(training))
    text = (
        f"Below each drawn image stands the nearest of the {len(training):,} training images, with their distance: the "
        "root of the sum of squared differences of pixels from 0 to 1."
    )
    if held_out is not None:
        text += f" Half of all new real images lie within {np.median(held_out):.2f} of a training image."
    closest = np.argsort(distances, kind="stable")[:shown]
    chosen = {"The first ones": range(shown), f"The closest ones of {DRAWN}": closest}
    sets = [
        {
            "title": title,
            "pairs": [
                {"picture": _picture(drawn[i], training[index[i]]), "distance": float(f"{distances[i]:.3g}")}
                for i in each
            ],
        }
        for title, each in chosen.items()
    ]
    return {"text": text, "sets": sets}


def _picture(drawn: np.ndarray, original: np.ndarray) -> str:
    """Return two images, one above the other, as a PNG in base64."""
    pair = np.stack([2 * flat_pixels(each[None]).reshape(drawn.shape) - 1 for each in (drawn, original)])
    pixels = np.rint((tile(pair, columns=1) + 1) * 127.5).astype(np.uint8)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return base64_of(png_of(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1].repeat(3, axis=2)))
