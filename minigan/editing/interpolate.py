"""Interpolation: paths through the latent space, from one digit to the next, straight or along the sphere.

Noise of Z standard normal numbers has a length close to sqrt(Z), because E |z|^2 = Z and the standard deviation of
|z|^2 is only sqrt(2 Z). Half-way on the straight line between two such vectors, which are nearly at right angles, the
length is about sqrt(Z / 2): a length that G never saw. The great circle keeps the length (White 2016, arXiv
1609.04468).
"""

from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_host
from ..errors import InputError
from ..fast.threads import threads
from ..metrics.frechet import frechet_distance, moments
from ..metrics.measures import features_of
from ..runs.run import Run
from .latents import draw, noise_length
from .reader import find_reader

METHODS = ("spherical", "linear")  # the first is the default
PARALLEL = 1e-7  # radians; below this angle a circle and its chord differ by less than the rounding of float64
OPPOSITE = 1e-3  # radians from half a turn, where two vectors no longer say through which side the circle goes


def linear(a: Array, b: Array, t: float) -> Array:
    """Return (1 - t) a + t b, which is a at t = 0 and b at t = 1, exactly.

    Parameters
    ----------
    a, b : arrays of one shape, floating
    t : from 0 to 1
    """
    return ((1 - t) * a.astype(np.float64) + t * b.astype(np.float64)).astype(a.dtype)


def spherical(a: Array, b: Array, t: float) -> Array:
    """Return points on the great circles from the rows of a to those of b, at the share t of the angle.

    With the angle w between a and b, the direction turns at constant speed (Shoemake 1985, "Animating rotation with
    quaternion curves"), and the length changes linearly:

        ((1 - t) |a| + t |b|) (sin((1 - t) w) a / |a| + sin(t w) b / |b|) / sin w

    This is a at t = 0 and b at t = 1, exactly. Where a and b are parallel, or one of them is 0, it is the straight
    line, which is the limit for w -> 0. The angle is w = 2 atan2(|u - v|, |u + v|) for u = a / |a| and v = b / |b|,
    which stays exact for small angles, as arccos(u v) does not (Kahan 2006, "How futile are mindless assessments of
    roundoff in floating-point computation?", section 12).

    Parameters
    ----------
    a, b : (N, Z) floating
    t : from 0 to 1

    Returns
    -------
    (N, Z) with the type of a; it is computed in float64

    Raises
    ------
    InputError : a row of a and its row of b point in opposite directions, so that there are many great circles
    """
    xp = get_array_module(a)
    start, end = a.astype(np.float64), b.astype(np.float64)
    from_length, to_length = (xp.linalg.norm(each, axis=1, keepdims=True) for each in (start, end))
    flat = (from_length == 0) | (to_length == 0)
    from_length, to_length = xp.where(flat, 1, from_length), xp.where(flat, 1, to_length)
    u, v = start / from_length, end / to_length
    angle = 2 * xp.arctan2(xp.linalg.norm(u - v, axis=1, keepdims=True), xp.linalg.norm(u + v, axis=1, keepdims=True))
    if bool((~flat & (angle > np.pi - OPPOSITE)).any()):
        raise InputError("latents: expected noise that is not opposite, got two that are; the method 'linear' takes it")
    flat |= angle < PARALLEL
    angle = xp.where(flat, 1, angle)
    length = (1 - t) * from_length + t * to_length
    of_start = xp.where(flat, 1 - t, xp.sin((1 - t) * angle) / xp.sin(angle) * (length / from_length))
    of_end = xp.where(flat, t, xp.sin(t * angle) / xp.sin(angle) * (length / to_length))
    return (of_start * start + of_end * end).astype(a.dtype)


def interpolate(a: Array, b: Array, t: float, *, codes: int = 0, method: str = METHODS[0]) -> Array:
    """Return latents between a and b: their noise by the method, their codes linearly.

    A code is no direction of a sphere: half-way between two classes it holds one half of each.

    Parameters
    ----------
    a, b : (N, Z + K) floating
    t : from 0, which gives a, to 1, which gives b
    codes : K, how many numbers of a latent, the last ones, are its code
    method : in `METHODS`

    Raises
    ------
    InputError : the shapes differ, t or the method is another one, or noise is opposite on the sphere
    """
    validation.one_of("method", method, METHODS)
    if a.shape != b.shape or a.ndim != 2:
        raise InputError(f"latents: expected two arrays (N, Z + K) of one shape, got {a.shape} and {b.shape}")
    if not 0 <= validation.finite("t", t) <= 1:
        raise InputError(f"t: expected a number from 0 to 1, got {validation.shown(t)}")
    noise = a.shape[1] - codes
    if method == "linear":
        return linear(a, b, t)
    parts = (spherical(a[:, :noise], b[:, :noise], t), linear(a[:, noise:], b[:, noise:], t))
    return get_array_module(a).concatenate(parts, axis=1)


def path_through(latents: Array, frames: int, *, codes: int = 0, method: str = METHODS[0], loop: bool = False) -> Array:
    """Return the frames of paths that visit several latents in turn.

    Parameters
    ----------
    latents : (S, N, Z + K): N paths, with S >= 2 stations
    frames : how many frames lead from one station to the next one, which itself is the last of them
    codes : K, how many numbers of a latent, the last ones, are its code
    method : in `METHODS`
    loop : whether the paths lead on from the last station to the first one; the first frame is then not repeated at
        the end, so that a film can run in a circle

    Returns
    -------
    (S - 1) frames + 1 frames (F, N, Z + K), or S frames in a loop. Each station is a frame, exactly.

    Raises
    ------
    InputError : there are fewer than two stations, or as `interpolate`
    """
    validation.integer("frames", frames)
    if latents.ndim != 3 or len(latents) < 2:
        raise InputError(f"latents: expected at least 2 stations (S, N, Z + K), got shape {latents.shape}")
    ends = [*latents[1:], latents[0]] if loop else [*latents[1:]]
    steps = [
        interpolate(start, end, i / frames, codes=codes, method=method)
        for start, end in zip(latents, ends, strict=False)
        for i in range(frames)
    ]
    return get_array_module(latents).stack(steps if loop else [*steps, latents[-1]])


class Midpoints(NamedTuple):
    """What is drawn half-way between two latents, compared with samples.

    method : in `METHODS`, or "samples", which are no midpoints
    same_class : whether both latents have the same code
    length : mean length of the noise, as a share of sqrt(Z)
    fid : Frechet distance to MNIST's test digits, under the first evaluator; smaller is better
    certainty : mean probability of the most probable digit
    """

    method: str
    same_class: bool
    length: float
    fid: float
    certainty: float


def measure_midpoints(run: Run, *, n: int = 1000, seed: int = 0) -> list[Midpoints]:
    """Measure what each method draws half-way between n pairs of samples, and the samples themselves.

    Parameters
    ----------
    run : that draws digits
    n : number of pairs, above 64, the number of features
    seed : of the first samples; the second ones have the next seed

    Returns
    -------
    For a conditional run a row for each method with the same code and with codes that are drawn for themselves, for
    another run a row for each method; and a last row for samples.

    Raises
    ------
    InputError : n is too small, or the evaluator cannot read what the run draws
    """
    reader = find_reader(run)
    first, second = (to_host(run.latent(n, seed=each)) for each in (seed, seed + 1))
    length = noise_length(run)
    alike = np.hstack((second[:, :length], first[:, length:]))

    def row(method: str, same_class: bool, latents: np.ndarray) -> Midpoints:
        with threads(device=run.generator.device):
            features = features_of(draw(run, latents), reader, run.generator.device)
        share = np.linalg.norm(latents[:, :length], axis=1).mean() / np.sqrt(length)
        assert reader.reference is not None
        fid = frechet_distance(moments(features), reader.reference)
        return Midpoints(method, same_class, float(share), fid, float(reader.classify(features).max(axis=1).mean()))

    ends = [(True, alike), (False, second)] if length < first.shape[1] else [(True, second)]
    rows = [
        row(method, same_class, interpolate(first, end, 0.5, codes=first.shape[1] - length, method=method))
        for same_class, end in ends
        for method in METHODS
    ]
    return [*rows, row("samples", True, first)]
