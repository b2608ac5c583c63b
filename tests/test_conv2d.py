"""The convolution layer: values by a loop over pixels, sizes, gradients, and arguments."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_layer
from minigan.layers import Conv2D
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from minigan.network import Network

GRID = [
    pytest.param(*case, id="-".join(str(part).replace(" ", "") for part in case))
    for case in [
        ((6, 5), 3, 1, "same", 2),
        ((7, 6), 4, 2, "same", 3),
        ((8, 8), 4, 2, 1, 1),
        ((5, 5), (1, 4), 1, "same", 5),
        ((5, 7), (3, 2), 3, 0, 6),
        ((4, 4), 4, 1, 0, 2),
        ((2, 3), 5, 2, "same", 5),
        ((3, 2), 1, 1, 2, 4),
    ]
]


each_floor = pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])


def network(layer, shape, rng, device, normal, dtype="float64", fast=False):
    net = Network([layer], shape, rng=rng, dtype=dtype, device=device, fast=fast)
    net.theta[...] = normal(net.theta.size, dtype=dtype)
    return net


def conv_by_loop(x, w, b, stride, padding):
    kh, kw = w.shape[:2]
    pads = []
    for n, k in zip(x.shape[:2], (kh, kw), strict=True):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        pads.append((total // 2, total - total // 2) if padding == "same" else (padding, padding))
    padded = np.pad(x, (*pads, (0, 0), (0, 0)))
    rows, columns = (range(0, padded.shape[axis] - k + 1, stride) for axis, k in ((0, kh), (1, kw)))
    y = np.zeros((len(rows), len(columns), x.shape[2], w.shape[3]))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            for n in range(x.shape[2]):
                patch = padded[top : top + kh, left : left + kw, n]  # (KH, KW, C)
                for f in range(w.shape[3]):
                    y[i, j, n, f] = (patch * w[:, :, :, f]).sum() + b[f]
    return y


@each_floor
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "channels"), GRID)
def test_value(size, kernel, stride, padding, channels, use_bias, fast, device, normal, rng):
    layer = Conv2D(3, kernel, stride=stride, padding=padding, use_bias=use_bias)
    net = network(layer, (*size, channels), rng, device, normal, fast=fast)
    layer = net.layers[0]
    x = normal(*size, 2, channels)
    y, _ = net.forward(x, train=True)
    b = to_host(layer.b) if use_bias else np.zeros(3)
    expected = conv_by_loop(to_host(x), to_host(layer.w), b, stride, padding)
    assert net.output_shape == (*expected.shape[:2], 3)
    np.testing.assert_allclose(to_host(y), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "channels"), GRID)
def test_gradients(size, kernel, stride, padding, channels, use_bias):
    layer = Conv2D(2, kernel, stride=stride, padding=padding, use_bias=use_bias)
    for check in check_layer(layer, (*size, channels), batch=2):  # as it is computed, in a form
        assert check.ok, check


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "channels"), GRID)
def test_the_maps_of_the_plain_layer(size, kernel, stride, padding, channels, use_bias, device, normal, rng):
    """The tangent and the gradients, in terms of the three functions and of a sum."""
    layer = Conv2D(3, kernel, stride=stride, padding=padding, use_bias=use_bias)
    net = network(layer, (*size, channels), rng, device, normal)
    [layer], x, x_dot = net.layers, normal(*size, 2, channels), normal(*size, 2, channels)
    g = conv_geometry(size, layer.kernel_size, stride, padding)
    dy = normal(*g.out_size, 2, 3)
    _, caches = net.forward(x, train=True)
    pairs = [
        (net.backward(dy, caches), conv2d_input_grad(dy, layer.w, g)),
        (net.jvp(x_dot, caches), conv2d(x_dot, layer.w, g)),
        (layer.dw.copy(), conv2d_weight_grad(x, dy, g)),
    ]
    if use_bias:
        pairs.append((layer.db.copy(), dy.sum(axis=(0, 1, 2))))
    net.dtheta[...] = 3  # to which it is added
    net.add_tangent_grads(x_dot, dy, caches)
    pairs.append((layer.dw, 3 + conv2d_weight_grad(x_dot, dy, g)))
    for got, expected in pairs:
        np.testing.assert_allclose(to_host(got), to_host(expected), rtol=1e-11, atol=1e-12)
    assert not use_bias or (to_host(layer.db) == 3).all()


def test_the_kernel_is_not_flipped(device, rng):
    net = Network([Conv2D(1, 3)], (3, 3, 1), rng=rng, device=device)
    net.theta[...] = 0
    net.layers[0].w[0, 2, 0, 0] = 1  # tap above and to the right of the pixel
    xp = get_array_module(net.theta)
    y, _ = net.forward(xp.arange(9, dtype="float32").reshape(3, 3, 1, 1), train=False)
    np.testing.assert_allclose(to_host(y)[..., 0, 0], [[0, 0, 0], [1, 2, 0], [4, 5, 0]], atol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "out"),
    [
        (3, 1, "same", (28, 21)),
        (4, 2, "same", (14, 11)),
        (5, 3, "same", (10, 7)),
        (4, 2, 1, (14, 10)),
        (5, 2, 2, (14, 11)),
        (3, 1, 0, (26, 19)),
        ((28, 21), 1, 0, (1, 1)),
        ((1, 5), 1, 0, (28, 17)),
    ],
)
def test_output_sizes(kernel, stride, padding, out, rng):
    net = Network([Conv2D(4, kernel, stride=stride, padding=padding)], (28, 21, 1), rng=rng)
    assert net.output_shape == (*out, 4)


@pytest.mark.parametrize("use_bias", [True, False])
def test_parameters(use_bias, rng):
    net = Network([Conv2D(4, (3, 2), use_bias=use_bias)], (6, 5, 3), rng=rng)
    layer = net.layers[0]
    assert layer.params == (("w", "b") if use_bias else ("w",))
    assert layer.w.shape == layer.dw.shape == (3, 2, 3, 4)
    assert net.theta.size == 3 * 2 * 3 * 4 + 4 * use_bias
    assert np.abs(layer.w).min() > 0
    if use_bias:
        np.testing.assert_array_equal(layer.b, np.zeros(4))


@each_floor
@pytest.mark.parametrize("channels", [2, 6])
def test_non_contiguous_equals_contiguous(channels, fast, device, normal, rng):
    net = network(Conv2D(3, 3, stride=2), (6, 5, channels), rng, device, normal, fast=fast)
    x, dy = normal(2, 6, 5, channels).transpose(1, 2, 0, 3), normal(2, 3, 3, 3).transpose(1, 2, 0, 3)
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
        ({"filters": 0}, "filters: expected an integer of at least 1, got 0"),
        ({"filters": 2.0}, "filters: expected an integer of at least 1, got 2.0"),
        ({"kernel_size": 0}, "kernel_size: expected an integer of at least 1, got 0"),
        ({"kernel_size": (3, -1)}, "kernel_size: expected an integer of at least 1, got -1"),
        ({"kernel_size": (3,)}, r"kernel_size: expected an integer or a pair \(KH, KW\), got \(3,\)"),
        ({"kernel_size": (3, 3, 3)}, r"kernel_size: expected an integer or a pair"),
        ({"stride": 0}, "stride: expected an integer of at least 1, got 0"),
        ({"stride": (2, 2)}, r"stride: expected an integer of at least 1, got \(2, 2\)"),
        ({"padding": -1}, "padding \\(or 'same'\\): expected an integer of at least 0, got -1"),
        ({"padding": 1.0}, "padding \\(or 'same'\\): expected an integer of at least 0, got 1.0"),
        ({"padding": True}, "padding \\(or 'same'\\): expected an integer of at least 0, got True"),
        ({"padding": "valid"}, "padding \\(or 'same'\\): expected an integer of at least 0, got 'valid'"),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(InputError, match=f"^{message}"):
        Conv2D(**{"filters": 2, "kernel_size": 3, **arguments})


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        Conv2D(2, 3, 2)


def test_refuses_inputs(rng):
    with pytest.raises(InputError, match=r"^layer 0: Conv2D: expected an input of shape \(H, W, C\), got \(5,\)"):
        Network([Conv2D(2, 3)], (5,), rng=rng)
    with pytest.raises(InputError, match=r"^layer 0: kernel_size: .* fits into \(4, 4\) with padding 0, got \(5, 5\)"):
        Network([Conv2D(2, 5, padding=0)], (4, 4, 1), rng=rng)


def test_repr():
    assert repr(Conv2D(8, 3)) == "Conv2D(8, 3, stride=1, padding='same')"
    assert repr(Conv2D(8, (3, 2), stride=2, padding=1, use_bias=False)) == (
        "Conv2D(8, (3, 2), stride=2, padding=1, use_bias=False)"
    )
