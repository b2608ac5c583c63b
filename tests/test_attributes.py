"""Attributes: drawn shapes whose thickness, slant and size are known, and literal loops."""

import math

import numpy as np
import pytest

from minigan import InputError
from minigan.editing.attributes import ATTRIBUTES, measure_attributes, size, slant, thickness

SIDE = 48


def shape(inside, fine=8):
    """Draw a shape, (1, 48, 48) in [-1, 1]: a pixel is as bright as the share of it that lies inside."""
    places = (np.arange(SIDE * fine) + 0.5) / fine - SIDE / 2
    x, up = np.meshgrid(places, -places)
    parts = inside(x, up).reshape(SIDE, fine, SIDE, fine)
    return (2 * parts.mean(axis=(1, 3)) - 1)[None].astype(np.float32)


def bar(width, length, degrees=0.0, turn=0.0):
    """A bar that is sheared to the right by an angle, or turned clockwise by one."""
    lean, c, s = math.tan(math.radians(degrees)), math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def inside(x, up):
        x, up = c * x - s * up, s * x + c * up
        return (np.abs(x - lean * up) < width / 2) & (np.abs(up) < length / 2)

    return shape(inside)


def test_a_thin_stroke_is_smeared_by_the_pixels():
    assert 1.2 < thickness(bar(1, 30, turn=15))[0] < thickness(bar(1, 30))[0] < 2


@pytest.mark.parametrize("width", [2, 2.5, 3.5, 6])
@pytest.mark.parametrize("turn", [0, 30, 45, 90])
def test_the_thickness_of_a_bar(width, turn):
    """2 area / edge is w / (1 + w / l); the corners and the grid may change it by a quarter of a pixel."""
    expected = width / (1 + width / 30)
    assert thickness(bar(width, 30, turn=turn))[0] == pytest.approx(expected, abs=0.25)


def test_the_thickness_of_a_bar_along_the_grid_is_exact():
    """The edge is 2 w + 2 l, but where four pixels meet at a corner the gradient is sqrt(1/2) long and not 1."""
    images = np.full((1, 20, 20), -1.0)
    images[0, 5:15, 8:11] = 1
    edge = 2 * (3 - 1) + 2 * (10 - 1) + 4 * math.sqrt(0.5)
    assert thickness(images)[0] == pytest.approx(2 * 30 / edge, rel=1e-6)


def test_the_thickness_of_a_ring():
    """Two circles of radius 10 and 13: 2 pi (13^2 - 10^2) / (2 pi (13 + 10)) = 3."""
    ring = shape(lambda x, up: (np.hypot(x, up) < 13) & (np.hypot(x, up) > 10))
    assert thickness(ring)[0] == pytest.approx(3, abs=0.05)


def test_grey_strokes_are_as_thick_as_white_ones():
    white = bar(3, 30, turn=20)
    np.testing.assert_allclose(thickness((white + 1) / 2 - 1), thickness(white), rtol=1e-5)


@pytest.mark.parametrize("degrees", [-40, -15, 0, 10, 35])
def test_the_slant_of_a_sheared_bar(degrees):
    assert slant(bar(3, 30, degrees))[0] == pytest.approx(degrees, abs=0.15)


def test_a_shear_adds_to_the_slant(rng):
    """Moving each row by s y, in whole pixels, adds s to the tangent, whatever the image."""
    image = np.full((61, 61), -1.0)
    image[25:36, 25:36] = rng.uniform(-1, 1, (11, 11))
    sheared = np.stack([np.roll(row, 2 * (30 - y)) for y, row in enumerate(image)])
    before, after = np.tan(np.radians(slant(np.stack([image, sheared]))))
    assert after == pytest.approx(before + 2, abs=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1, 1.7])
def test_the_size_of_a_disc(scale):
    """The mean of r^2 over a disc of radius R is R^2 / 2."""
    disc = shape(lambda x, up: np.hypot(x, up) < 12 * scale)
    assert size(disc)[0] == pytest.approx(12 * scale / math.sqrt(2), rel=0.003)


def test_a_bar_that_is_thick_sheared_or_long_changes_its_own_attribute_most():
    plain = measure_attributes(bar(3, 24))[0]
    for which, other in enumerate((bar(5, 24), bar(3, 24, 15), bar(3, 30))):
        change = np.abs(measure_attributes(other)[0] - plain) / (1, 10, 1)
        assert change.argmax() == which, ATTRIBUTES[which]


def test_the_formulas_by_loops(rng):
    images = rng.uniform(-1, 1, (2, 5, 6)).astype(np.float32)
    for image, found in zip(images.astype(np.float64), measure_attributes(images), strict=True):
        ink = (image + 1) / 2
        m = ink.sum()
        cx = sum(ink[y, x] * x for y in range(5) for x in range(6)) / m
        cy = sum(ink[y, x] * y for y in range(5) for x in range(6)) / m
        moment = {
            (p, q): sum(ink[y, x] * (x - cx) ** p * (y - cy) ** q for y in range(5) for x in range(6)) / m
            for p, q in ((2, 0), (1, 1), (0, 2))
        }
        at = lambda y, x, ink=ink: ink[y, x] if 0 <= y < 5 and 0 <= x < 6 else 0.0  # noqa: E731
        edge = sum(
            math.hypot(
                (at(y, x + 1) - at(y, x) + at(y + 1, x + 1) - at(y + 1, x)) / 2,
                (at(y + 1, x) - at(y, x) + at(y + 1, x + 1) - at(y, x + 1)) / 2,
            )
            for y in range(-1, 5)
            for x in range(-1, 6)
        )
        expected = (
            2 * m / edge,
            math.degrees(math.atan(-moment[1, 1] / moment[0, 2])),
            math.sqrt(moment[2, 0] + moment[0, 2]),
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_types_channels_and_blank_images(rng):
    images = rng.integers(0, 256, (3, 8, 8), dtype=np.uint8)
    found = measure_attributes(images)
    assert found.shape == (3, len(ATTRIBUTES))
    assert found.dtype == np.float64
    np.testing.assert_allclose(measure_attributes(images / np.float32(127.5) - 1), found, rtol=1e-5)
    np.testing.assert_allclose(measure_attributes(images[..., None].repeat(3, axis=-1)), found, rtol=1e-5)
    np.testing.assert_array_equal(measure_attributes(np.full((1, 8, 8), -1.0)), 0)


@pytest.mark.parametrize("wrong", [np.zeros(5), np.zeros((2, 4)), np.full((1, 4, 4), 3.0), np.full((1, 4, 4), np.nan)])
def test_what_is_no_image_is_refused(wrong):
    for measure in (thickness, slant, size, measure_attributes):
        with pytest.raises(InputError, match="images: expected"):
            measure(wrong)
