"""Style: move latents along a direction, and measure what that does to the digits, beside a random direction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device, to_host
from ..errors import InputError
from ..runs.run import Run
from .attributes import measure_attributes
from .directions import Direction
from .latents import check_latents, draw, noise_length
from .reader import find_reader, read

LONGEST = 1000.0  # length of a move; noise itself is about sqrt(Z) long


class Effect(NamedTuple):
    """What a move of all latents by one step did to the digits.

    amount : how far the attribute was asked to move; None for a random direction
    step : the length of the move in the noise
    attributes : how far thickness, slant and size moved on average, (3,)
    pixels : root of the mean squared change of a pixel, whose range is [-1, 1]
    same : share of the images in which the evaluator reads the same digit as before
    """

    amount: float | None
    step: float
    attributes: np.ndarray
    pixels: float
    same: float


def move(latents: Array, direction: Direction, amount: float) -> Array:
    """Return latents whose noise is moved along a direction, so that the attribute grows by an amount.

        z + amount / slope vector

    The slope is that of the least squares fit, so the attribute grows by the amount only on average, and only as long
    as it is a linear function of the noise. The codes stay.

    Parameters
    ----------
    latents : float32 array (N, Z + K)
    direction : for noise of the same length Z
    amount : in the unit of the direction, positive or negative

    Raises
    ------
    InputError : the latents are shorter than the direction, or the move is longer than 1,000
    """
    if latents.ndim != 2 or latents.shape[1] < len(direction.vector):
        raise InputError(f"latents: expected (N, {len(direction.vector)}) or longer rows, got shape {latents.shape}")
    step = validation.finite("amount", amount) / direction.slope
    if abs(step) > LONGEST:
        most = LONGEST * direction.slope
        raise InputError(f"amount: expected at most {most:.3g} {direction.unit}, got {validation.shown(float(amount))}")
    return _add(latents, step * direction.vector)


def move_randomly(latents: Array, length: int, step: float, *, seed: int = 0) -> Array:
    """Return latents whose noise is moved by a step in one random direction, the same for all.

    Parameters
    ----------
    latents : float32 array (N, Z + K)
    length : Z
    step : the length of the move
    seed : of the direction
    """
    vector = np.random.default_rng((seed, 3)).standard_normal(length)
    return _add(latents, validation.finite("step", step) / np.linalg.norm(vector) * vector)


def measure_effects(
    run: Run, latents: Array, direction: Direction, amounts: Sequence[float], *, seed: int = 0
) -> list[Effect]:
    """Measure what moves along a direction do, and for each what a move of the same length in a random direction does.

    Parameters
    ----------
    run : that draws digits
    latents : float32 array (N, Z + K), such as `Run.latent` or `invert` returns
    direction : of this run
    amounts : in the unit of the direction
    seed : of the random direction

    Returns
    -------
    Two effects for each amount: that of the direction, and that of the random one.

    Raises
    ------
    InputError : the latents do not fit, an amount is not finite, or the evaluator cannot read what the run draws
    """
    find_reader(run)
    check_latents(latents, run)
    before = draw(run, latents)
    digits, attributes = read(run, before), measure_attributes(before)

    def effect(amount: float | None, step: float, moved: Array) -> Effect:
        after = draw(run, moved)
        return Effect(
            amount,
            step,
            (measure_attributes(after) - attributes).mean(axis=0),
            float(np.sqrt(np.square(after - before).mean())),
            float((read(run, after) == digits).mean()),
        )

    effects = []
    for amount in amounts:
        step = amount / direction.slope
        effects.append(effect(amount, step, move(latents, direction, amount)))
        effects.append(effect(None, step, move_randomly(latents, noise_length(run), step, seed=seed)))
    return effects


def _add(latents: Array, vector: np.ndarray) -> Array:
    """Add a vector (Z,) to the noise of latents (N, Z + K)."""
    moved = to_host(latents).astype(np.float64)
    moved[:, : len(vector)] += vector
    return to_device(moved.astype(latents.dtype), device_of(latents))
