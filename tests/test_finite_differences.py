"""Central differences: of smooth functions, beside a kink, and how the step is chosen; and the relative error."""

import math

import pytest

from minigan.finite_differences import FLOOR, STEPS, TOLERANCE, central_difference, relative_error


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda h: 3 * h, 3),
        (lambda h: math.exp(2 * h), 2),
        (lambda h: math.sin(1 + h), math.cos(1)),
        (lambda h: 7.0, 0),
    ],
)
def test_smooth_functions(f, slope):
    assert central_difference(f) == pytest.approx(slope, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("distance", [3e-4, 3e-5, 3e-6])
@pytest.mark.parametrize("side", [1, -1])
def test_the_step_shrinks_until_it_avoids_a_kink(distance, side):
    """The largest step straddles a kink at 3e-6; the two smaller ones agree on the slope of one side."""
    slope = central_difference(lambda h: max(side * distance + h, 0.2 * (side * distance + h)))
    assert slope == pytest.approx(1 if side > 0 else 0.2, rel=1e-8)


@pytest.mark.parametrize(
    ("slopes", "returned"),  # what each step finds, largest step first
    [
        ((2, 2, 5), 2),
        ((2, 2 * (1 + TOLERANCE / 20), 5), 2),  # near enough: the smallest step is not asked
        ((2, 2 * (1 + TOLERANCE / 5), 2 * (1 + TOLERANCE / 4)), 2 * (1 + TOLERANCE / 5)),
        ((2, 3, 3), 3),
        ((2, 3, 3.5), 3),  # no two agree: the first of the closest two
        ((2, 2.5, 4), 2),
    ],
)
def test_the_first_of_two_that_agree_or_of_the_closest_two(slopes, returned):
    of_step = dict(zip(STEPS, slopes, strict=True))
    asked = []

    def f(h):
        asked.append(abs(h))
        return of_step[abs(h)] * h

    assert central_difference(f) == pytest.approx(returned, rel=1e-12)
    assert len(set(asked)) == (2 if slopes[2] == 5 else 3)


def test_rounding_counts_as_agreement():
    """A function that is constant but for its last bit: the largest step errs least."""
    last_bit = {1e-5: 1.0, -1e-5: 1.0 + 2.0**-52, 1e-6: 1.0 + 2.0**-52, -1e-6: 1.0, 1e-7: 1.0, -1e-7: 1.0}
    assert central_difference(last_bit.__getitem__) == -(2.0**-52) / 2e-5


def test_a_difference_is_central():
    """One half of h^2 would be left of a difference to one side."""
    assert central_difference(lambda h: h + 1e3 * h * h) == pytest.approx(1, rel=1e-10)


@pytest.mark.parametrize(
    ("a", "b", "error"), [(1, 1, 0), (0, 0, 0), (1, 0, 1), (0, -2, 1), (1, -1, 2), (100, 101, 1 / 101), (-4, -5, 0.2)]
)
def test_relative_error(a, b, error):
    assert relative_error(a, b) == pytest.approx(error, rel=1e-12)


@pytest.mark.parametrize(("a", "b"), [(FLOOR / 4, 0), (0, FLOOR / 2), (FLOOR / 4, -FLOOR / 2)])
def test_below_the_floor_the_error_is_a_share_of_the_floor(a, b):
    assert relative_error(a, b) == pytest.approx(abs(a - b) / 1e-4, rel=1e-12)
    assert relative_error(2 * FLOOR, FLOOR) == pytest.approx(0.5, rel=1e-12)


def test_nan_is_not_a_small_error():
    assert math.isnan(relative_error(math.nan, 1.0))
