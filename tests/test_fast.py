"""Every form of the convolution is the twin of the direct one, and the sizes alone choose between them."""

import numpy as np
import pytest

from minigan import TrainConfig
from minigan.backend import to_device, to_host
from minigan.datasets import load_dataset
from minigan.fast import fourier
from minigan.fast.cost import BATCH, BILINEAR, DIRECT, STACKED, choose, costs
from minigan.fast.threads import WRITE_COST
from minigan.layers import Conv2D, Conv2DTranspose
from minigan.layers.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad, conv_geometry
from minigan.models import IMAGE_MODELS, build_networks
from minigan.network import Network
from minigan.training.trainer import Trainer

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
FORMS = pytest.mark.parametrize("form", [DIRECT, STACKED, BILINEAR], ids=lambda form: form.name)


def operands(case, channels, filters, normal, dtype="float64"):
    g = conv_geometry(*case)
    x, w = normal(*g.in_size, 2, channels, dtype=dtype), normal(*g.kernel_size, channels, filters, dtype=dtype)
    return g, x, w, normal(*g.out_size, 2, filters, dtype=dtype)


@FORMS
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (1, 6), (3, 1), (4, 5), (9, 2)])
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_twins(size, kernel, stride, padding, channels, filters, dtype, tolerance, form, device, normal):
    g, x, w, dy = operands((size, kernel, stride, padding), channels, filters, normal, dtype)
    xf, wf, dyf = form.image(x, g), form.kernel(w, g), form.gradient(dy, g)
    for got, expected in [
        (form.conv2d(xf, wf, g), conv2d(x, w, g)),
        (form.input_grad(dyf, wf, g), conv2d_input_grad(dy, w, g)),
        (form.weight_grad(xf, dyf, g), conv2d_weight_grad(x, dy, g)),
    ]:
        assert got.dtype == expected.dtype == dtype
        assert got.shape == expected.shape
        scale = float(abs(to_host(expected)).max()) or 1.0
        np.testing.assert_allclose(to_host(got), to_host(expected), rtol=tolerance, atol=tolerance * scale)


@FORMS
def test_inputs_are_left_alone(form, device, normal):
    g, *arrays = operands(((5, 5), (3, 3), 2, 1), 3, 2, normal)
    before = [to_host(a).copy() for a in arrays]
    x, w, dy = arrays
    xf, wf, dyf = form.image(x, g), form.kernel(w, g), form.gradient(dy, g)
    prepared = [to_host(a).copy() for a in (xf, wf, dyf)]
    form.conv2d(xf, wf, g), form.input_grad(dyf, wf, g), form.weight_grad(xf, dyf, g)
    for now, then in zip([*arrays, xf, wf, dyf], [*before, *prepared], strict=True):
        np.testing.assert_array_equal(to_host(now), then)


@FORMS
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kind", [Conv2D, Conv2DTranspose])
def test_a_layer_is_the_same_in_every_form(kind, stride, form, device, normal, rng):
    """Forward, both gradients and the tangent of a layer in this form and in the direct one."""
    net = Network([kind(5, 4, stride=stride)], (6, 5, 3), rng=rng, dtype="float64", device=device)
    x = normal(6, 5, 2, 3)
    x_dot, dy = normal(*x.shape), normal(*net.forward(x, train=True)[0].shape)
    results = []
    for chosen in (DIRECT, form):
        net.layers[0].form = chosen.transposed() if kind is Conv2DTranspose else chosen
        net.zero_grad()
        y, caches = net.forward(x, train=True)
        dx = net.backward(dy, caches)
        results.append([to_host(a).copy() for a in (y, dx, net.dtheta, net.jvp(x_dot, caches))])
    for got, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_multiplications_are_counted_without_the_matrices(size, kernel, stride, padding):
    g = conv_geometry(size, kernel, stride, padding)
    p = fourier.plan(g)
    a, k, bt = fourier.matrices(p)
    r, channels, filters = len(k), 3 * stride**2, 5
    expected = r * channels * filters + k.size * channels * filters / 8
    for transform, size, depth in ((a, p.pixels, channels), (bt, p.outputs, filters)):
        real = 2 - len(transform.rows) % 2  # frequencies of the first axis that give real numbers; half of the others
        pairs = (len(transform.rows) - real) // 2
        expected += depth * (transform.rows.size * size[1] + real * transform.own.size + pairs * transform.pairs.size)
    assert fourier.multiplications(g, 3, 5, 8) == pytest.approx(expected)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_one_axis_after_the_other(size, kernel, stride, padding, normal, device):
    """The two transforms give what their definition says, in the order of the rows, and so do their transposes."""
    p = fourier.plan(conv_geometry(size, kernel, stride, padding))
    mix = 2 / np.prod(p.length) * np.array([[1, -1], [-1, -1]])
    for number, shape, own, pairs in ((0, p.pixels, 1, np.eye(2)), (2, p.outputs, 1 / np.prod(p.length), mix)):
        t = fourier.Transform(*(to_device(m, device) for m in fourier.matrices(p)[number]))
        whole = by_definition(p.length, shape, own, pairs)
        x = normal(*shape, 7)
        z = fourier._transform(t, x)
        np.testing.assert_allclose(to_host(z), whole @ to_host(x).reshape(-1, 7), rtol=1e-12, atol=1e-12)
        expected = whole.T @ to_host(z)
        back = fourier._transform_back(t, z, shape)
        np.testing.assert_allclose(to_host(back).reshape(-1, 7), expected, rtol=1e-12, atol=1e-11)


def by_definition(length, size, own, mix):
    """Row by row: for each f of the first axis own rows, first and second ones of the pairs; third rows at the end."""
    frequencies = sorted(range(length[0]), key=lambda f: 2 * f % length[0] != 0)
    rows, thirds, seen = [], [], set()
    for f in frequencies:
        single, first, second = [], [], []
        for f_2 in sorted(range(length[1]), key=lambda f_2: f == -f % length[0] and f_2 != -f_2 % length[1]):
            conjugate = -f % length[0], -f_2 % length[1]
            e = [
                np.exp(-2j * np.pi * (f * i / length[0] + f_2 * j / length[1]))
                for i in range(size[0])
                for j in range(size[1])
            ]
            if conjugate == (f, f_2):
                single.append(own * np.real(e))
            elif conjugate not in seen:
                first.append(mix[0, 0] * np.real(e) + mix[0, 1] * np.imag(e))
                second.append(mix[1, 0] * np.real(e) + mix[1, 1] * np.imag(e))
            seen.add((f, f_2))
        rows += single + first + second
        thirds += [p + q for p, q in zip(first, second, strict=True)]
    return np.array(rows + thirds)


@pytest.mark.parametrize("at_once", [0, 1 << 10])
def test_a_gpu_transforms_at_once_or_not(at_once, device, normal, monkeypatch):
    monkeypatch.setattr(fourier, "AT_ONCE", at_once)
    fourier._matrices_on.cache_clear()
    g, x, w, dy = operands(((6, 5), (3, 3), 2, "same"), 3, 4, normal)
    xf, wf, dyf = fourier.image(x, g), fourier.kernel(w, g), fourier.gradient(dy, g)
    for got, expected in [
        (fourier.conv2d(xf, wf, g), conv2d(x, w, g)),
        (fourier.input_grad(dyf, wf, g), conv2d_input_grad(dy, w, g)),
    ]:
        np.testing.assert_allclose(to_host(got), to_host(expected), rtol=1e-12, atol=1e-12)
    fourier._matrices_on.cache_clear()


def test_known_ranks():
    """Seven by seven pixels: 121 products for a kernel of 5 on a circle of 9, 94 for one of 3 on a circle of 8."""
    for kernel, length, rank in ((5, 9, 121), (3, 8, 94)):
        g = conv_geometry((7, 7), (kernel, kernel), 1, "same")
        assert fourier.plan(g).length == (length, length)
        assert len(fourier.matrices(fourier.plan(g))[1]) == fourier.rank(g) == rank


def test_the_choice_is_the_form_of_least_cost():
    for size, kernel, stride in (((7, 7), 5, 1), ((14, 14), 4, 2), ((28, 28), 3, 1)):
        g = conv_geometry(size, (kernel, kernel), stride, "same")
        for channels in (1, 4, 16, 128):
            for filters in (1, 8, 256):
                cost = costs(g, channels, filters)
                assert choose(g, channels, filters).name == min(cost, key=cost.get)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "channels", "filters", "form"),
    [
        ((28, 28), 5, 2, 1, 64, STACKED),  # the measured times are at least 1.5 times apart
        ((14, 14), 4, 2, 4, 128, STACKED),
        ((28, 28), 4, 2, 8, 64, STACKED),
        ((14, 14), 5, 2, 64, 128, BILINEAR),
        ((7, 7), 5, 1, 128, 256, BILINEAR),
        ((7, 7), 5, 1, 16, 16, BILINEAR),
        ((28, 28), 5, 1, 64, 64, BILINEAR),
        ((28, 28), 2, 2, 128, 16, DIRECT),
        ((32, 32), 3, 2, 256, 64, DIRECT),
    ],
)
def test_the_choice_where_it_matters(size, kernel, stride, channels, filters, form):
    assert choose(conv_geometry(size, (kernel, kernel), stride, "same"), channels, filters) is form


def test_costs_by_hand():
    """3 x 3 pixels, kernel 3: 49 pairs of tap and pixel meet; a circle of 4 has 4 own frequencies and 6 pairs."""
    g = conv_geometry((3, 3), (3, 3), 1, "same")
    expected = {
        "direct": 3 * 49 * 10 + WRITE_COST * 3 * 49 * 7,
        "stacked taps": 3 * 81 * 10 + WRITE_COST * 4 * 81 * 2,
        "bilinear": 3 * (22 * 10 + (36 + 24 + 48) * (2 + 5) + 22 * 9 * 10 / BATCH)
        + WRITE_COST * 22 * (2 * 7 + 6 * 10 / BATCH),
    }
    assert costs(g, 2, 5) == pytest.approx(expected)


def in_the_direct_form(*networks):
    """Let every convolution be direct, and every layer compute by itself."""
    for net in networks:
        for layer in net.layers:
            if hasattr(layer, "form"):
                layer.form = DIRECT.transposed() if isinstance(layer, Conv2DTranspose) else DIRECT
        net.computed = net.layers


@pytest.mark.parametrize("model", IMAGE_MODELS)
@pytest.mark.parametrize(("dtype", "n", "tolerance"), [("float64", 3, 1e-10), ("float32", 8, 1e-5)])
def test_whole_step_in_the_direct_form(model, dtype, n, tolerance):
    """The gradients of both networks, in the forms chosen and in the direct one.

    Of five z it holds for three at least: with some an activation lies within rounding of 0, and takes the other slope.
    """
    errors = []
    for seed in range(5):
        gradients = []
        for direct in (False, True):
            g, d = build_networks(model, (28, 28, 1), rng=np.random.default_rng(0), dtype=dtype)
            if direct:
                in_the_direct_form(g, d)
            z = np.random.default_rng(seed).standard_normal((n, g.input_shape[0])).astype(dtype)
            x, caches_g = g.forward(z, train=True)
            logits, caches_d = d.forward(x, train=True, rng=np.random.default_rng(2))
            g.add_param_grads(d.backward(np.ones_like(logits) / n, caches_d), caches_g)
            gradients.append((g.dtheta, d.dtheta))
        errors.append(max(np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(*gradients, strict=True)))
    assert np.median(errors) <= tolerance


def losses(model, *, direct):
    """Both losses of 20 training steps in float32.

    Adam's eps is 1e-3, because with 1e-8 a gradient of mere rounding moves its weight as far as any other does.
    """
    config = TrainConfig(model=model, batch_size=8).resolve(dataset="mnist-5k", device="cpu")
    trainer = Trainer(config, load_dataset("mnist-5k"))
    if direct:
        in_the_direct_form(trainer.generator, trainer.discriminator)
    for clipped in (trainer.generator_optimizer, trainer.discriminator_optimizer):
        clipped.optimizer.eps = 1e-3
    return np.array([[float(loss) for loss in trainer.step()[:2]] for _ in range(20)])


# first weights changed by 1e-7 move these curves by 2e-7, 7e-7, 8e-4 and 6e-3: kinks and small batches amplify rounding
@pytest.mark.parametrize(("model", "rtol"), [("hybrid", 1e-5), ("mlp", 1e-5), ("dcgan", 1e-2), ("infogan", 5e-2)])
def test_the_same_losses_in_the_direct_form(model, rtol):
    expected = losses(model, direct=True)
    assert abs(expected[-1] / expected[0] - 1).max() > 2 * rtol  # they have moved by more
    np.testing.assert_allclose(losses(model, direct=False), expected, rtol=rtol)
