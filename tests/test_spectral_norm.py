"""Spectral normalisation: the power iteration against the SVD, gradients exact at any u, and PyTorch's."""

import numpy as np
import pytest
import strict_cupy

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_directional, check_elementwise, check_game, check_network
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DiscriminatorEnsemble,
    Flatten,
    LeakyReLU,
    MinibatchStd,
    PackSamples,
    SpectralNorm,
    glorot_uniform,
    with_spectral_norm,
)
from minigan.layers.discriminator.spectral_norm import SpectralNormCache, unit
from minigan.models import build_networks
from minigan.network import Network
from minigan.objectives import OBJECTIVES, NonSaturating
from minigan.objectives.penalties import R1, WGANGP
from minigan.optimizers import SGD
from minigan.training.simultaneous import simultaneous_step
from minigan.training.steps import Game, discriminator_step, generator_step

LAYERS = [
    pytest.param(lambda: Dense(5), (7,), id="dense"),
    pytest.param(lambda: Dense(6, use_bias=False), (3,), id="dense, wider"),
    pytest.param(lambda: Conv2D(4, 3), (6, 5, 3), id="conv"),
    pytest.param(lambda: Conv2D(3, 4, stride=2, padding=1, use_bias=False), (6, 8, 6), id="conv, stride 2"),
]
each_layer = pytest.mark.parametrize(("make", "shape"), LAYERS)
each_mode = pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])


def network(make, shape, device, normal, dtype="float64", fast=False):
    """A random weight and bias, and a random u of length 1, which the power iteration has not seen."""
    net = Network([SpectralNorm(make())], shape, rng=np.random.default_rng(0), dtype=dtype, device=device, fast=fast)
    net.theta[...] = normal(net.theta.size, dtype=dtype)
    u = normal(net.stats.size, dtype=dtype)
    net.stats[...] = u / float((u * u).sum()) ** 0.5
    return net


def converge(net, x, steps=2000):
    for _ in range(steps):
        net.update_stats(net.forward(x, train=True)[1])


def sample(normal, shape, n=4, dtype="float64"):
    return normal(*shape[:-1], n, shape[-1], dtype=dtype)


def inner(net):
    """The layer inside, whose weight is W."""
    return net.layers[0].children[0]


def matrix(net):
    w = to_host(inner(net).w)
    return w.reshape(-1, w.shape[-1])


def w_bar(net, cache):
    """W / sigma, as the pass that made ``cache`` saw it."""
    return matrix(net) / to_host(cache.sigma)


def plain(net, make, w):
    """The layer itself with the weight w, a host array, and the same bias."""
    alone = Network(
        [make()], net.input_shape, rng=np.random.default_rng(0), dtype="float64", device=net.device, fast=False
    )
    layer = alone.layers[0]
    layer.w[...] = to_device(w.reshape(layer.w.shape), net.device)
    if layer.use_bias:
        layer.b[...] = net.layers[0].b
    return alone


def power_step(w, u):
    """One round of algorithm 1 of the paper, element by element, W (K, F): the new u."""
    k, f = w.shape
    v = np.array([sum(w[i, j] * u[j] for j in range(f)) for i in range(k)])
    v /= sum(a * a for a in v) ** 0.5
    u = np.array([sum(w[i, j] * v[i] for i in range(k)) for j in range(f)])
    return u / sum(a * a for a in u) ** 0.5


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
@each_mode
@each_layer
def test_value(make, shape, train, fast, device, normal):
    """|W u| for u as it is stored; no step of the power iteration. The bias is not divided."""
    net = network(make, shape, device, normal, fast=fast)
    x = sample(normal, shape)
    y, caches = net.forward(x, train=train)
    cache = caches.layers[0]
    wu = [sum(a * b for a, b in zip(row, to_host(net.stats), strict=True)) for row in matrix(net)]
    sigma = sum(a * a for a in wu) ** 0.5
    np.testing.assert_allclose(to_host(cache.sigma), sigma, rtol=1e-12)
    np.testing.assert_allclose(to_host(cache.v), np.array(wu) / sigma, rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(to_host(cache.u), to_host(net.stats))
    expected, _ = plain(net, make, matrix(net) / sigma).forward(x, train=train)
    np.testing.assert_allclose(to_host(y), to_host(expected), rtol=1e-11, atol=1e-12)
    b = to_host(net.layers[0].b) if make().use_bias else 0
    np.testing.assert_allclose(to_host(cache.y), to_host(expected) - b, rtol=1e-11, atol=1e-12)
    assert cache.train is train


@each_mode
@each_layer
def test_gradients_through_w_bar(make, shape, train, device, normal):
    """dW from the gradient G of a layer whose weight is W / sigma: G / sigma - <G, W> / sigma^2 v u^T."""
    net = network(make, shape, device, normal)
    x, dy = sample(normal, shape), sample(normal, net.output_shape)
    _, caches = net.forward(x, train=train)
    dx, cache = net.backward(dy, caches), caches.layers[0]
    alone = plain(net, make, w_bar(net, cache))
    expected_dx = alone.backward(dy, alone.forward(x, train=train)[1])
    w, sigma = matrix(net), float(to_host(cache.sigma))
    g = to_host(alone.layers[0].dw).reshape(w.shape)
    dw = g / sigma - (g * w).sum() / sigma**2 * np.outer(w @ to_host(net.stats) / sigma, to_host(net.stats))
    np.testing.assert_allclose(to_host(dx), to_host(expected_dx), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(to_host(inner(net).dw).reshape(w.shape), dw, rtol=1e-9, atol=1e-11)
    if make().use_bias:
        np.testing.assert_allclose(to_host(net.layers[0].db), to_host(alone.layers[0].db), rtol=1e-12)
        assert not hasattr(inner(net), "b")


@each_layer
def test_sigma_becomes_the_largest_singular_value(make, shape, device, normal):
    net = network(make, shape, device, normal)
    x = sample(normal, shape)
    left, values, right = np.linalg.svd(matrix(net), full_matrices=False)
    assert to_host(net.forward(x, train=True)[1].layers[0].sigma) < 0.999 * values[0]
    converge(net, x)
    for train in (True, False):
        cache = net.forward(x, train=train)[1].layers[0]
        np.testing.assert_allclose(to_host(cache.sigma), values[0], rtol=1e-12)
        np.testing.assert_allclose(
            np.outer(to_host(cache.v), to_host(cache.u)), np.outer(left[:, 0], right[0]), atol=1e-9
        )
        np.testing.assert_allclose(np.linalg.svd(w_bar(net, cache))[1], values / values[0], rtol=1e-12)


def test_a_dense_layer_stretches_nothing(device, normal):
    net = network(lambda: Dense(5), (7,), device, normal)
    x = 10 * sample(normal, (7,), 100)
    converge(net, x)
    y = to_host(net.forward(x, train=True)[0])
    moved, by = np.linalg.norm(y[:-1] - y[1:], axis=1), np.linalg.norm(to_host(x[:-1] - x[1:]), axis=1)
    assert (moved <= by).all()
    assert (moved > by / 10).any()


@each_mode
@each_layer
def test_every_gradient_at_any_u(make, shape, train, device, normal):
    checks = check_network(network(make, shape, device, normal), train=train)
    assert len(checks) == (7 if make().use_bias else 5)
    for check in checks:
        assert check.ok, check
        assert check.tolerance <= 1e-6


class AsInThePaper(SpectralNorm):
    """Canary: the step of the power iteration inside the forward pass, its motion left out of the gradient."""

    def forward(self, x, *, train, rng=None):
        v, _ = unit(self.matrix @ self.u, self.eps)
        u, sigma = unit(v @ self.matrix, self.eps)
        y, inner = self.layer.forward(x, train=train, rng=rng)
        return y / sigma + self.b, SpectralNormCache(y / sigma, inner, u, v, sigma, train)


def test_a_gradient_that_leaves_out_the_motion_of_v_is_caught(rng):
    net = Network([AsInThePaper(Dense(5))], (7,), rng=rng, dtype="float64")
    wrong = {check.name.split("[")[0] for check in check_network(net) if not check.ok}
    assert wrong == {"network: dw"}


DISCRIMINATORS = {
    "dense": lambda: [Flatten(), Dense(6), LeakyReLU(negative_slope=0.2), Dense(1)],
    "conv": lambda: [Conv2D(4, 4, stride=2), LeakyReLU(negative_slope=0.2), Conv2D(3, 3), Flatten(), Dense(1)],
}


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_the_whole_game(kind, objective):
    """From a u that has seen no step: nothing has to converge first."""
    rng = np.random.default_rng(3)
    g, _ = build_networks("mlp", (8, 8, 1), rng=rng)
    d = Network(with_spectral_norm(DISCRIMINATORS[kind]()), (8, 8, 1), rng=rng)
    for check in check_game(g, d, objective):
        assert check.ok, check
        assert check.error <= 1e-6


@each_mode
@each_layer
def test_no_gradient_along_w(make, shape, train, device, normal):
    """w / sigma does not change when w grows."""
    net = network(make, shape, device, normal)
    _, caches = net.forward(sample(normal, shape), train=train)
    net.backward(sample(normal, net.output_shape), caches)
    w, dw = (to_host(a).ravel() for a in (inner(net).w, inner(net).dw))
    assert abs(w @ dw) < 1e-12 * np.linalg.norm(w) * np.linalg.norm(dw)


@each_mode
@each_layer
def test_parameter_gradient_of_the_tangents_image(make, shape, train, device, normal, rng):
    net = network(make, shape, device, normal)
    x, x_dot, layer = sample(normal, shape), sample(normal, shape), net.layers[0]
    dy = sample(normal, net.output_shape)
    _, caches = net.forward(x, train=train)
    net.dtheta[...] = 0
    layer.add_tangent_param_grads(dy, x_dot, caches.layers[0])
    w, dw = inner(net).w.copy(), inner(net).dw.copy()

    def slope(value):
        inner(net).w[...] = value
        return float((net.jvp(x_dot, net.forward(x, train=train)[1]) * dy).sum())

    for check in (check_directional("dw", slope, w, dw, rng=rng), check_elementwise("dw", slope, w, dw, rng=rng)):
        assert check.ok, check
    if make().use_bias:
        assert not to_host(layer.db).any()


@each_mode
def test_parameter_gradient_of_the_slope_of_a_network(train, device, normal, rng):
    """<dy, J x_dot> in all of theta, which is what a penalty takes."""
    layers = [Conv2D(3, 3, stride=2), LeakyReLU(negative_slope=0.2), Flatten(), Dense(4), Dense(1)]
    net = Network(with_spectral_norm(layers), (6, 5, 2), rng=rng, dtype="float64", device=device)
    x, x_dot, dy = sample(normal, (6, 5, 2)), sample(normal, (6, 5, 2)), sample(normal, (1,))
    net.add_tangent_grads(x_dot, dy, net.forward(x, train=train)[1])
    theta, dtheta = net.theta.copy(), net.dtheta.copy()

    def slope(value):
        net.theta[...] = value
        return float((net.jvp(x_dot, net.forward(x, train=train)[1]) * dy).sum())

    check = check_directional("dtheta", slope, theta, dtheta, rng=rng)
    assert check.ok, check


@each_mode
@each_layer
def test_halves_of_the_backward_pass_agree_with_the_whole(make, shape, train, device, normal):
    net = network(make, shape, device, normal)
    layer, dy = net.layers[0], sample(normal, net.output_shape)
    _, caches = net.forward(sample(normal, shape), train=train)
    dx, both = to_host(net.backward(dy, caches)), to_host(net.dtheta).copy()
    np.testing.assert_array_equal(to_host(layer.input_grad(dy, caches.layers[0])), dx)
    np.testing.assert_array_equal(to_host(net.dtheta), both)
    layer.add_param_grads(dy, caches.layers[0])
    np.testing.assert_allclose(to_host(net.dtheta), 2 * both, rtol=1e-12, atol=1e-13)


def test_only_update_stats_moves_u_and_only_after_training(device, normal):
    net = network(lambda: Dense(5), (7,), device, normal)
    before = to_host(net.stats).copy()
    for train in (True, False):
        y, caches = net.forward(sample(normal, (7,)), train=train)
        net.backward(y, caches)
        np.testing.assert_array_equal(to_host(net.stats), before)
    for _ in range(3):
        before = power_step(matrix(net), before)
        net.update_stats(net.forward(sample(normal, (7,)), train=True)[1])
        np.testing.assert_allclose(to_host(net.stats), before, rtol=1e-11)
        net.update_stats(caches)  # of a pass in eval
        np.testing.assert_allclose(to_host(net.stats), before, rtol=1e-11)


def test_all_passes_of_one_update_make_one_step(device, normal):
    net = network(lambda: Dense(5), (7,), device, normal)
    passes = [net.forward(sample(normal, (7,)), train=True)[1] for _ in range(3)]
    net.theta += 0.1
    expected = power_step(matrix(net), to_host(net.stats))
    for caches in passes:
        net.update_stats(caches)
        np.testing.assert_allclose(to_host(net.stats), expected, rtol=1e-11)


def small_game(layers, device, **penalty):
    """G is a Dense layer; D is these layers, in which there is one spectral norm."""
    g, d = (
        Network(stack, (5,), rng=np.random.default_rng(3), dtype="float64", device=device)
        for stack in ([Dense(5)], layers)
    )
    [normed] = [layer for each in d.layers for layer in each.walk() if isinstance(layer, SpectralNorm)]
    return Game(g, d, SGD(g, learning_rate=0.1), SGD(d, learning_rate=0.1), NonSaturating(), **penalty), normed


def assert_one_step(normed, before):
    """One step from ``before``, and not two, where W is the weight after the update."""
    w = to_host(normed.layer.w)
    once = power_step(w, before)
    np.testing.assert_allclose(to_host(normed.u), once, rtol=1e-10)
    assert abs(once - power_step(w, once)).max() > 1e-4


HEAD = [SpectralNorm(Dense(3)), LeakyReLU(negative_slope=0.2), Dense(1)]


@pytest.mark.parametrize(("layers", "penalty"), [
    pytest.param(HEAD, None, id="in one pass"),
    pytest.param(HEAD, R1(), id="in one pass, penalty"),
    pytest.param([MinibatchStd(group_size=2), *HEAD], None, id="minibatch std"),
    pytest.param([*HEAD[:1], BatchNorm(), *HEAD[1:]], None, id="batch norm"),
    pytest.param([PackSamples(2), *HEAD], WGANGP(), id="packing, penalty"),
    pytest.param([DiscriminatorEnsemble([[PackSamples(2), *HEAD]])], None, id="packing in an ensemble"),
])  # fmt: skip
def test_an_update_of_the_discriminator_makes_one_step(layers, penalty, device, normal):
    game, normed = small_game(layers, device, discriminator_penalty=penalty)
    x_fake, caches = game.generator.forward(normal(4, 5), train=True)
    for _ in range(2):
        before = to_host(normed.u).copy()
        discriminator_step(game, normal(4, 5), x_fake, rng=np.random.default_rng(0))
        assert_one_step(normed, before)
    before = to_host(normed.u).copy()
    generator_step(game, x_fake, caches)
    np.testing.assert_array_equal(to_host(normed.u), before)


def test_so_does_a_simultaneous_update(device, normal):
    game, normed = small_game(HEAD, device)
    for _ in range(2):
        before = to_host(normed.u).copy()
        simultaneous_step(game, normal(4, 5), *game.generator.forward(normal(4, 5), train=True))
        assert_one_step(normed, before)


@each_mode
def test_passes_alive_at_once_and_an_update_between(train, device, normal):
    """Real and fake have one u between them, and a moved u leaves both passes alone."""
    net = network(lambda: Dense(5), (7,), device, normal)
    xs, dy = [sample(normal, (7,)) for _ in range(2)], sample(normal, (5,))

    def gradients(caches):
        net.zero_grad()
        dx = to_host(net.backward(dy, caches)).copy()
        return dx, to_host(net.dtheta).copy(), to_host(net.jvp(xs[0], caches))

    alone = [gradients(net.forward(x, train=train)[1]) for x in xs]
    together = [net.forward(x, train=train)[1] for x in xs]
    np.testing.assert_array_equal(*(to_host(caches.layers[0].sigma) for caches in together))
    net.update_stats(net.forward(xs[0], train=True)[1])
    for caches, expected in zip(together, alone, strict=True):
        for now, then in zip(gradients(caches), expected, strict=True):
            np.testing.assert_array_equal(now, then)


@each_layer
def test_dtype_is_kept(make, shape, device, normal):
    for dtype in ("float32", "float64"):
        net = network(make, shape, device, normal, dtype)
        x, dy = sample(normal, shape, dtype=dtype), sample(normal, net.output_shape, dtype=dtype)
        for train in (True, False):
            y, caches = net.forward(x, train=train)
            cache = caches.layers[0]
            net.update_stats(caches)
            net.add_tangent_grads(x, dy, caches)
            results = (y, net.backward(dy, caches), net.jvp(x, caches), cache.y, cache.u, cache.v, cache.sigma)
            assert [str(a.dtype) for a in results] == [dtype] * len(results)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_mode
@each_layer
def test_a_weight_of_zero_stays_finite(make, shape, train, dtype, device, normal):
    net = network(make, shape, device, normal, dtype)
    layer = net.layers[0]
    inner(net).w[...] = 0
    before = to_host(net.stats).copy()
    y, caches = net.forward(sample(normal, shape, dtype=dtype), train=train)
    net.backward(sample(normal, net.output_shape, dtype=dtype), caches)
    np.testing.assert_array_equal(to_host(y), np.broadcast_to(to_host(layer.b) if make().use_bias else 0, y.shape))
    assert np.isfinite(to_host(net.dtheta)).all()
    net.update_stats(caches)
    np.testing.assert_array_equal(to_host(net.stats), before)  # a u of 0 would stay 0 for good


@each_layer
def test_starts_with_the_layers_own_weight_and_a_unit_vector(make, shape, device):
    nets = [
        Network([layer], shape, rng=np.random.default_rng(3), dtype="float64", device=device)
        for layer in (SpectralNorm(make()), make())
    ]
    np.testing.assert_array_equal(*(to_host(net.theta) for net in nets))  # w, then b
    normed = nets[0].layers[0]
    nets[0].theta[...] = 5
    normed.initialize(np.random.default_rng(3))
    np.testing.assert_array_equal(*(to_host(net.theta) for net in nets))
    assert nets[0].stats.shape == nets[0].output_shape[-1:]
    np.testing.assert_allclose(np.linalg.norm(to_host(nets[0].stats)), 1, rtol=1e-12)
    rng = np.random.default_rng(3)
    glorot_uniform(rng, inner(nets[0]).w.shape, 1, 1)
    u = rng.standard_normal(nets[0].stats.shape)
    for _ in range(10):
        u = power_step(matrix(nets[0]), u)
    np.testing.assert_allclose(to_host(nets[0].stats), u, rtol=1e-10)
    stretched = np.linalg.norm(matrix(nets[0]) @ u)  # ten steps from a random vector
    assert 0.95 < stretched / np.linalg.norm(matrix(nets[0]), 2) <= 1 + 1e-12


def test_sigma_keeps_up_with_a_weight_that_moves(device, normal):
    """Singular values 2, 1, 1, 1, 1 whose vectors turn by 3 degrees a step: one step of the power iteration follows."""
    net = network(lambda: Dense(5), (7,), device, normal)
    x = sample(normal, (7,))
    left, right = (np.linalg.qr(to_host(normal(n, n)))[0] for n in (7, 5))
    turn = np.eye(5)
    turn[:2, :2] = [[np.cos(np.pi / 60), -np.sin(np.pi / 60)], [np.sin(np.pi / 60), np.cos(np.pi / 60)]]
    found = []
    for _ in range(80):
        right = right @ turn
        inner(net).w[...] = to_device(left[:, :5] * np.array([2.0, 1, 1, 1, 1]) @ right.T, device)
        net.update_stats(net.forward(x, train=True)[1])
        found.append(float(to_host(net.forward(x, train=True)[1].layers[0].sigma)))
    assert 1.999 < min(found[20:]) <= max(found) <= 2 + 1e-12


def test_one_layer_in_two_networks_of_different_sizes(device, normal):
    layer = SpectralNorm(Conv2D(2, 3))
    shapes = [(6, 5, 2), (4, 3, 1)]
    nets = [Network([layer], shape, rng=np.random.default_rng(0), dtype="float64", device=device) for shape in shapes]
    for net, shape in zip(nets, shapes, strict=True):
        y, caches = net.forward(sample(normal, shape), train=True)
        assert y.shape[:2] == net.backward(y, caches).shape[:2] == shape[:2]


def test_a_copy_is_independent_and_equal(device, normal):
    net = network(lambda: Conv2D(2, 3), (4, 3, 2), device, normal)
    x, twin = sample(normal, (4, 3, 2)), net.copy()
    expected = to_host(net.forward(x, train=True)[0])
    np.testing.assert_array_equal(to_host(twin.forward(x, train=True)[0]), expected)
    twin.theta += 1
    twin.update_stats(twin.forward(x, train=True)[1])
    np.testing.assert_array_equal(to_host(net.forward(x, train=True)[0]), expected)


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
@each_mode
def test_the_host_never_waits_for_the_device(train, fast, monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    layers = with_spectral_norm([Conv2D(4, 3), Flatten(), Dense(5)])
    net = Network(layers, (6, 5, 2), rng=rng, device="cuda", fast=fast)
    x, dy = (cupy.asarray(rng.standard_normal(s, dtype="float32")) for s in ((6, 5, 4, 2), (4, 5)))
    if fast:
        net.forward(x, train=train)  # the matrices of a Fourier form go there once
    with strict_cupy.count() as counts:
        _, caches = net.forward(x, train=train)
        net.backward(dy, caches)
        net.add_tangent_grads(x, dy, caches)
        net.update_stats(caches)
    assert counts.synchronisations == counts.uploads == 0


def test_with_spectral_norm():
    layers = [Conv2D(2, 3), LeakyReLU(negative_slope=0.2), Conv2DTranspose(2, 3), BatchNorm(), Flatten(), Dense(1)]
    wrapped = with_spectral_norm(layers)
    assert [i for i, layer in enumerate(wrapped) if isinstance(layer, SpectralNorm)] == [0, 5]
    assert wrapped[1:5] == layers[1:5]
    assert [repr(wrapped[i].layer) for i in (0, 5)] == [
        "Conv2D(2, 3, stride=1, padding='same', use_bias=False)",
        "Dense(1, use_bias=False)",
    ]
    assert layers[0].use_bias  # the layers that came in are left alone
    assert layers[5].params == ("w", "b")


@pytest.mark.parametrize("layer", [BatchNorm(), Conv2DTranspose(2, 3), SpectralNorm(Dense(1)), Dense, None])
def test_refuses_layer(layer):
    with pytest.raises(InputError, match=r"^layer: expected a Dense or a Conv2D, got "):
        SpectralNorm(layer)


@pytest.mark.parametrize("eps", [0, -1e-5, 0.8, None, float("nan")])
def test_refuses_eps(eps):
    with pytest.raises(InputError, match=r"^eps: expected a small number in \(0, 0.01\)"):
        SpectralNorm(Dense(1), eps=eps)


def test_refuses_the_input_that_its_layer_refuses(rng):
    with pytest.raises(InputError, match=r"^layer 0: Dense: expected an input of shape \(C,\)"):
        Network([SpectralNorm(Dense(1))], (4, 4, 1), rng=rng)


def test_repr():
    assert repr(SpectralNorm(Dense(3))) == "SpectralNorm(Dense(3, use_bias=False))"
    assert repr(SpectralNorm(Dense(3, use_bias=False))) == "SpectralNorm(Dense(3, use_bias=False), no bias)"


def to_out_in(a):
    """w (KH, KW, C, F) or (C, F) -> (F, C, KH, KW) or (F, C), PyTorch's order."""
    return np.ascontiguousarray(a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T)


def torch_module(net):
    """The layer alone, in PyTorch, with the same parameters."""
    import torch

    layer = inner(net)
    if isinstance(layer, Dense):
        module = torch.nn.Linear(*layer.w.shape, dtype=torch.float64)
    else:
        kh, _, c, f = layer.w.shape
        module = torch.nn.Conv2d(c, f, kh, layer.stride, padding=1, dtype=torch.float64)
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(to_out_in(layer.w)))
        module.bias.copy_(torch.from_numpy(net.layers[0].b))
    return module


def to_nchw(a):
    return np.ascontiguousarray(a.transpose(2, 3, 0, 1) if a.ndim == 4 else a)


PARITY = [
    pytest.param(lambda: Dense(5), (7,), id="dense"),
    pytest.param(lambda: Conv2D(4, 3), (6, 5, 3), id="conv"),
    pytest.param(lambda: Conv2D(3, 4, stride=2), (6, 8, 2), id="conv, stride 2"),
]


@pytest.mark.parity
@each_mode
@pytest.mark.parametrize(("make", "shape"), PARITY)
def test_pytorch_from_equal_u_and_v(make, shape, train, rng):
    torch = pytest.importorskip("torch")
    from torch.nn.utils.parametrizations import spectral_norm

    def normal(*shape, dtype="float64"):
        return rng.standard_normal(shape).astype(dtype)

    net = network(make, shape, "cpu", normal)
    x, dy = sample(normal, shape), sample(normal, net.output_shape)
    y, caches = net.forward(x, train=train)
    dx, cache, layer = net.backward(dy, caches), caches.layers[0], inner(net)
    module = spectral_norm(torch_module(net))
    norm = module.parametrizations.weight[0]
    v = to_out_in(cache.v.reshape(*layer.w.shape[:-1], 1)).ravel()  # (C KH KW)
    norm._u.copy_(torch.from_numpy(cache.u))
    norm._v.copy_(torch.from_numpy(v))
    module.eval()  # PyTorch's own step would come first in train
    x_torch = torch.from_numpy(to_nchw(x)).requires_grad_()
    y_torch = module(x_torch)
    y_torch.backward(torch.from_numpy(to_nchw(dy)))
    pairs = {
        "y": (to_nchw(y), y_torch),
        "dx": (to_nchw(dx), x_torch.grad),
        "dw": (to_out_in(layer.dw), module.parametrizations.weight.original.grad),
        "db": (net.layers[0].db, module.bias.grad),
    }
    for name, (ours, theirs) in pairs.items():
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-11, err_msg=name)


@pytest.mark.parity
@pytest.mark.parametrize(("make", "shape"), PARITY)
def test_ten_updates_like_pytorch(make, shape, rng):
    """u moves as in the older of its two functions, which starts from u, as the paper does, inside its forward pass.

    There sigma is |W^T v| with the v that led to u; here |W u|, half a step further, and so at least as large.
    """
    torch = pytest.importorskip("torch")

    def normal(*shape, dtype="float64"):
        return rng.standard_normal(shape).astype(dtype)

    net = network(make, shape, "cpu", normal)
    layer = inner(net)
    module = torch.nn.utils.spectral_norm(torch_module(net))
    module.weight_u.copy_(torch.from_numpy(net.stats))
    for _ in range(10):
        layer.w += normal(*layer.w.shape) / 10
        with torch.no_grad():
            module.weight_orig.copy_(torch.from_numpy(to_out_in(layer.w)))
        x = sample(normal, shape)
        net.update_stats(net.forward(x, train=True)[1])
        module(torch.from_numpy(to_nchw(x)))
        np.testing.assert_allclose(net.stats, module.weight_u.numpy(), rtol=1e-10, atol=1e-12)
        theirs = (module.weight_orig.norm() / module.weight.norm()).item()
        sigma = float(net.forward(x, train=True)[1].layers[0].sigma)
        assert theirs <= sigma * (1 + 1e-12) <= np.linalg.norm(matrix(net), 2) * (1 + 1e-11)
