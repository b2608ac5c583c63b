"""The reader: an evaluator of `minigan.metrics` that says which digit an image shows."""

import numpy as np

from ..errors import InputError
from ..fast.threads import threads
from ..metrics.evaluator import IMAGE, Evaluator, load_evaluator
from ..runs.run import Run
from .inputs import image_shape


def find_reader(run: Run) -> Evaluator:
    """Return the first evaluator, on the device of the run.

    Raises
    ------
    InputError
        If the run draws points, or images of another size than 28 x 28 x 1.
    """
    if (shape := image_shape(run)) != IMAGE:
        got, wanted = (" x ".join(map(str, each)) for each in (shape, IMAGE))
        raise InputError(
            f"run: expected a model that draws images of {wanted}, which the evaluator can read, got one of {got}"
        )
    return load_evaluator(device=run.generator.device)


def probabilities(run: Run, images: np.ndarray) -> np.ndarray:
    """Return how sure the evaluator is of each digit, (N, 10) float64.

    Parameters
    ----------
    run : whose device computes
    images : (N, 28, 28) or (N, 28, 28, 1), uint8 or floating in [-1, 1]

    Raises
    ------
    InputError
        If the run or the images have another size.
    """
    reader = find_reader(run)
    with threads(device=run.generator.device):
        return reader.probabilities(images)


def read(run: Run, images: np.ndarray) -> np.ndarray:
    """Return the digit that the evaluator reads in each image, (N,) integers; errors as in `probabilities`."""
    digits: np.ndarray = probabilities(run, images).argmax(axis=1)
    return digits
