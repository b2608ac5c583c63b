"""The three functions of the convolution: values by seven loops, the adjoint identities, and the sizes."""

from itertools import product

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry, taps

N, C, F = 2, 3, 2

GRID = [
    pytest.param((6, 5), (k, k), s, p, id=f"6x5-k{k}-s{s}-{p}")
    for k, s, p in product(range(1, 6), range(1, 5), (0, 1, 2, 3, "same"))
]
SPECIAL = [
    pytest.param(*case, id="-".join(str(part).replace(" ", "") for part in case))
    for case in [
        ((5, 5), (1, 4), 1, "same"),
        ((5, 5), (4, 1), 2, "same"),
        ((7, 4), (2, 5), 3, "same"),
        ((4, 7), (3, 2), 2, 1),
        ((8, 8), (4, 4), 2, 1),
        ((7, 7), (5, 5), 2, "same"),
        ((7, 3), (3, 1), 2, 0),
        ((1, 1), (3, 3), 1, 1),  # a kernel larger than the image
        ((2, 3), (5, 4), 1, "same"),
        ((2, 2), (5, 5), 2, 2),
        ((1, 6), (4, 2), 3, 3),
        ((3, 3), (7, 7), 1, 2),
        ((2, 2), (1, 1), 1, 3),  # pixels of y that see nothing but padding
        ((1, 1), (1, 1), 4, "same"),
        ((5, 3), (2, 2), 4, 1),  # a stride that skips pixels of x
    ]
]


def zeros_around(n, k, s, padding):
    """Zeros before and after one axis; 'same' is the least that gives every s-th pixel a window of its own."""
    if padding != "same":
        return padding, padding
    missing = 0
    while len(range(0, n + missing - k + 1, s)) < len(range(0, n, s)):
        missing += 1
    return missing // 2, missing - missing // 2


def by_seven_loops(x, w, dy_of, stride, padding):
    """y, dx, dw from the definition: x is really padded, and every product is added by itself."""
    (h, width, n, c), (kh, kw, _, f) = x.shape, w.shape
    (top, bottom), (left, right) = zeros_around(h, kh, stride, padding), zeros_around(width, kw, stride, padding)
    padded = np.pad(x, ((top, bottom), (left, right), (0, 0), (0, 0)))
    oh, ow = (padded.shape[0] - kh) // stride + 1, (padded.shape[1] - kw) // stride + 1
    y, dw, dpadded = np.zeros((oh, ow, n, f)), np.zeros(w.shape), np.zeros(padded.shape)
    dy = dy_of(y.shape)
    px, pw, pdy = padded.tolist(), w.tolist(), dy.tolist()
    for o, p, b, g in np.ndindex(oh, ow, n, f):
        total, up = 0.0, pdy[o][p][b][g]
        for i, j in product(range(kh), range(kw)):
            pixel, tap = px[o * stride + i][p * stride + j][b], pw[i][j]
            for a in range(c):
                total += pixel[a] * tap[a][g]
                dw[i, j, a, g] += pixel[a] * up
                dpadded[o * stride + i, p * stride + j, b, a] += tap[a][g] * up
        y[o, p, b, g] = total
    return y, dpadded[top : top + h, left : left + width], dw, dy


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SPECIAL + GRID)
def test_values(size, kernel, stride, padding, device, rng):
    x, w = rng.standard_normal((*size, N, C)), rng.standard_normal((*kernel, C, F))
    y, dx, dw, dy = by_seven_loops(x, w, rng.standard_normal, stride, padding)
    g = conv_geometry(size, kernel, stride, padding)
    x_d, w_d, dy_d = (to_device(a, device) for a in (x, w, dy))
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(to_host(conv2d(x_d, w_d, g)), y, **close)
    np.testing.assert_allclose(to_host(conv2d_input_grad(dy_d, w_d, g)), dx, **close)
    np.testing.assert_allclose(to_host(conv2d_weight_grad(x_d, dy_d, g)), dw, **close)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SPECIAL + GRID[::7])
def test_adjoints(size, kernel, stride, padding, device, normal):
    g = conv_geometry(size, kernel, stride, padding)
    x, w, dy = normal(*size, 3, 4), normal(*kernel, 4, 5), normal(*g.out_size, 3, 5)
    y, dx, dw = conv2d(x, w, g), conv2d_input_grad(dy, w, g), conv2d_weight_grad(x, dy, g)
    three = [float((a * b).sum()) for a, b in ((dy, y), (dx, x), (dw, w))]
    scale = float((dy * dy).sum()) ** 0.5 * float((y * y).sum()) ** 0.5
    assert scale > 0
    assert max(three) - min(three) <= 1e-12 * scale


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept_and_inputs_are_left_alone(dtype, device, normal):
    g = conv_geometry((6, 5), (3, 2), 2, "same")
    x, w, dy = (normal(*shape, dtype=dtype) for shape in ((6, 5, 2, 3), (3, 2, 3, 4), (*g.out_size, 2, 4)))
    before = [to_host(a).copy() for a in (x, w, dy)]
    for result in (conv2d(x, w, g), conv2d_input_grad(dy, w, g), conv2d_weight_grad(x, dy, g)):
        assert result.dtype == dtype
    for now, then in zip((x, w, dy), before, strict=True):
        np.testing.assert_array_equal(to_host(now), then)


def test_non_contiguous_inputs(device, normal):
    g = conv_geometry((5, 4), (3, 3), 1, 1)
    x, dy, w = normal(2, 5, 4, 3).transpose(1, 2, 0, 3), normal(6, 2, 5, 4).transpose(2, 3, 1, 0), normal(6, 3, 3, 3).T
    xp = get_array_module(x)
    x_c, dy_c, w_c = (xp.ascontiguousarray(a) for a in (x, dy, w))
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(to_host(conv2d(x, w, g)), to_host(conv2d(x_c, w_c, g)), **close)
    np.testing.assert_allclose(to_host(conv2d_input_grad(dy, w, g)), to_host(conv2d_input_grad(dy_c, w_c, g)), **close)
    np.testing.assert_allclose(
        to_host(conv2d_weight_grad(x, dy, g)), to_host(conv2d_weight_grad(x_c, dy_c, g)), **close
    )


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "out", "before"),  # Keras: OH = ceil(H / s), the smaller half in front
    [
        (28, 3, 1, 28, 1),
        (28, 5, 1, 28, 2),
        (28, 4, 1, 28, 1),
        (28, 3, 2, 14, 0),
        (28, 4, 2, 14, 1),
        (28, 5, 2, 14, 1),
        (14, 5, 2, 7, 1),
        (7, 3, 2, 4, 1),
        (7, 4, 2, 4, 1),
        (7, 5, 2, 4, 2),
        (5, 2, 1, 5, 0),
        (5, 1, 2, 3, 0),
        (6, 1, 4, 2, 0),
        (10, 4, 3, 4, 1),
        (3, 5, 1, 3, 2),
        (1, 4, 2, 1, 1),
    ],
)
def test_keras_same_sizes(n, kernel, stride, out, before):
    g = conv_geometry((n, n), (kernel, kernel), stride, "same")
    assert g == ((n, n), (out, out), (kernel, kernel), stride, (before, before))


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "padding", "out"),  # PyTorch: floor((H + 2 p - KH) / s) + 1
    [
        (28, 3, 1, 0, 26),
        (28, 4, 2, 1, 14),
        (28, 5, 2, 2, 14),
        (28, 3, 1, 1, 28),
        (32, 4, 2, 1, 16),
        (7, 3, 2, 1, 4),
        (7, 3, 2, 0, 3),
        (8, 3, 2, 0, 3),
        (4, 4, 1, 0, 1),
        (5, 2, 3, 0, 2),
        (1, 3, 1, 1, 1),
        (3, 7, 1, 2, 1),
    ],
)
def test_integer_padding_sizes(n, kernel, stride, padding, out):
    g = conv_geometry((n, n), (kernel, kernel), stride, padding)
    assert g == ((n, n), (out, out), (kernel, kernel), stride, (padding, padding))


def test_each_axis_has_its_own_size():
    assert conv_geometry((7, 10), (4, 3), 2, "same") == ((7, 10), (4, 5), (4, 3), 2, (1, 0))
    assert conv_geometry((7, 10), (4, 3), 2, 1) == ((7, 10), (3, 5), (4, 3), 2, (1, 1))


def test_taps_that_see_only_padding_are_skipped():
    centre = [(kh, kw) for kh, kw, _, _ in taps(conv_geometry((1, 1), (3, 3), 1, "same"))]
    assert centre == [(1, 1)]
    assert len(taps(conv_geometry((5, 5), (3, 3), 1, "same"))) == 9


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [((4, 4), (5, 5), 1, 0), ((4, 4), (5, 5), 4, 0), ((4, 9), (7, 3), 2, 1), ((9, 4), (3, 7), 2, 1)],
)
def test_refuses_a_kernel_that_does_not_fit(size, kernel, stride, padding):
    with pytest.raises(
        InputError, match=r"^kernel_size: expected a kernel that fits into \(., .\) with padding ., got \(., .\)$"
    ):
        conv_geometry(size, kernel, stride, padding)
