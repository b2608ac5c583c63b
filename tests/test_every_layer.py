"""What every layer promises, asked of every layer in several configurations, and of networks made of them."""

import inspect

import numpy as np
import pytest
import strict_cupy

from minigan import layers as every
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_network, report
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    RandomShift,
    ReLU,
    Reshape,
    Sigmoid,
    Tanh,
)
from minigan.layers.cases import LAYER_CASES, LayerCase
from minigan.network import Network


def generator():
    return [
        Dense(12, use_bias=False),
        BatchNorm(),
        ReLU(),
        Reshape((2, 2, 3)),
        Conv2DTranspose(6, 4, stride=2, use_bias=False),
        BatchNorm(decay=0.5),
        LeakyReLU(negative_slope=0.2),
        Conv2DTranspose(1, 3, stride=1),
        Tanh(),
    ]


def discriminator():
    return [
        RandomShift(1),
        Conv2D(5, 4, stride=2),
        LeakyReLU(negative_slope=0.2),
        Dropout(rate=0.3),
        Conv2D(2, 3, stride=2),
        LeakyReLU(negative_slope=0.1),
        Flatten(),
        Dense(1),
    ]


def member():
    layers = [Conv2D(3, 3, stride=2, use_bias=False), BatchNorm(), LeakyReLU(negative_slope=0.2)]
    return [*layers, Dropout(rate=0.3), Flatten(), Dense(1)]


NETWORKS = [
    LayerCase("activations in a row", lambda: [Tanh(), LeakyReLU(negative_slope=0.2), Sigmoid()], (6,)),
    LayerCase("batch norm between dense", lambda: [Dense(6, use_bias=False), BatchNorm(), Tanh(), Dense(2)], (4,)),
    LayerCase("generator", generator, (5,)),
    LayerCase("discriminator", discriminator, (8, 6, 1)),
    LayerCase("three discriminators", lambda: [RandomShift(1), DiscriminatorEnsemble(3 * [member()])], (6, 5, 1)),
]
# the batch behind PackSamples is another than before it: `test_packing` asks it the same
CASES = [case for case in [*LAYER_CASES, *NETWORKS] if case.name != "packing"]


def layer_params(cases):
    return [pytest.param(case.make, case.input_shape, id=case.name) for case in cases]


each_layer = pytest.mark.parametrize(("make", "shape"), layer_params(CASES))
MODES = (True, False)  # train


def draws():
    return np.random.default_rng(11)


def network(make, shape, device="cpu", dtype="float64"):
    """A plain network whose weights, biases, gains and statistics are random, none of them 0 or 1.

    `test_fast_accelerate` holds the twins equal to it.
    """
    net, rng = Network(make(), shape, rng=draws(), dtype=dtype, device=device, fast=False), draws()
    xp = get_array_module(net.theta)
    net.theta += xp.asarray(0.1 * rng.standard_normal(net.theta.size).astype(dtype))
    net.stats += xp.asarray(0.3 * rng.random(net.stats.size).astype(dtype))
    return net


def sample(normal, shape, n=4, dtype="float64"):
    return normal(*shape[:-1], n, shape[-1], dtype=dtype)


def run(net, x, dy, x_dot, train):
    """Everything that a pass computes: y, dx, y_dot and dtheta."""
    y, caches = net.forward(x, train=train, rng=draws())
    net.zero_grad()
    dx = net.backward(dy, caches)
    return {"y": y, "dx": dx, "y_dot": net.jvp(x_dot, caches), "dtheta": net.dtheta.copy()}


def inputs(net, normal, dtype="float64", n=4):
    return [sample(normal, shape, n, dtype) for shape in (net.input_shape, net.output_shape, net.input_shape)]


def test_every_layer_is_here():
    exported = {
        thing
        for thing in vars(every).values()
        if inspect.isclass(thing) and issubclass(thing, Layer) and not inspect.isabstract(thing)
    }
    assert exported == {type(layer) for case in LAYER_CASES for layer in case.make()}


LINEAR_BY_PIECES = {
    *("Dense", "Constant", "Conv2D", "Conv2DTranspose", "SpectralNorm", "Rescaling", "Flatten", "Reshape"),
    *("LeakyReLU", "ReLU", "Dropout", "GaussianNoise", "RandomShift", "PackSamples"),
}


@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_which_layers_are_piecewise_linear(case):
    """A gradient penalty is refused for the others. What is said of an ensemble follows from its members."""
    [layer] = case.make()
    leaves = [each for each in layer.walk() if type(each).__name__ not in ("Sequential", "DiscriminatorEnsemble")]
    assert layer.piecewise_linear == all(type(leaf).__name__ in LINEAR_BY_PIECES for leaf in leaves)


@each_layer
def test_adjoint_and_finite_differences(make, shape):
    for train in MODES:
        checks = check_network(network(make, shape), train=train, batch=3)
        assert all(check.ok for check in checks), report(checks)
        assert checks[0].tolerance <= 1e-12
        assert max(check.tolerance for check in checks) <= 1e-6


def drops(net):
    """Whether there is dropout, whose masks are drawn on the device, by another generator on a GPU."""
    return any(isinstance(each, Dropout) and each.rate for layer in net.layers for each in layer.walk())


@each_layer
def test_every_device_computes_the_same(make, shape, device, normal):
    """What is checked above on the host holds elsewhere; only where masks differ it is checked there, too."""
    net = network(make, shape, device)
    arrays, host = inputs(net, normal), net.copy(device="cpu")
    for train in MODES:
        if train and drops(net):
            checks = check_network(net, batch=3)
            assert all(check.ok for check in checks), report(checks)
            continue
        expected = run(host, *map(to_host, arrays), train)
        for name, got in run(net, *arrays, train).items():
            assert get_array_module(got) is get_array_module(net.theta), name
            np.testing.assert_allclose(to_host(got), expected[name], rtol=1e-11, atol=1e-12, err_msg=name)


@each_layer
def test_both_maps_are_linear(make, shape, device, normal):
    net = network(make, shape, device)
    x, dy, x_dot = inputs(net, normal)
    _, dy_2, x_dot_2 = inputs(net, normal)
    for train in MODES:
        _, caches = net.forward(x, train=train, rng=draws())
        for apply, a, b in ((net.jvp, x_dot, x_dot_2), (net.backward, dy, dy_2)):
            together = to_host(apply(2 * a - b, caches))
            apart = to_host(2 * apply(a, caches) - apply(b, caches))
            np.testing.assert_allclose(together, apart, rtol=1e-11, atol=1e-12)


@each_layer
def test_shapes(make, shape, device, normal):
    net = network(make, shape, device)
    for train in MODES:
        for n in (2, 3, 7):
            x, dy, x_dot = inputs(net, normal, n=n)
            results = run(net, x, dy, x_dot, train)
            assert results["y"].shape == results["y_dot"].shape == dy.shape
            assert results["dx"].shape == x.shape


@each_layer
def test_dtype_is_kept_and_float32_agrees_with_float64(make, shape, device, normal):
    """The masks and shifts are the same, so only rounding differs."""
    nets = network(make, shape, device), network(make, shape, device, "float32")
    arrays = inputs(nets[0], normal, "float32")
    for train in MODES:
        wide, narrow = run(nets[0], *(a.astype("float64") for a in arrays), train), run(nets[1], *arrays, train)
        for name, exact in wide.items():
            assert (exact.dtype, narrow[name].dtype) == ("float64", "float32"), name
            scale = np.abs(to_host(exact)).max(initial=1e-3)
            np.testing.assert_allclose(
                to_host(narrow[name]), to_host(exact), rtol=1e-3, atol=1e-4 * scale, err_msg=name
            )
        for net, dtype in zip(nets, ("float64", "float32"), strict=True):
            h, generator = arrays[0].astype(dtype), draws()
            for layer in net.layers:  # no layer promotes and leaves it to the next one to come back
                for owner in layer.walk():
                    for name in owner.params + owner.stats:
                        assert getattr(owner, name).dtype == dtype
                h, cache = layer.forward(h, train=train, rng=generator)
                assert h.dtype == layer.input_grad(h, cache).dtype == dtype


@each_layer
def test_inputs_are_left_alone_and_a_pass_can_be_sent_back_twice(make, shape, device, normal):
    """Neither backward nor jvp spends the cache or the output."""
    net = network(make, shape, device)
    x, dy, x_dot = inputs(net, normal)
    arrays = x, dy, x_dot, net.theta, net.stats
    before = [to_host(a).copy() for a in arrays]
    for train in MODES:
        y, caches = net.forward(x, train=train, rng=draws())
        then = to_host(y).copy()
        passes = [(to_host(net.backward(dy, caches)).copy(), to_host(net.jvp(x_dot, caches)).copy()) for _ in range(2)]
        for first, second in zip(*passes, strict=True):
            np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(to_host(y), then)
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(to_host(now), then)


@each_layer
def test_halves_of_the_backward_pass_agree_with_the_whole(make, shape, device, normal):
    net = network(make, shape, device)
    x, dy, _ = inputs(net, normal)
    for train in MODES:
        _, caches = net.forward(x, train=train, rng=draws())
        net.zero_grad()
        dx, both = to_host(net.backward(dy, caches)).copy(), to_host(net.dtheta).copy()
        np.testing.assert_array_equal(to_host(net.backward(dy, caches, param_grads=False)), dx)
        np.testing.assert_array_equal(to_host(net.dtheta), both)
        net.zero_grad()
        net.add_param_grads(dy, caches)
        np.testing.assert_array_equal(to_host(net.dtheta), both)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        pytest.param(*case[1:], id=case.name)
        for case in CASES
        if all(layer.piecewise_linear for layer in case.make())  # the network refuses the others, see `test_network`
    ],
)
def test_gradients_of_a_tangent_add_up_in_theta(make, shape, device, normal):
    net = network(make, shape, device)
    x, dy, x_dot = inputs(net, normal)
    _, caches = net.forward(x, train=True, rng=draws())
    net.add_tangent_grads(x_dot, dy, caches)
    once = to_host(net.dtheta).copy()
    net.add_tangent_grads(x_dot, dy, caches)
    np.testing.assert_allclose(to_host(net.dtheta), 2 * once, rtol=1e-12, atol=1e-14)
    for _, name, _, gradient in net.parameters():
        assert name != "w" or to_host(gradient).any()


@each_layer
def test_non_contiguous_arrays(make, shape, device, normal):
    net = network(make, shape, device)
    arrays = inputs(net, normal)
    xp = get_array_module(arrays[0])
    strided = [xp.ascontiguousarray(a.T).T for a in arrays]
    assert not any(a.flags.c_contiguous for a in strided if min(a.shape[-2:]) > 1)
    for train in MODES:
        expected, got = run(net, *arrays, train), run(net, *strided, train)
        for name in expected:
            np.testing.assert_allclose(
                to_host(got[name]), to_host(expected[name]), rtol=1e-11, atol=1e-12, err_msg=name
            )


# MinibatchStd describes the batch in either mode
@pytest.mark.parametrize(("make", "shape"), layer_params(case for case in CASES if "minibatch std" not in case.name))
def test_in_eval_a_sample_does_not_depend_on_its_batch(make, shape, device, normal):
    net = network(make, shape, device)
    x, dy, x_dot = inputs(net, normal, n=5)
    whole = run(net, x, dy, x_dot, train=False)
    parts = [
        run(net, *(a[..., rows, :] for a in (x, dy, x_dot)), train=False)
        for rows in (slice(0, 1), slice(1, 3), slice(3, 5))
    ]
    for name in ("y", "dx", "y_dot"):
        together = np.concatenate([to_host(part[name]) for part in parts], axis=-2)
        np.testing.assert_allclose(together, to_host(whole[name]), rtol=1e-11, atol=1e-12, err_msg=name)
    total = sum(to_host(part["dtheta"]) for part in parts)
    np.testing.assert_allclose(total, to_host(whole["dtheta"]), rtol=1e-10, atol=1e-11)


@each_layer
def test_couples_samples(make, shape, device, normal):
    """In training another first sample changes what becomes of the others, exactly where a layer says so."""
    net = network(make, shape, device)
    x = sample(normal, shape)
    other = x.copy()
    other[..., :1, :] = sample(normal, shape, 1)
    y, y_other = (to_host(net.forward(a, train=True, rng=draws())[0])[..., 1:, :] for a in (x, other))
    couples = not np.allclose(y, y_other, rtol=1e-11, atol=1e-12)
    assert couples == any(layer.couples_samples for layer in net.layers)
    assert couples == net.couples_samples == net.copy(fast=True).couples_samples


@each_layer
def test_the_host_never_waits_for_the_device(make, shape, monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    net = network(make, shape, "cuda", "float32")
    x, dy, x_dot = (
        cupy.asarray(rng.standard_normal((*s[:-1], 4, s[-1]), dtype="float32"))
        for s in (net.input_shape, net.output_shape, net.input_shape)
    )
    with strict_cupy.count() as counts:
        for train in MODES:
            _, caches = net.forward(x, train=train, rng=draws())
            net.zero_grad()
            net.backward(dy, caches)
            net.add_param_grads(dy, caches)
            net.jvp(x_dot, caches)
            net.update_stats(caches)
    assert counts.synchronisations == 0


@each_layer
def test_only_update_stats_changes_the_statistics(make, shape, device, normal):
    net = network(make, shape, device)
    before = to_host(net.stats).copy()
    x, dy, x_dot = inputs(net, normal)
    _, caches = net.forward(x, train=True, rng=draws())
    run(net, x, dy, x_dot, train=True)
    np.testing.assert_array_equal(to_host(net.stats), before)
    net.update_stats(caches)
    assert (to_host(net.stats) != before).all()
