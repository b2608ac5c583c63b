"""A convolution of any stride as a convolution of stride 1, by the phases of its image and of its kernel.

With stride s, a phase consists of every s-th pixel in both directions. An image of C channels becomes an image of
s s C channels, and the convolution becomes one of stride 1 with about k / s taps.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

from ..backend import Array, get_array_module
from ..layers.convolution import Geometry
from .threads import WRITE_COST, equal_slices, parallel_for


class Plan(NamedTuple):
    """The convolution of stride 1 for a geometry, per axis: pixels n, outputs m, taps k, padding p, circle L."""

    pixels: tuple[int, int]
    outputs: tuple[int, int]
    taps: tuple[int, int]
    padding: tuple[int, int]
    length: tuple[int, int]


@lru_cache
def plan(g: Geometry) -> Plan:
    """Find the convolution of stride 1 that does with the phases what ``g`` does with the image."""
    axes = []
    for n, m, k, p in zip(g.in_size, g.out_size, g.kernel_size, g.padding, strict=True):
        phase_pixels, phase_padding = -(-n // g.stride), -(-p // g.stride)
        phase_taps = (k - 1 - p) // g.stride + phase_padding + 1
        length = max(phase_pixels + phase_padding, m + phase_taps - 1 - phase_padding)
        axes.append((phase_pixels, m, phase_taps, phase_padding, length))
    return Plan(*zip(*axes, strict=True))


def taps_to_phases(w: Array, g: Geometry) -> Array:
    """Split a kernel into phases: (KH, KW, C, F) -> (taps of a phase, s s C F), 0 where a phase has no tap."""
    s, taps = g.stride, plan(g).taps
    if s == 1:
        return w.reshape(taps[0] * taps[1], -1)
    phases = get_array_module(w).zeros((*taps, s, s, *w.shape[2:]), dtype=w.dtype)
    for tap_h, tap_w, place in _tap_places(g):
        phases[place] = w[tap_h, tap_w]
    return phases.reshape(taps[0] * taps[1], -1)


def taps_from_phases(phases: Array, g: Geometry, c: int, f: int) -> Array:
    """Apply the transpose of `taps_to_phases`."""
    s = g.stride
    if s == 1:
        return phases.reshape(*g.kernel_size, c, f)
    phases = phases.reshape(*plan(g).taps, s, s, c, f)
    w = get_array_module(phases).empty((*g.kernel_size, c, f), dtype=phases.dtype)
    for tap_h, tap_w, place in _tap_places(g):
        w[tap_h, tap_w] = phases[place]
    return w


@lru_cache
def _tap_places(g: Geometry) -> list[tuple[int, int, tuple[int, int, int, int]]]:
    """List (kh, kw, (row, column, phase of rows, phase of columns)), the place of each tap in the phases."""
    axes = [
        [(k, (k - p) // g.stride + before, (k - p) % g.stride) for k in range(size)]
        for size, p, before in zip(g.kernel_size, g.padding, plan(g).padding, strict=True)
    ]
    return [(kh, kw, (row, column, i, j)) for kh, row, i in axes[0] for kw, column, j in axes[1]]


def to_phases(x: Array, g: Geometry) -> Array:
    """Split an image into phases: (H, W, N, C) -> (ceil(H / s), ceil(W / s), N, s s C), 0 where there is no pixel."""
    s = g.stride
    if s == 1:
        return x
    xp, (n, c) = get_array_module(x), x.shape[2:]
    exact = all(size % s == 0 for size in g.in_size)
    phases = (xp.empty if exact else xp.zeros)((*plan(g).pixels, n, s, s, c), dtype=x.dtype)

    def gather(rows: slice) -> None:
        for i, j in product(range(s), range(s)):
            phase = x[i::s, j::s][rows]
            phases[rows][: phase.shape[0], : phase.shape[1], :, i, j] = phase

    parallel_for(gather, equal_slices(len(phases), WRITE_COST * phases.size // len(phases), like=x))
    return phases.reshape(*plan(g).pixels, n, s * s * c)


def from_phases(phases: Array, g: Geometry) -> Array:
    """Apply the transpose of `to_phases`, which is also its inverse."""
    s = g.stride
    if s == 1:
        return phases
    n, c = phases.shape[2], phases.shape[3] // s**2
    phases = phases.reshape(*plan(g).pixels, n, s, s, c)
    x = get_array_module(phases).empty((*g.in_size, n, c), dtype=phases.dtype)

    def scatter(rows: slice) -> None:
        for i, j in product(range(s), range(s)):
            phase = x[i::s, j::s][rows]
            phase[...] = phases[rows][: phase.shape[0], : phase.shape[1], :, i, j]

    parallel_for(scatter, equal_slices(len(phases), WRITE_COST * phases.size // len(phases), like=phases))
    return x
