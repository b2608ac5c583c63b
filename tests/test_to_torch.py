"""Parity with PyTorch: every layer, whole networks, and a training run from equal weights and noise."""

import numpy as np
import pytest

from minigan import layers as L
from minigan.commands.bench import torch_loops
from minigan.errors import InputError
from minigan.exchange.to_torch import to_nchw, to_torch
from minigan.layers.cases import LAYER_CASES
from minigan.layers.dropout import bernoulli, keep_probability
from minigan.models import MODELS, build_networks
from minigan.network import Network
from minigan.objectives import NonSaturating
from minigan.optimizers import SGD, Adam
from minigan.training import Game, alternating_step, discriminator_step, generator_step, simultaneous_step

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.parity

LAYERS = [
    (L.Dense(5), (4,)),
    (L.Dense(3, use_bias=False), (7,)),
    *[
        (L.Conv2D(4, k, stride=s, padding=p), (7, 6, 3))
        for k in (1, 3, 4, 5)
        for s in (1, 2, 3)
        for p in (0, 1, "same")
    ],
    *[
        (L.Conv2DTranspose(4, k, stride=s, padding=p), (4, 5, 3))
        for k in (2, 3, 4, 5)
        for s in (1, 2, 3)
        for p in (0, 1, "same")
    ],
    (L.Conv2DTranspose(2, 5, stride=2, padding=2, output_padding=1), (4, 5, 3)),
    (L.Conv2D(3, (2, 5), stride=2), (7, 6, 1)),
    (L.BatchNorm(), (6,)),
    (L.BatchNorm(eps=1e-3), (3, 4, 5)),
    (L.LeakyReLU(negative_slope=0.2), (5,)),
    (L.ReLU(), (5,)),
    (L.Tanh(), (5,)),
    (L.Sigmoid(), (5,)),
    (L.Flatten(), (3, 4, 2)),
    (L.Reshape((3, 4, 2)), (24,)),
]


def to_ours(t):
    """torch (N, C, H, W) or (N, C) -> numpy (H, W, N, C) or (N, C)."""
    a = t.detach().numpy()
    return a.transpose(2, 3, 0, 1) if a.ndim == 4 else a


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(("layer", "input_shape"), LAYERS, ids=lambda v: repr(v) if isinstance(v, L.Layer) else "")
def test_layer(layer, input_shape, train, rng):
    net = Network([layer], input_shape, rng=rng, dtype="float64")
    net.theta[...] = rng.standard_normal(net.theta.size)
    twin = to_torch(net).train(train)
    x = rng.standard_normal((*input_shape[:-1], 4, input_shape[-1]))
    x_t = to_nchw(x).requires_grad_()
    y, caches = net.forward(x, train=train)
    y_t = twin(x_t)
    np.testing.assert_allclose(y, to_ours(y_t), rtol=1e-10, atol=1e-12)
    dy = rng.standard_normal(y.shape)
    y_t.backward(to_nchw(dy))
    np.testing.assert_allclose(net.backward(dy, caches), to_ours(x_t.grad), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(net.dtheta, flat_gradient(net, twin), rtol=1e-9, atol=1e-11)


def flat_gradient(net, twin, *, weights=False):
    """The twin's gradients, or its weights, in the order and layout of net.dtheta."""
    order = {"Linear": (1, 0), "Conv2d": (2, 3, 1, 0), "ConvTranspose2d": (2, 3, 1, 0)}
    parts = []
    for module in twin:
        for _, parameter in module.named_parameters(recurse=False):
            g = (parameter.detach() if weights else parameter.grad).numpy()
            parts.append(g.transpose(order[type(module).__name__]).ravel() if g.ndim > 1 else g)
    return np.concatenate(parts) if parts else np.zeros(0)


@pytest.mark.parametrize("model", MODELS)
def test_models_in_eval_mode(model, rng):
    """Outputs in float32 differ by at most 1e-5, and by 1e-5 of the largest one if that is above 1."""
    for net in build_networks(model, MODELS[model].example_shape(), rng=rng):
        x = rng.standard_normal((*net.input_shape[:-1], 8, net.input_shape[-1]), dtype=np.float32)
        y, _ = net.forward(x, train=False)
        np.testing.assert_allclose(
            to_ours(to_torch(net).eval()(to_nchw(x))), y, rtol=0, atol=1e-5 * max(1, abs(y).max())
        )


def test_native_padding_has_the_same_shapes(rng):
    for network in build_networks("dcgan", (28, 28, 1), rng=rng):
        twin = to_torch(network, native_padding=True)
        assert len(twin) < len(to_torch(network))
        x = rng.standard_normal((*network.input_shape[:-1], 4, network.input_shape[-1]), dtype=np.float32)
        y, _ = network.forward(x, train=False)
        assert to_ours(twin.eval()(to_nchw(x))).shape == y.shape


class Unknown(L.Layer):
    def forward(self, x, *, train, rng=None):
        return x, None

    def input_grad(self, dy, cache):
        return dy

    def jvp(self, x_dot, cache):
        return x_dot


def test_an_unknown_layer_has_no_twin(rng):
    net = Network([L.Dense(2), Unknown()], (3,), rng=rng)
    with pytest.raises(InputError, match=r"network: expected layers that PyTorch has, got Unknown\(\)"):
        to_torch(net)


@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("n", [8, 2])
def test_every_layer_in_eval_mode(case, n, rng):
    net = shaken(Network(case.make(), case.input_shape, rng=rng, dtype="float64"), rng)
    x = rng.standard_normal((*net.input_shape[:-1], n, net.input_shape[-1]))
    y, _ = net.forward(x, train=False)
    np.testing.assert_allclose(y, to_ours(to_torch(net).eval()(to_nchw(x))), rtol=1e-12, atol=1e-12)


def shaken(net, rng):
    """The network with other numbers in all its arrays, so that none is 0 or 1; variances stay above 0."""
    net.theta[...] = rng.standard_normal(net.theta.size)
    net.stats[...] = rng.uniform(0.5, 2, net.stats.size)
    return net


class SameDropout(torch.nn.Module):
    """Dropout with the masks that our Dropout draws from an equal generator."""

    def __init__(self, rate, rng):
        super().__init__()
        self.p, self.rng = keep_probability(rate), rng

    def forward(self, x):
        n, c, h, w = x.shape
        mask = bernoulli(self.rng, self.p, (h, w, n, c), like=np.empty(0))
        return x * to_nchw(mask) / self.p


def test_twenty_steps_of_dcgan():
    """Losses of both players over 20 steps from equal weights, data, noise and dropout masks, in float64."""
    steps, batch = 20, 4
    g, d = build_networks("dcgan", (28, 28, 1), rng=np.random.default_rng(0), dtype="float64")
    g_t, d_t = to_torch(g), to_torch(d)
    masks_t = np.random.default_rng(1)
    for i, module in enumerate(d_t):
        if isinstance(module, torch.nn.Dropout):
            d_t[i] = SameDropout(module.p, masks_t)

    rates = {"learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999}
    adam_g, adam_d = Adam(g, **rates), Adam(d, **rates)
    adam_gt, adam_dt = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g_t, d_t))
    bce = torch.nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(batch, 1, dtype=torch.float64), torch.zeros(batch, 1, dtype=torch.float64)

    game = Game(g, d, adam_g, adam_d, NonSaturating())
    masks, draws = np.random.default_rng(1), np.random.default_rng(2)
    ours, theirs = [], []
    for _ in range(steps):
        x_real = np.tanh(draws.standard_normal((28, 28, batch, 1)))
        z = draws.standard_normal((batch, 100))

        x_fake, caches = g.forward(z, train=True)
        d_loss, *_ = discriminator_step(game, x_real, x_fake, rng=masks)
        g_loss = generator_step(game, x_fake, caches, rng=masks)
        ours.append((float(d_loss), float(g_loss)))

        fake_t = g_t(torch.tensor(z))
        adam_dt.zero_grad()
        real, fake = d_t(torch.cat((to_nchw(x_real), fake_t.detach()))).split(batch)
        loss = bce(real, ones) + bce(fake, zeros)
        loss.backward()
        adam_dt.step()
        adam_gt.zero_grad()
        loss_g = bce(d_t(fake_t), ones)
        loss_g.backward()
        adam_gt.step()
        theirs.append((loss.item(), loss_g.item()))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("loop", ["plain", "frozen", "simultaneous"])
@pytest.mark.parametrize("model", ["mlp", "hybrid"])
def test_gradients_of_the_loops_in_the_bench(model, loop, rng):
    """Both players' gradients of one step, in float64: of ours and of PyTorch's, from equal weights and inputs."""
    g, d = build_networks(model, (28, 28, 1), rng=rng, dtype="float64")
    x_real, z = np.tanh(rng.standard_normal((28, 28, 6, 1))), rng.standard_normal((6, *g.input_shape))
    x_fake, caches = g.forward(z, train=True)
    d.layers[-1].w *= 600
    d.layers[-1].b -= 41 + d.forward(x_fake, train=True)[0].mean()  # on either side of where u is kept from sinking
    twins = to_torch(g), to_torch(d)
    step = simultaneous_step if loop == "simultaneous" else alternating_step
    sgd = [SGD(net, learning_rate=1e-3) for net in (g, d)]
    *losses, _, logits = step(Game(g, d, *sgd, NonSaturating()), x_real, x_fake, caches)
    assert logits.min() < -42 < -41 < logits.max()
    sgd_t = [torch.optim.SGD(net.parameters(), lr=1e-3) for net in twins]
    inputs = to_nchw(x_real), torch.tensor(z)
    if loop == "simultaneous":
        losses_t = torch_loops.simultaneous_step(*twins, *sgd_t, *inputs)
    else:
        losses_t = torch_loops.plain_step(*twins, *sgd_t, *inputs, freeze=loop == "frozen")
    np.testing.assert_allclose(losses, [loss.item() for loss in losses_t], rtol=1e-9)
    for net, twin in zip((g, d), twins, strict=True):
        if loop == "plain" and net is d:
            continue  # the plain loop adds to D's gradient in G's step, and leaves it there
        np.testing.assert_allclose(net.dtheta, flat_gradient(net, twin), rtol=1e-9, atol=1e-10 * abs(net.dtheta).max())
        moved = flat_gradient(net, twin, weights=True)
        np.testing.assert_allclose(net.theta, moved, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kernel_size", "stride"), [(4, 1), (4, 2), (5, 1), (3, 2)])
def test_native_padding_keeps_the_size(kernel_size, stride, rng):
    """PyTorch's own padding is taken only where it gives images of the same size."""
    net = Network([L.Conv2D(3, kernel_size, stride=stride)], (8, 8, 1), rng=rng, dtype="float64")
    x = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    assert to_torch(net, native_padding=True)(x).shape == (2, 3, 8 // stride, 8 // stride)
