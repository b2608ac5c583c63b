"""Every form of the convolution computes the plain one, in functions and in a layer."""

from itertools import product

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.fast.convolution import FORMS
from minigan.fast.cost import fastest
from minigan.layers import Conv2D, Conv2DTranspose
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from minigan.network import Network

CASES = [
    pytest.param(*case, id="-".join(str(part).replace(" ", "") for part in case))
    for case in [
        ((6, 5), (3, 3), 1, "same"),
        ((8, 7), (4, 4), 2, 1),
        ((7, 7), (5, 5), 2, "same"),
        ((7, 7), (5, 5), 1, "same"),
        ((14, 14), (5, 5), 2, "same"),
        ((5, 6), (1, 1), 1, 0),
        ((5, 6), (1, 2), 3, 0),
        ((7, 4), (2, 5), 2, "same"),
        ((2, 2), (5, 5), 1, 2),
        ((2, 2), (1, 1), 1, 3),
        ((9, 9), (3, 3), 4, 3),
        ((1, 8), (3, 2), 3, 2),
    ]
]
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def operands(case, channels, filters, normal, dtype="float64"):
    g = conv_geometry(*case)
    x, w = normal(*g.in_size, 2, channels, dtype=dtype), normal(*g.kernel_size, channels, filters, dtype=dtype)
    return g, x, w, normal(*g.out_size, 2, filters, dtype=dtype)


DEPTHS = [(1, 1), (1, 6), (3, 1), (4, 5), (9, 2)]  # channels, filters
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


@EVERY_FORM
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_twins(size, kernel, stride, padding, form, device, normal):
    for (channels, filters), (dtype, tolerance) in product(DEPTHS, TOLERANCES.items()):
        g, x, w, dy = operands((size, kernel, stride, padding), channels, filters, normal, dtype)
        xf, wf, dyf = form.prepare_x(x, g), form.prepare_w(w, g), form.prepare_dy(dy, g)
        for what, got, expected in [
            ("y", form.conv2d(xf, wf, g), conv2d(x, w, g)),
            ("dx", form.input_grad(dyf, wf, g), conv2d_input_grad(dy, w, g)),
            ("dw", form.weight_grad(xf, dyf, g), conv2d_weight_grad(x, dy, g)),
        ]:
            assert got.dtype == expected.dtype == dtype
            assert got.shape == expected.shape
            scale = float(abs(to_host(expected)).max()) or 1.0
            np.testing.assert_allclose(
                to_host(got),
                to_host(expected),
                rtol=tolerance,
                atol=tolerance * scale,
                err_msg=f"{what}, {channels} channels, {filters} filters, {dtype}",
            )


@EVERY_FORM
def test_inputs_are_left_alone(form, device, normal):
    g, *arrays = operands(((5, 5), (3, 3), 2, 1), 3, 2, normal)
    before = [to_host(a).copy() for a in arrays]
    x, w, dy = arrays
    xf, wf, dyf = form.prepare_x(x, g), form.prepare_w(w, g), form.prepare_dy(dy, g)
    prepared = [to_host(a).copy() for a in (xf, wf, dyf)]
    form.conv2d(xf, wf, g), form.input_grad(dyf, wf, g), form.weight_grad(xf, dyf, g)
    for now, then in zip([*arrays, xf, wf, dyf], [*before, *prepared], strict=True):
        np.testing.assert_array_equal(to_host(now), then)


@EVERY_FORM
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kind", [Conv2D, Conv2DTranspose])
def test_a_layer_is_the_same_in_every_form(kind, stride, form, device, normal, rng):
    """Forward, both gradients and the tangent of a layer in this form and in the direct one."""
    net = Network([kind(5, 4, stride=stride)], (6, 5, 3), rng=rng, dtype="float64", device=device)
    x = normal(6, 5, 2, 3)
    x_dot, dy = normal(*x.shape), normal(*net.forward(x, train=True)[0].shape)
    results = []
    for each in (net.copy(fast=False), net):
        if each.fast:
            each.computed[0].form = form.transposed() if kind is Conv2DTranspose else form
        y, caches = each.forward(x, train=True)
        dx = each.backward(dy, caches)
        each.add_param_grads(dy, caches)
        each.add_tangent_grads(x_dot, dy, caches)
        arrays = (y, dx, each.dtheta, each.jvp(x_dot, caches), each.backward(dy, caches, param_grads=False))
        results.append([to_host(a).copy() for a in arrays])
    for got, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


def test_the_form_is_the_fastest(rng):
    net = Network(
        [Conv2D(64, 5, stride=2), Conv2D(128, 5, stride=2), Conv2DTranspose(1, 5, stride=2)], (28, 28, 1), rng=rng
    )
    assert [twin.how for twin in net.computed] == ["im2col", "Fourier", "im2col"]
    for twin in net.computed:
        assert twin.how == fastest(twin.layer.geometry, *twin.layer.w.shape[2:])
