"""Change of class: the same noise with the code of another digit, and how much of the style that keeps.

Nobody tells G what the noise means. But one noise vector is drawn with every class, and what a stroke looks like can be
learned for all classes at once in the layers behind the first one, so that the noise comes to hold what the code does
not: how thick the strokes are, how far they lean. How far that is true is measured here.
"""

from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device, to_host
from ..errors import InputError
from ..metrics.evaluator import CLASSES
from ..runs.run import Run
from .attributes import measure_attributes
from .inputs import code_length
from .latents import check_latents, draw, noise_length
from .reader import find_reader, probabilities, read

TRIES = 20  # digits of each class that are read to find out what it draws
LEAST = 0.5  # how sure the evaluator must be of a digit, on average, in the class that draws it best


class DigitClasses(NamedTuple):
    """Which class of a run draws each digit best.

    classes : (10,) the class, or the cluster, of each digit 0 to 9
    certainty : (10,) the mean probability of this digit, as the evaluator reads what the class draws
    """

    classes: np.ndarray
    certainty: np.ndarray


class StyleKept(NamedTuple):
    """What `measure_style_kept` found.

    right : (10,) share of the images in each column in which the evaluator reads the digit that was asked for
    same : (3,) correlation of thickness, slant and size between two columns, for the same row; mean over all pairs
    other : (3,) the same for different rows, which have another noise
    """

    right: np.ndarray
    same: np.ndarray
    other: np.ndarray


def find_digit_classes(run: Run, *, seed: int = 0) -> DigitClasses:
    """Find the class that draws each digit: for each class 20 images are drawn and read by the evaluator.

    In a run with told labels this finds the labels again. In the game "clusters" several clusters draw a digit, each in
    a way of its own, and the one of which the evaluator is surest is taken.

    Parameters
    ----------
    run : conditional, with images of MNIST's size
    seed : of the noise

    Raises
    ------
    InputError : the run is not conditional, the evaluator cannot read its images, or no class draws one of the digits
    """
    if not run.classes:
        raise InputError(
            f"run: expected a conditional model, whose class can be changed, got one with conditional "
            f"{run.config.conditional!r}"
        )
    find_reader(run)
    count = run.shares.size
    noise = to_host(run.latent(TRIES * count, seed=seed))
    classes = np.arange(TRIES * count) % count
    read_as = probabilities(run, draw(run, with_class(run, noise, classes)))
    mean = read_as.reshape(TRIES, count, CLASSES).mean(axis=0)
    best, certainty = mean.argmax(axis=0), mean.max(axis=0)
    if certainty.min() < LEAST:
        missing = " ".join(map(str, np.flatnonzero(certainty < LEAST)))
        raise InputError(f"run: expected a class that draws each digit, got none for {missing}")
    return DigitClasses(best, certainty)


def with_class(run: Run, latents: Array, classes: int | np.ndarray) -> Array:
    """Return latents with the same noise and the one-hot code of a class; continuous codes behind it stay.

    Parameters
    ----------
    run : conditional
    latents : float32 array (N, Z + K)
    classes : one for all latents, or (N,); a cluster in the game "clusters"

    Raises
    ------
    InputError : the latents do not fit, or a class is not one of the run
    """
    check_latents(latents, run)
    if not code_length(run):
        raise InputError("run: expected a conditional model, whose class can be changed, got one without classes")
    wanted, count, length = np.asarray(classes), run.shares.size, noise_length(run)
    fits = wanted.dtype.kind in "iu" and wanted.shape in ((), (len(latents),))
    if not fits or not 0 <= wanted.min() <= wanted.max() < count:
        raise InputError(f"classes: expected integers from 0 to {count - 1}, got {validation.shown(classes)}")
    changed = to_host(latents).copy()
    changed[:, length : length + count] = np.arange(count) == wanted.reshape(-1, 1)
    return to_device(changed, device_of(latents))


def draw_each_digit(run: Run, latents: Array, digits: DigitClasses) -> np.ndarray:
    """Return images (N, 10, H, W): row i has the noise of latent i, and column k the class that draws the digit k."""
    return np.stack([draw(run, with_class(run, latents, int(each))) for each in digits.classes], axis=1)


def measure_style_kept(run: Run, images: np.ndarray) -> StyleKept:
    """Measure how often a column shows its digit, and how alike the styles in a row are.

    For an attribute, let A (N, 10) hold its values. Over the rows, column j of A has the correlation r_jk with column
    k; ``same`` is the mean of r_jk over all j < k. For ``other``, column k is first moved down by k rows.

    Parameters
    ----------
    run : whose device reads the digits
    images : (N, 10, 28, 28) as `draw_each_digit` returns them, N of at least 20

    Raises
    ------
    InputError : there are fewer rows, or the images have another size
    """
    if images.ndim < 4 or images.shape[1] != CLASSES or len(images) < 2 * CLASSES:
        raise InputError(f"images: expected (N, {CLASSES}, H, W) with N >= {2 * CLASSES}, got {images.shape}")
    flat = images.reshape(-1, *images.shape[2:])
    right = read(run, flat).reshape(-1, CLASSES) == np.arange(CLASSES)
    values = measure_attributes(flat).reshape(len(images), CLASSES, -1)
    moved = np.stack([np.roll(values[:, k], k, axis=0) for k in range(CLASSES)], axis=1)
    return StyleKept(right.mean(axis=0), _mean_correlation(values), _mean_correlation(moved))


def _mean_correlation(values: np.ndarray) -> np.ndarray:
    """Return the mean correlation between two columns: values (N, M, A) -> (A,)."""
    above = np.triu_indices(values.shape[1], 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # a column in which all values are equal has none
        return np.array([np.corrcoef(values[:, :, a].T)[above].mean() for a in range(values.shape[2])])
