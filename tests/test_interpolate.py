"""Interpolation: the great circle by its definition, exact ends, limits, loops, and what lies half-way."""

import math

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.editing.interpolate import (
    METHODS,
    interpolate,
    linear,
    measure_midpoints,
    path_through,
    spherical,
)

AT = (0, 0.1, 0.25, 0.5, 0.9, 1)


def angle(a, b):
    return math.acos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))


@pytest.mark.parametrize("t", AT)
def test_a_quarter_turn_in_the_plane(t, device):
    """From (2, 0) to (0, 4): the angle is t times 90 degrees and the length 2 + 2 t."""
    a, b = to_device(np.array([[2.0, 0.0]]), device), to_device(np.array([[0.0, 4.0]]), device)
    turn = t * math.pi / 2
    expected = [[(2 + 2 * t) * math.cos(turn), (2 + 2 * t) * math.sin(turn)]]
    np.testing.assert_allclose(to_host(spherical(a, b, t)), expected, atol=1e-15)


@pytest.mark.parametrize("t", AT)
def test_the_direction_turns_at_constant_speed_and_the_length_changes_linearly(t, rng):
    a, b = rng.standard_normal((2, 5, 128))
    for x, start, end in zip(spherical(a, b, t), a, b, strict=True):
        length = (1 - t) * np.linalg.norm(start) + t * np.linalg.norm(end)
        assert np.linalg.norm(x) == pytest.approx(length, rel=1e-12)
        assert angle(start, x) == pytest.approx(t * angle(start, end), abs=1e-7)
        assert angle(x, end) == pytest.approx((1 - t) * angle(start, end), abs=1e-7)


def test_linear_noise_is_too_short_and_spherical_noise_is_not(normal):
    a, b = normal(200, 128, dtype="float32"), normal(200, 128, dtype="float32")
    lengths = {
        method: np.linalg.norm(to_host(interpolate(a, b, 0.5, method=method)), axis=1).mean() for method in METHODS
    }
    assert lengths["spherical"] == pytest.approx(math.sqrt(128), rel=0.02)
    assert lengths["linear"] == pytest.approx(math.sqrt(128 / 2), rel=0.02)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", METHODS)
def test_the_ends_are_exact(method, dtype, normal):
    a, b = normal(20, 12, dtype=dtype), normal(20, 12, dtype=dtype)
    for t, end in ((0, a), (1, b), (0.0, a), (1.0, b)):
        found = interpolate(a, b, t, codes=3, method=method)
        assert found.dtype == end.dtype
        np.testing.assert_array_equal(to_host(found), to_host(end))


def test_parallel_and_zero_noise_is_the_straight_line(device, rng):
    a = rng.standard_normal((4, 9))
    b = np.stack([3 * a[0], a[1], np.zeros(9), a[3] + 1e-10])
    a[2] = 1
    found = to_host(spherical(to_device(a, device), to_device(b, device), 0.3))
    np.testing.assert_allclose(found, linear(a, b, 0.3), rtol=1e-9)


def test_close_to_parallel_it_comes_close_to_the_straight_line(rng):
    """The circle leaves its chord by w^2 / 8 of the length, for every small angle w."""
    a, side = np.linalg.qr(rng.standard_normal((9, 2)))[0].T
    for w in (1e-2, 1e-4, 1e-6):
        b = math.cos(w) * a + math.sin(w) * side
        gap = np.linalg.norm(spherical(a[None], b[None], 0.5) - linear(a[None], b[None], 0.5))
        assert gap == pytest.approx(w**2 / 8, rel=1e-3, abs=1e-15)


def test_opposite_noise_is_refused(device, rng):
    a = to_device(rng.standard_normal((3, 9)), device)
    with pytest.raises(InputError, match="latents: expected noise that is not opposite"):
        spherical(a, -2 * a, 0.5)
    np.testing.assert_allclose(to_host(interpolate(a, -a, 0.5, method="linear")), 0, atol=1e-12)


def test_codes_are_blended_linearly(rng):
    a, b = rng.standard_normal((2, 4, 11))
    found = interpolate(a, b, 0.25, codes=3)
    np.testing.assert_allclose(found[:, 8:], 0.75 * a[:, 8:] + 0.25 * b[:, 8:])
    np.testing.assert_allclose(found[:, :8], spherical(a[:, :8], b[:, :8], 0.25))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loop", [False, True])
def test_a_path_visits_every_station(method, loop, normal):
    stations, frames = normal(3, 2, 7, dtype="float32"), 4
    path = path_through(stations, frames, codes=2, method=method, loop=loop)
    assert path.shape == (12 if loop else 9, 2, 7)
    assert path.dtype == np.float32
    for i in range(3):
        np.testing.assert_array_equal(to_host(path[4 * i]), to_host(stations[i]))
    between = interpolate(stations[1], stations[2], 0.75, codes=2, method=method)
    np.testing.assert_array_equal(to_host(path[7]), to_host(between))
    if loop:
        back = interpolate(stations[2], stations[0], 0.25, codes=2, method=method)
        np.testing.assert_array_equal(to_host(path[9]), to_host(back))


def test_a_loop_closes(rng):
    """The last frame is as far from the first one as neighbours are."""
    path = path_through(rng.standard_normal((4, 1, 64)), 20, loop=True)[:, 0]
    steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
    assert steps[-1] < 1.5 * np.median(steps)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t": 1.5}, "t: expected a number from 0 to 1, got 1.5"),
        ({"t": math.nan}, "t: expected a finite number, got nan"),
        ({"method": "cubic"}, "method: expected one of spherical, linear, got 'cubic'"),
        ({"b": np.zeros((2, 6))}, r"latents: expected two arrays .* of one shape, got \(2, 5\) and \(2, 6\)"),
    ],
)
def test_bad_arguments(change, said):
    options = {"b": np.ones((2, 5)), "t": 0.5, **change}
    with pytest.raises(InputError, match=said):
        interpolate(np.ones((2, 5)), **options)


def test_bad_paths(rng):
    with pytest.raises(InputError, match="latents: expected at least 2 stations"):
        path_through(rng.standard_normal((1, 2, 5)), 3)
    with pytest.raises(InputError, match="frames: expected an integer of at least 1, got 0"):
        path_through(rng.standard_normal((2, 2, 5)), 0)


def test_half_way_on_the_sphere_the_digits_are_as_good_as_samples():
    rows = {(row.method, row.same_class): row for row in measure_midpoints(minigan.load("mnist-labels"), n=500)}
    assert len(rows) == 5
    samples = rows["samples", True]
    assert rows["spherical", True].fid < 1.3 * samples.fid
    assert rows["linear", True].fid > 2 * samples.fid
    assert rows["spherical", False].fid > 3 * samples.fid
    assert rows["linear", True].length == pytest.approx(math.sqrt(0.5), abs=0.01)
    assert rows["spherical", True].length == pytest.approx(samples.length, abs=0.01)
