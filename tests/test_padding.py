"""Padding on four sides: with these zeros around it, an image needs no padding any more."""

import numpy as np
import pytest

from minigan.exchange.padding import pads
from minigan.layers.convolution import conv2d, conv_geometry


@pytest.mark.parametrize("padding", ["same", 0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [(1, 2), (3, 4), (5, 5)])
def test_zeros_around_an_image(kernel_size, stride, padding, rng):
    x, w = rng.standard_normal((6, 7, 2, 3)), rng.standard_normal((*kernel_size, 3, 4))
    g = conv_geometry((6, 7), kernel_size, stride, padding)
    sides = pads(g)
    framed = np.pad(x, [*((before, max(after, 0)) for before, after in sides), (0, 0), (0, 0)])
    framed = framed[tuple(slice(size + min(after, 0)) for size, (_, after) in zip(framed.shape, sides, strict=False))]
    own = conv_geometry(framed.shape[:2], kernel_size, stride, 0)
    assert own.out_size == g.out_size
    assert all(n == (out - 1) * stride + k for n, out, k in zip(framed.shape, own.out_size, kernel_size, strict=False))
    np.testing.assert_allclose(conv2d(framed, w, own), conv2d(x, w, g), rtol=1e-12, atol=1e-12)
