"""The step of an autoencoder: gradients through both networks, against finite differences and against PyTorch."""

import numpy as np
import pytest

import minigan
from minigan import InputError, TrainConfig
from minigan.backend import get_array_module, to_device, to_host
from minigan.datasets import Dataset
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import BatchNorm, Conv2D, Conv2DTranspose, Dense, Flatten, LeakyReLU, ReLU, Reshape, Tanh
from minigan.models import build_networks
from minigan.network import Network
from minigan.optimizers import SGD
from minigan.training.autoencoder import AutoencoderTrainer, Bound, add_bound_grads, elbo_step

LATENT = 3
SQUARES = np.kron(np.eye(10, 16, dtype=np.uint8).reshape(10, 4, 4), np.full((2, 2), 200, np.uint8))  # in ten places
DIGITS = Dataset(
    "numbers", SQUARES[np.arange(40) % 10] + np.random.default_rng(1).integers(0, 50, (40, 8, 8), np.uint8)
)


class Autoencoder:
    """Small networks with every kind of layer that the model has, and a batch for them."""

    def __init__(self, device, dtype="float64"):
        rng = np.random.default_rng(5)
        g = [Dense(6, use_bias=False), BatchNorm(), ReLU(), Dense(2 * 2 * 3), Reshape((2, 2, 3)), BatchNorm(), ReLU()]
        g += [Conv2DTranspose(1, 4, stride=2), Tanh()]
        e = [Conv2D(2, 4, stride=2), LeakyReLU(negative_slope=0.2), Flatten(), Dense(2 * LATENT)]
        self.g = Network(g, (LATENT,), rng=rng, dtype=dtype, device=device)
        self.e = Network(e, (4, 4, 1), rng=rng, dtype=dtype, device=device)
        for net in (self.g, self.e):  # zero biases would mask a wrong gradient
            net.theta += to_device((0.3 * rng.standard_normal(net.theta.size)).astype(dtype), device)
        self.x = to_device(np.tanh(rng.standard_normal((4, 4, 5, 1))).astype(dtype), device)
        self.noise = to_device(rng.standard_normal((5, LATENT)).astype(dtype), device)

    def grads(self):
        for net in (self.g, self.e):
            net.zero_grad()
        return add_bound_grads(self.g, self.e, self.x, self.noise)

    def elbo(self):
        outputs, _ = self.e.forward(self.x, train=True)
        mu, lv = outputs[:, :LATENT], outputs[:, LATENT:]
        xp = get_array_module(mu)
        x_hat, _ = self.g.forward(mu + xp.exp(lv / 2) * self.noise, train=True)
        variance = ((x_hat - self.x) ** 2).mean() + (2 / 255) ** 2 / 12
        fit = -16 / 2 * (xp.log(2 * np.pi * variance) + 1)
        return float(to_host(fit - (-1 / 2 * (1 + lv - mu**2 - xp.exp(lv))).sum(axis=1).mean()))


@pytest.mark.parametrize("player", ["g", "e"])
def test_gradients_through_both_networks(player, device, rng):
    """With the noise fixed, -ELBO has the gradient that is computed, in all weights of both networks."""
    model = Autoencoder(device)
    bound, *_ = model.grads()
    assert float(to_host(bound.elbo)) == pytest.approx(model.elbo(), rel=1e-12)
    net = getattr(model, player)

    def loss(theta):
        saved = net.theta.copy()
        net.theta[...] = theta
        value = -model.elbo()
        net.theta[...] = saved
        return value

    for check in (
        check_directional(player, loss, net.theta.copy(), net.dtheta.copy(), rng=rng),
        check_elementwise(player, loss, net.theta.copy(), net.dtheta.copy(), rng=rng, elements=60),
    ):
        assert check.error <= 1e-6, check


def test_a_draw_whose_gradient_is_forgotten_is_found(rng, monkeypatch):
    """Canary: without the way through the variance, the encoder's gradient is wrong."""
    from minigan.training import autoencoder

    model = Autoencoder("cpu")
    monkeypatch.setattr(
        autoencoder, "latent_grad", lambda dz, outputs, noise: np.concatenate((dz, np.zeros_like(dz)), axis=1)
    )
    model.grads()

    def loss(theta):
        saved = model.e.theta.copy()
        model.e.theta[...] = theta
        value = -model.elbo()
        model.e.theta[...] = saved
        return value

    assert not check_directional("e", loss, model.e.theta.copy(), model.e.dtheta.copy(), rng=rng).ok


@pytest.mark.parity
def test_the_gradients_are_those_of_pytorch():
    """The networks of the model itself, on 8 x 8 images, in float64."""
    torch = pytest.importorskip("torch")
    from test_to_torch import flat_gradient

    from minigan.exchange.to_torch import to_nchw, to_torch

    rng = np.random.default_rng(3)
    g, e = build_networks("vae", (8, 8, 1), rng=rng, latent_dim=4, dtype="float64")
    for net in (g, e):
        net.theta += 0.05 * rng.standard_normal(net.theta.size)
    x, noise = rng.uniform(-1, 1, (8, 8, 6, 1)), rng.standard_normal((6, 4))
    bound, *_ = add_bound_grads(g, e, x, noise)

    decoder, encoder = (to_torch(net).train() for net in (g, e))
    images = to_nchw(x)
    outputs = encoder(images)
    mu, lv = outputs[:, :4], outputs[:, 4:]
    x_hat = decoder(mu + torch.exp(lv / 2) * torch.from_numpy(noise))
    sigma = (torch.mean((x_hat - images) ** 2) + (2 / 255) ** 2 / 12).sqrt()
    fit = torch.distributions.Normal(x_hat, sigma).log_prob(images).sum() / 6
    fit = fit - 64 * (2 / 255) ** 2 / 12 / (2 * sigma**2)  # of the levels to which pixels were rounded
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    kl = torch.distributions.kl_divergence(torch.distributions.Normal(mu, torch.exp(lv / 2)), prior).sum() / 6
    assert float(bound.reconstruction) == pytest.approx(fit.item(), rel=1e-10)
    assert float(bound.kl) == pytest.approx(kl.item(), rel=1e-10)
    (kl - fit).backward()
    for ours, theirs in ((g, decoder), (e, encoder)):
        np.testing.assert_allclose(ours.dtheta, flat_gradient(ours, theirs), rtol=1e-8, atol=1e-10)


def test_a_step_moves_both_networks_down_minus_elbo(device):
    model = Autoencoder(device)
    before = model.elbo()
    networks = (model.g, model.e, *(SGD(net, learning_rate=1e-4) for net in (model.g, model.e)))
    stats = to_host(model.g.stats).copy()
    seen = elbo_step(networks, model.x, model.noise)
    assert isinstance(seen, Bound)
    assert float(to_host(seen.elbo)) == pytest.approx(before, rel=1e-9)  # of before the step
    assert float(to_host(seen.reconstruction - seen.kl)) == pytest.approx(before, rel=1e-9)
    assert before < model.elbo() < before + 1
    assert (to_host(model.g.stats) != stats).any()


def test_a_second_step_does_not_add_to_the_first(device):
    model = Autoencoder(device)
    networks = (model.g, model.e, *(SGD(net, learning_rate=1e-200) for net in (model.g, model.e)))
    grads = []
    for _ in range(2):
        elbo_step(networks, model.x, model.noise)
        grads.append([to_host(net.dtheta).copy() for net in (model.g, model.e)])
    for one, two in zip(*grads, strict=True):
        np.testing.assert_array_equal(one, two)


def test_float32_stays_float32(device):
    model = Autoencoder(device, dtype="float32")
    bound, *_ = model.grads()
    assert {str(a.dtype) for a in (*bound, model.g.dtheta, model.e.dtheta)} == {"float32"}


def trainer(**options):
    config = TrainConfig(**{"model": "vae", "batch_size": 8, "latent_dim": 4, **options})
    return AutoencoderTrainer(config.resolve(dataset="numbers", device="cpu"), DIGITS)


def test_a_step_of_the_trainer():
    t = trainer()
    thetas = [net.theta.copy() for net in (t.generator, t.discriminator)]
    seen = t.step()
    assert isinstance(seen, Bound)
    for before, net in zip(thetas, (t.generator, t.discriminator), strict=True):
        assert (before != net.theta).mean() > 0.5
    assert trainer().step() == seen  # the same seed, the same step
    np.testing.assert_array_equal(t.average.network.theta, t.generator.theta)  # the model averages nothing


def test_the_bound_rises():
    t = trainer(learning_rate=2e-3)
    bounds = [float(t.step().elbo) for _ in range(150)]
    assert np.mean(bounds[-10:]) > np.mean(bounds[:10]) + 5


def test_the_plain_floor_takes_the_same_steps():
    fast, plain = ([list(map(float, t.step())) for _ in range(3)] for t in (trainer(), trainer(plain=True)))
    np.testing.assert_allclose(fast, plain, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "hinge"}, "objective: expected None for 'vae', which only climbs the ELBO, got 'hinge'"),
        ({"update": "simultaneous"}, "update: expected 'alternating' for model 'vae', which has no discriminator"),
        ({"discriminator_steps": 2}, "discriminator_steps: expected 1 for model 'vae'"),
        ({"discriminators": 3}, "discriminators: expected 1 for model 'vae'"),
        ({"combine": "max"}, "combine: expected 'mean' for model 'vae'"),
        ({"conditional": "clusters"}, "conditional: expected 'none' for model 'vae'"),
        ({"conditional": "ac-gan"}, "conditional: expected 'none' for model 'vae'"),
        ({"clusters": 5}, "clusters: expected None for model 'vae'"),
        ({"recluster": 1}, "recluster: expected None for model 'vae'"),
        ({"code_weight": 1.0}, "code_weight: expected None for model 'vae'"),
        ({"augment_shift": 1}, "augment_shift: expected 0 for model 'vae'"),
        ({"packing": 2}, "packing: expected 1 for model 'vae'"),
        ({"spectral_norm": True}, "spectral_norm: expected False for model 'vae'"),
        ({"minibatch_std": True}, "minibatch_std: expected False for model 'vae'"),
        ({"penalty": "r1"}, "penalty: expected 'none' for model 'vae'"),
        ({"clip_weights": 0.1}, "clip_weights: expected None for model 'vae'"),
        ({"instance_noise": 0.1}, "instance_noise: expected 0.0 for model 'vae'"),
        ({"real_label": 0.9}, "real_label: expected 1.0 for model 'vae'"),
        ({"fake_label": 0.1}, "fake_label: expected 0.0 for model 'vae'"),
        ({"label_noise": 0.1}, "label_noise: expected 0.0 for model 'vae'"),
        ({"label_flip": 0.1}, "label_flip: expected 0.0 for model 'vae'"),
        ({"as_published": True}, "as_published: expected False for model 'vae'"),
        ({"stop_when": "d_loss<1"}, "stop_when: expected one of elbo, reconstruction, kl, sigma, .* got 'd_loss'"),
    ],
)
def test_what_only_a_game_has_is_refused_by_name(options, message):
    with pytest.raises(InputError, match=f"^{message}") as error:
        TrainConfig(model="vae", **options)
    assert "\n" not in str(error.value)


def test_a_game_has_no_bound():
    with pytest.raises(InputError, match=r"stop_when: expected one of d_loss, .* for model 'mlp', got 'elbo'"):
        TrainConfig(model="mlp", stop_when="elbo>100")
    with pytest.raises(InputError, match=r"objective: expected one of .*, got 'elbo'"):
        TrainConfig(model="mlp", objective="elbo")


def test_points_are_refused():
    with pytest.raises(InputError, match="data: expected images for model 'vae', got points"):
        minigan.train(model="vae", data="ring", steps=1, quiet=True, device="cpu")
