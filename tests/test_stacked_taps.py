"""Stacked taps are the twin of the reference convolution, and the shape alone chooses between the two."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.layers import convolution, fast
from minigan.layers.convolution import conv_geometry
from minigan.layers.fast import THIN_CHANNELS, stacked_taps

CASES = [
    pytest.param(*case, id="-".join(str(part).replace(" ", "") for part in case))
    for case in [
        ((6, 5), (3, 3), 1, "same"),
        ((8, 7), (4, 4), 2, 1),
        ((7, 7), (5, 5), 2, "same"),
        ((5, 6), (1, 1), 1, 0),
        ((5, 6), (1, 2), 3, 0),
        ((7, 4), (2, 5), 2, "same"),
        ((2, 2), (5, 5), 1, 2),
        ((2, 2), (1, 1), 1, 3),
        ((9, 9), (3, 3), 4, 3),
    ]
]
FUNCTIONS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad")


def arguments(case, channels, filters, normal, dtype="float64"):
    g = conv_geometry(*case)
    x, w = normal(*g.in_size, 2, channels, dtype=dtype), normal(*g.kernel_size, channels, filters, dtype=dtype)
    dy = normal(*g.out_size, 2, filters, dtype=dtype)
    return {"conv2d": (x, w, g), "conv2d_input_grad": (dy, w, g), "conv2d_weight_grad": (x, dy, g)}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (1, 6), (2, 3), (3, 1), (4, 5), (9, 2)])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_twins(size, kernel, stride, padding, channels, filters, dtype, tolerance, device, normal):
    for name, args in arguments((size, kernel, stride, padding), channels, filters, normal, dtype).items():
        expected = getattr(convolution, name)(*args)
        got = getattr(stacked_taps, name)(*args)
        assert got.dtype == expected.dtype == dtype
        assert got.shape == expected.shape
        scale = float(abs(expected).max()) or 1.0
        np.testing.assert_allclose(to_host(got), to_host(expected), rtol=tolerance, atol=tolerance * scale)


def test_inputs_are_left_alone(device, normal):
    for name, args in arguments(((5, 5), (3, 3), 2, 1), 3, 2, normal).items():
        before = [to_host(a).copy() for a in args[:2]]
        getattr(stacked_taps, name)(*args)
        for now, then in zip(args[:2], before, strict=True):
            np.testing.assert_array_equal(to_host(now), then)


@pytest.mark.parametrize("filters", [1, 7])
@pytest.mark.parametrize("channels", [1, THIN_CHANNELS, THIN_CHANNELS + 1, 2 * THIN_CHANNELS])
def test_the_channels_choose_the_form(channels, filters, device, normal, monkeypatch):
    case = ((6, 5), (3, 3), 2, "same")
    used = []

    def spy(module, name):
        function = getattr(module, name)

        def spied(*args):
            used.append(module)
            return function(*args)

        return spied

    inputs = arguments(case, channels, filters, normal)
    expected = {name: getattr(convolution, name)(*args) for name, args in inputs.items()}
    for module in (convolution, stacked_taps):
        for name in FUNCTIONS:
            monkeypatch.setattr(module, name, spy(module, name))
    for name in FUNCTIONS:
        got = getattr(fast, name)(*inputs[name])
        np.testing.assert_allclose(to_host(got), to_host(expected[name]), rtol=1e-12, atol=1e-12)
    assert used == 3 * [stacked_taps if channels <= THIN_CHANNELS else convolution]
