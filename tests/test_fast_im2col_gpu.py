"""The form of a convolution for GPUs is the plain convolution and its adjoints."""

import numpy as np
import pytest

from minigan.backend import to_device, to_host
from minigan.fast import im2col_gpu
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry

CASES = [
    ((6, 5), (3, 3), 1, "same", 3, 4),
    ((7, 7), (5, 5), 1, "same", 8, 4),
    ((28, 28), (4, 4), 2, "same", 1, 16),
    ((14, 13), (5, 3), 2, "same", 2, 3),
    ((9, 8), (2, 5), 3, 0, 2, 1),
    ((5, 5), (1, 1), 1, 0, 3, 2),
    ((4, 4), (4, 4), 4, 0, 2, 2),
]


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(case, dtype, rng):
    size, kernel, stride, padding, c, f = case
    g = conv_geometry(size, kernel, stride, padding)
    shapes = (*size, 6, c), (*kernel, c, f), (*g.out_size, 6, f)
    x, w, dy = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    x_d, w_d, dy_d = (to_device(each, "cuda") for each in (x, w, dy))
    cols = im2col_gpu.prepare_x(x_d, g)
    for got, expected in [
        (im2col_gpu.conv2d(cols, w_d, g), conv2d(x, w, g)),
        (im2col_gpu.input_grad(dy_d, w_d, g), conv2d_input_grad(dy, w, g)),
        (im2col_gpu.weight_grad(cols, dy_d, g), conv2d_weight_grad(x, dy, g)),
    ]:
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        tolerance = 1e-5 if dtype == "float32" else 1e-13
        np.testing.assert_allclose(to_host(got), expected, rtol=tolerance, atol=tolerance * abs(expected).max())


def test_the_texts_hold_the_sizes_as_constants():
    texts = im2col_gpu.texts(conv_geometry((6, 5), (3, 2), 2, "same"))
    assert not any(
        "{" + name + "}" in text
        for *_, text in texts
        for name in ["H", "W", "OH", "OW", "KH", "KW", "s", "top", "left"]
    )
    assert "w < 5 ? x[((h * 5 + w) *" in texts[0][2]
    assert "kh < 3" in texts[1][2]
