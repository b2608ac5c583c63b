"""Directions of the noise that change one thing: a measured attribute, or as much of the image as possible."""

from math import prod
from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_host
from ..errors import InputError
from ..fast.threads import threads
from ..network import Network
from ..runs.run import Run
from .attributes import ATTRIBUTES, UNITS, measure_attributes
from .inputs import image_shape
from .latents import draw, noise_length

SAMPLES = 4000  # that are drawn and measured
LEAST_SAMPLES = 8  # for each number of the noise
SEED = 10_007  # of their noise; the digits that are moved afterwards should be other ones
FITTED = 0.75  # the share of them that the directions are fitted to; the others say how good they are
POINTS = 128  # at which the Jacobian is computed
LEAST = 1e-6  # slope, above what rounding makes of an attribute that stays the same
MOST_BYTES = 1 << 28  # of a part of the Jacobian


class Direction(NamedTuple):
    """A direction of the noise.

    name : an attribute, or the number of a principal direction
    unit : in which a change along it is counted, such as "degrees"
    vector : (Z,) float64, of length 1; the attribute grows along it
    slope : how many units the attribute grows for each unit of length; 1 for a principal direction
    share : how much is explained, from 0 to 1, see `attribute_directions` and `principal_directions`; it can be a
        little below 0 where nothing is
    """

    name: str
    unit: str
    vector: np.ndarray
    slope: float
    share: float


def attribute_directions(run: Run, *, n: int = SAMPLES, seed: int = SEED) -> list[Direction]:
    """Find the direction in which each attribute of `ATTRIBUTES` grows fastest, by least squares on drawn images.

        vector = w / |w|        slope = |w|        w of `fit_noise`

    ``share`` is the R^2 of `fit_noise`. A run without classes is one class. Shen et al. 2020 (arXiv 1907.10786) find
    directions in this way with a classifier in the place of a measurement.

    Parameters
    ----------
    run : Run
    n : number of images that are drawn and measured, at least 8 times the length Z of the noise
    seed : of their noise

    Returns
    -------
    One direction for each attribute.

    Raises
    ------
    InputError : the run draws points, or n is too small, or the noise does not change an attribute
    """
    image_shape(run)
    length = noise_length(run)
    validation.integer("n", n, least=LEAST_SAMPLES * length)
    validation.integer("seed", seed, least=0)
    latents = run.latent(n, seed=seed)
    values = measure_attributes(draw(run, latents))
    noise, codes = np.split(to_host(latents).astype(np.float64), [length], axis=1)
    discrete = codes[:, : run.shares.size] if run.classes else np.ones((n, 1))
    classes = discrete.argmax(axis=1)
    weights, shares = fit_noise(noise, values, classes)
    slopes = np.linalg.norm(weights, axis=0)
    for name, slope in zip(ATTRIBUTES, slopes, strict=True):
        if not slope > LEAST:
            raise InputError(f"run: expected a model whose noise changes the {name} of a digit, got one that does not")
    return [
        Direction(name, UNITS[name], weights[:, i] / slopes[i], float(slopes[i]), float(shares[i]))
        for i, name in enumerate(ATTRIBUTES)
    ]


def fit_noise(noise: np.ndarray, values: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit values as linear functions of the noise, with a level of its own for each class.

    Let a_i be a value of image i and z_i its noise, both with the mean of its class subtracted. Over three quarters of
    the images,

        min_w  sum_i (a_i - z_i w)^2

    which is the fit with one level for each class, because such levels take the means away. Over the last quarter,

        R^2 = 1 - sum_i (a_i - z_i w)^2 / sum_i a_i^2

    is the share of the variance within the classes that w explains.

    Parameters
    ----------
    noise : (N, Z) float64, N well above Z
    values : (N, A) float64
    classes : (N,) integers of at least 0

    Returns
    -------
    w (Z, A), and R^2 (A,), which is 0 for a value that does not vary
    """
    first, last = np.split(np.arange(len(noise)), [int(FITTED * len(noise))])
    z, a = (within_classes(each[first], classes[first]) for each in (noise, values))
    weights = np.linalg.lstsq(z, a, rcond=None)[0]
    z, a = (within_classes(each[last], classes[last]) for each in (noise, values))
    before, after = np.square(a).sum(axis=0), np.square(a - z @ weights).sum(axis=0)
    return weights, np.divide(before - after, before, out=np.zeros_like(before), where=before > 0)


def within_classes(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Subtract from each row the mean of the rows of its class.

    Parameters
    ----------
    values : (N, C) floating
    classes : (N,) integers of at least 0
    """
    counts = np.bincount(classes)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, classes, values)
    return values - (sums / np.maximum(counts, 1)[:, None])[classes]


def jacobian(generator: Network, latents: Array, length: int) -> Array:
    """Return the derivative of every pixel with respect to the noise, (H, W, N, C, Z).

    Column k is J e_k, the tangent that `Network.jvp` sends forward from unit vector e_k of the noise.

    Parameters
    ----------
    generator : that draws images
    latents : (N, Z + K), on its device
    length : Z
    """
    xp = get_array_module(latents)
    _, caches = generator.forward(latents, train=False)
    columns = []
    for k in range(length):
        tangent = xp.zeros_like(latents)
        tangent[:, k] = 1
        columns.append(generator.jvp(tangent, caches))
    return xp.stack(columns, axis=-1)


def principal_directions(run: Run, count: int, *, points: int = POINTS, seed: int = SEED) -> list[Direction]:
    """Find the directions in which a small step changes the image most, on average over the latent space.

    For a small step e of the noise at z, the image changes by J(z) e, so the mean squared change over drawn z is

        E |J e|^2  =  e^T M e          M = E[J^T J]  (Z, Z)

    The eigenvectors of M, by falling eigenvalue, are the directions. For steps e in random directions the mean squared
    change is proportional to the trace of M, so that ``share``, eigenvalue over trace, is how much of it lies along the
    direction. M is the averaged metric of Wang & Ponce 2021 (arXiv 2101.06006), with the distance between pixels as the
    distance between images. At one point the eigenvectors are the singular vectors that Ramesh et al. 2018 (arXiv
    1812.01161) follow. For any vector-valued function they are the directions of Zahm et al. 2020 (arXiv 1801.07922).

    Parameters
    ----------
    run : Run
    count : number of directions, from 1 to Z
    points : number of drawn latents over which the mean is taken
    seed : of these latents

    Returns
    -------
    Directions 1 to ``count``. The largest number of each vector, by absolute value, is positive: M does not know the
    sign.

    Raises
    ------
    InputError : the run draws points, there are not so many directions, or the noise changes nothing
    """
    shape = image_shape(run)
    length = noise_length(run)
    validation.integer("count", count, most=length)
    validation.integer("points", points)
    latents = run.latent(points, seed=validation.integer("seed", seed, least=0))
    metric = np.zeros((length, length))
    step = max(1, MOST_BYTES // (4 * prod(shape) * length))
    with threads(device=run.generator.device):
        for start in range(0, points, step):
            columns = jacobian(run.generator, latents[start : start + step], length).reshape(-1, length)
            metric += to_host(columns.T @ columns).astype(np.float64) / points
    values, vectors = np.linalg.eigh(metric)  # ascending
    if not values[-1] > 0:
        raise InputError("run: expected a model whose noise changes the image, got one that does not")
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(length)])
    return [
        Direction(str(i), "of the noise", vectors[:, -i] * signs[-i], 1.0, float(values[-i] / np.trace(metric)))
        for i in range(1, count + 1)
    ]


def find_direction(run: Run, name: str, *, seed: int = SEED) -> Direction:
    """Return the direction of an attribute in `ATTRIBUTES`, or a principal one by its number, "1" to "Z".

    Raises
    ------
    InputError : there is no such direction, or as `attribute_directions` and `principal_directions`
    """
    number = number_of(run, name)
    if number:
        return principal_directions(run, number, seed=seed)[-1]
    n = max(SAMPLES, LEAST_SAMPLES * noise_length(run))
    return attribute_directions(run, n=n, seed=seed)[ATTRIBUTES.index(name)]


def number_of(run: Run, name: str) -> int:
    """Return the number of a principal direction, or 0 if the name is that of an attribute.

    Raises
    ------
    InputError : there is no such direction, or the run draws points
    """
    image_shape(run)
    length = noise_length(run)
    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 9 else 0
    if name not in ATTRIBUTES and not 1 <= number <= length:
        raise InputError(
            f"direction: expected one of {', '.join(ATTRIBUTES)}, or a number from 1 to {length}, "
            f"got {validation.shown(name)}"
        )
    return number
