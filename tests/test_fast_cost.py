"""The rule that chooses the form of a convolution by its sizes alone."""

import pytest

from minigan.fast.cost import BATCH, costs, fastest
from minigan.fast.threads import WRITE_COST
from minigan.layers.convolution import conv_geometry


def test_the_choice_is_the_form_of_least_cost():
    for size, kernel, stride in (((7, 7), 5, 1), ((14, 14), 4, 2), ((28, 28), 3, 1)):
        g = conv_geometry(size, (kernel, kernel), stride, "same")
        for channels in (1, 4, 16, 128):
            for filters in (1, 8, 256):
                cost = costs(g, channels, filters)
                assert fastest(g, channels, filters) == min(cost, key=cost.get)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "channels", "filters", "form"),
    [
        ((28, 28), 5, 2, 1, 64, "im2col"),  # the measured times are at least 1.5 times apart
        ((14, 14), 4, 2, 4, 128, "im2col"),
        ((28, 28), 4, 2, 8, 64, "im2col"),
        ((14, 14), 5, 2, 64, 128, "Fourier"),
        ((7, 7), 5, 1, 128, 256, "Fourier"),
        ((7, 7), 5, 1, 16, 16, "Fourier"),
        ((28, 28), 5, 1, 64, 64, "Fourier"),
        ((28, 28), 2, 2, 128, 16, "taps"),
        ((32, 32), 3, 2, 256, 64, "taps"),
    ],
)
def test_the_choice_where_it_matters(size, kernel, stride, channels, filters, form):
    assert fastest(conv_geometry(size, (kernel, kernel), stride, "same"), channels, filters) == form


def test_costs_by_hand():
    """3 x 3 pixels, kernel 3: 49 pairs of tap and pixel meet; a circle of 4 has 4 own frequencies and 6 pairs."""
    g = conv_geometry((3, 3), (3, 3), 1, "same")
    expected = {
        "taps": 3 * 49 * 10 + WRITE_COST * 3 * 49 * 7,
        "im2col": 3 * 81 * 10 + WRITE_COST * 4 * 81 * 2,
        "Fourier": 3 * (22 * 10 + (36 + 24 + 48) * (2 + 5) + 22 * 9 * 10 / BATCH)
        + WRITE_COST * 22 * (2 * 7 + 6 * 10 / BATCH),
    }
    assert costs(g, 2, 5) == pytest.approx(expected)
