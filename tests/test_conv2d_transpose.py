"""The transposed convolution: values by painting patches, sizes, gradients, and its twin the input gradient."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_layer
from minigan.layers import Conv2DTranspose
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from minigan.network import Network

GRID = [
    pytest.param(*case, id="-".join(str(part).replace(" ", "") for part in case))
    for case in [
        ((3, 4), 4, 2, "same", 0, 3),
        ((3, 2), 5, 2, "same", 0, 2),
        ((4, 3), 3, 1, "same", 0, 4),
        ((2, 3), 2, 3, "same", 0, 2),
        ((1, 1), 4, 1, 0, 0, 6),
        ((4, 4), 4, 2, 1, 0, 5),
        ((3, 3), 5, 2, 2, 1, 2),
        ((2, 4), (3, 2), 3, 1, 2, 3),
        ((5, 5), 3, 1, 2, 0, 2),
    ]
]


each_floor = pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])


def network(layer, shape, rng, device, normal, dtype="float64", fast=False):
    net = Network([layer], shape, rng=rng, dtype=dtype, device=device, fast=fast)
    net.theta[...] = normal(net.theta.size, dtype=dtype)
    return net


def by_painting(x, w, b, stride, padding, output_padding):
    """Every pixel x[h, w] paints a KH x KW patch on a canvas, from which the padding is then cut off."""
    height, width, n, _ = x.shape
    kh, kw, f, _ = w.shape
    margin = kh + kw + stride  # more than any crop needs below and to the right
    canvas = np.zeros((height * stride + margin, width * stride + margin, n, f))
    for h in range(height):
        for v in range(width):
            for i in range(kh):
                for j in range(kw):
                    canvas[h * stride + i, v * stride + j] += x[h, v] @ w[i, j].T  # (N, C) @ (C, F) -> (N, F)
    crop = []
    for size, k in ((height, kh), (width, kw)):
        if padding == "same":
            crop.append(slice(max(k - stride, 0) // 2, max(k - stride, 0) // 2 + size * stride))
        else:
            crop.append(slice(padding, padding + (size - 1) * stride + k - 2 * padding + output_padding))
    return canvas[tuple(crop)] + b


@each_floor
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "output_padding", "channels"), GRID)
def test_value(size, kernel, stride, padding, output_padding, channels, use_bias, fast, device, normal, rng):
    layer = Conv2DTranspose(3, kernel, stride=stride, padding=padding, output_padding=output_padding, use_bias=use_bias)
    net = network(layer, (*size, channels), rng, device, normal, fast=fast)
    layer = net.layers[0]
    x = normal(*size, 2, channels)
    y, _ = net.forward(x, train=True)
    b = to_host(layer.b) if use_bias else np.zeros(3)
    expected = by_painting(to_host(x), to_host(layer.w), b, stride, padding, output_padding)
    assert net.output_shape == (*expected.shape[:2], 3)
    np.testing.assert_allclose(to_host(y), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "output_padding", "channels"), GRID)
def test_gradients(size, kernel, stride, padding, output_padding, channels, use_bias):
    layer = Conv2DTranspose(2, kernel, stride=stride, padding=padding, output_padding=output_padding, use_bias=use_bias)
    for check in check_layer(layer, (*size, channels), batch=2):  # as it is computed, in a form
        assert check.ok, check


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "output_padding", "channels"), GRID)
def test_is_the_input_gradient_of_a_convolution(
    size, kernel, stride, padding, output_padding, channels, device, normal, rng
):
    """Forward and its tangent are; so dx is that convolution, and dw its weight gradient with the roles exchanged."""
    layer = Conv2DTranspose(3, kernel, stride=stride, padding=padding, output_padding=output_padding)
    net = network(layer, (*size, channels), rng, device, normal)
    layer, x, x_dot = net.layers[0], normal(*size, 2, channels), normal(*size, 2, channels)
    g = conv_geometry(net.output_shape[:2], layer.kernel_size, stride, padding)
    assert g.out_size == size
    y, caches = net.forward(x, train=True)
    dy = normal(*y.shape)
    pairs = [
        (y, conv2d_input_grad(x, layer.w, g) + layer.b),
        (net.jvp(x_dot, caches), conv2d_input_grad(x_dot, layer.w, g)),
        (net.backward(dy, caches), conv2d(dy, layer.w, g)),
        (layer.dw.copy(), conv2d_weight_grad(dy, x, g)),
        (layer.db.copy(), dy.sum(axis=(0, 1, 2))),
    ]
    net.dtheta[...] = 3  # to which it is added
    net.add_tangent_grads(x_dot, dy, caches)
    pairs += [(layer.dw, 3 + conv2d_weight_grad(dy, x_dot, g)), (layer.db, 3 + 0 * layer.db)]
    for got, expected in pairs:
        np.testing.assert_allclose(to_host(got), to_host(expected), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "out"),  # Keras, padding "same": OH = H s
    [(7, 4, 2, 14), (7, 5, 2, 14), (7, 3, 1, 7), (4, 3, 3, 12), (4, 2, 4, 16), (1, 4, 7, 7), (14, 5, 2, 28)],
)
def test_same_sizes(n, kernel, stride, out, rng):
    net = Network([Conv2DTranspose(1, kernel, stride=stride)], (n, n + 1, 1), rng=rng)
    assert net.output_shape == (out, out + stride, 1)


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "padding", "output_padding", "out"),  # PyTorch: (H - 1) s - 2 p + KH + output_padding
    [
        (1, 4, 1, 0, 0, 4),
        (1, 7, 1, 0, 0, 7),
        (1, 3, 1, 1, 0, 1),
        (4, 4, 2, 1, 0, 8),
        (7, 4, 2, 1, 0, 14),
        (7, 5, 2, 2, 1, 14),
        (7, 5, 2, 2, 0, 13),
        (4, 3, 2, 1, 0, 7),
        (4, 3, 2, 1, 1, 8),
        (3, 3, 3, 0, 2, 11),
        (5, 3, 1, 2, 0, 3),
        (2, 1, 4, 0, 3, 8),
    ],
)
def test_integer_padding_sizes(n, kernel, stride, padding, output_padding, out, rng):
    layer = Conv2DTranspose(1, kernel, stride=stride, padding=padding, output_padding=output_padding)
    assert Network([layer], (n, n, 1), rng=rng).output_shape == (out, out, 1)


@pytest.mark.parametrize("use_bias", [True, False])
def test_parameters(use_bias, rng):
    net = Network([Conv2DTranspose(4, (3, 2), use_bias=use_bias)], (6, 5, 3), rng=rng)
    layer = net.layers[0]
    assert layer.params == (("w", "b") if use_bias else ("w",))
    assert layer.w.shape == layer.dw.shape == (3, 2, 4, 3)  # (KH, KW, F, C)
    assert net.theta.size == 3 * 2 * 3 * 4 + 4 * use_bias


@each_floor
@pytest.mark.parametrize("filters", [2, 6])
def test_non_contiguous_equals_contiguous(filters, fast, device, normal, rng):
    net = network(Conv2DTranspose(filters, 4, stride=2), (3, 4, 3), rng, device, normal, fast=fast)
    x, dy = normal(2, 3, 4, 3).transpose(1, 2, 0, 3), normal(2, 6, 8, filters).transpose(1, 2, 0, 3)
    xp = get_array_module(x)
    results = []
    for change in (lambda a: a, xp.ascontiguousarray):
        net.zero_grad()
        y, caches = net.forward(change(x), train=True)
        results.append([to_host(a).copy() for a in (y, net.backward(change(dy), caches), net.dtheta)])
    for strided, contiguous in zip(*results, strict=True):
        np.testing.assert_allclose(strided, contiguous, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "filters: expected an integer of at least 1"),
        ({"kernel_size": (3, 0)}, "kernel_size: expected an integer of at least 1"),
        ({"stride": 1.5}, "stride: expected an integer of at least 1"),
        ({"padding": -1}, "padding \\(or 'same'\\): expected an integer of at least 0"),
        ({"padding": 1, "output_padding": 2}, r"output_padding: expected an integer in \[0, stride=2\), got 2"),
        ({"padding": 1, "output_padding": -1}, r"output_padding: expected an integer of at least 0, got -1"),
        (
            {"output_padding": 1},
            "output_padding: expected 0 with 'same' padding, which fixes the size, got 1",
        ),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(InputError, match=f"^{message}"):
        Conv2DTranspose(**{"filters": 2, "kernel_size": 3, "stride": 2, **arguments})


@pytest.mark.parametrize("output_padding", [0.5, True])
def test_refuses_output_padding_that_is_no_integer(output_padding):
    with pytest.raises(InputError, match=r"^output_padding: expected an integer"):
        Conv2DTranspose(2, 3, stride=2, padding=1, output_padding=output_padding)


def test_the_stride_is_1_unless_told(rng):
    assert Network([Conv2DTranspose(2, 3)], (4, 5, 1), rng=rng).output_shape == (4, 5, 2)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        Conv2DTranspose(2, 3, 2)


def test_refuses_inputs(rng):
    with pytest.raises(InputError, match=r"^layer 0: Conv2DTranspose: expected an input of shape \(H, W, C\)"):
        Network([Conv2DTranspose(2, 3)], (5,), rng=rng)
    with pytest.raises(InputError, match=r"^layer 0: padding: expected .* of \(1, 1\) and a kernel of \(3, 3\), got 2"):
        Network([Conv2DTranspose(2, 3, padding=2)], (1, 1, 1), rng=rng)


def test_repr():
    assert repr(Conv2DTranspose(8, 4)) == "Conv2DTranspose(8, 4, stride=1, padding='same')"
    assert repr(Conv2DTranspose(8, 4, stride=2)) == "Conv2DTranspose(8, 4, stride=2, padding='same')"
    assert repr(Conv2DTranspose(8, 4, stride=2, padding=1, output_padding=1, use_bias=False)) == (
        "Conv2DTranspose(8, 4, stride=2, padding=1, use_bias=False, output_padding=1)"
    )
