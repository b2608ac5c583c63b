"""Penalties on D's slope: the hand-derived second derivative against finite differences, an oracle, and PyTorch."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    RandomShift,
    ReLU,
    Rescaling,
    Reshape,
    Sigmoid,
    Tanh,
)
from minigan.models import build_networks
from minigan.network import Network
from minigan.objectives import OBJECTIVES
from minigan.objectives.penalties import (
    PENALTIES,
    R1,
    WGANGP,
    OneSidedWGANGP,
    check_penalised,
    get_penalty,
    interpolate,
)
from minigan.optimizers import SGD

every_penalty = pytest.mark.parametrize("name", PENALTIES)


def slope():
    return LeakyReLU(negative_slope=0.2)


DISCRIMINATORS = {
    "dense": lambda: [Rescaling(offset=1), Flatten(), Dense(7), slope(), Dense(6), ReLU(), Dense(1)],
    "conv": lambda: [Conv2D(5, 4, stride=2), slope(), Conv2D(6, 3, padding=1), slope(), Flatten(), Dense(1)],
    "conv, bilinear": lambda: [Conv2D(12, 5, use_bias=False), slope(), Conv2D(9, 5), slope(), Flatten(), Dense(1)],
    "conv, transposed": lambda: [Conv2DTranspose(3, 4, stride=2), slope(), Flatten(), Dense(1, use_bias=False)],
    "random": lambda: [RandomShift(1), Flatten(), Dense(8), slope(), Dropout(rate=0.4), Dense(1)],
    "reshaped": lambda: [Flatten(), Dense(8), Reshape((2, 2, 2)), Conv2D(3, 2), slope(), Flatten(), Dense(1)],
}
every_discriminator = pytest.mark.parametrize("kind", DISCRIMINATORS)
SHAPE = (6, 6, 2)


def network(kind, device="cpu", dtype="float64"):
    rng = np.random.default_rng(2)
    d = Network(DISCRIMINATORS[kind](), SHAPE, rng=rng, dtype=dtype, device=device)
    d.theta += to_device(rng.standard_normal(d.theta.size).astype(dtype) / 5, device)  # biases too
    return d


def batches(normal, dtype="float64"):
    return [normal(6, 6, 5, 2, dtype=dtype) for _ in range(2)]


def draws():
    return np.random.default_rng(8)


def value(penalty, d, x_real, x_fake):
    """P by its formula from the slopes at the points, which the network's backward pass gives."""
    rng = draws()
    x = penalty.points(x_real, x_fake, rng)
    logits, caches = d.forward(x, train=True, rng=rng)
    g = to_host(d.backward(get_array_module(x).ones_like(logits), caches, param_grads=False))
    norm = np.sqrt((g**2).sum(axis=(0, 1, 3)))
    p = {
        "wgan-gp": lambda: (norm - 1) ** 2,
        "wgan-gp-one-sided": lambda: np.maximum(norm - 1, 0) ** 2,
    }.get(penalty.name, lambda: norm**2 / 2)()
    return float(penalty.weight * p.mean())


def gradient(penalty, d, x_real, x_fake):
    d.zero_grad()
    p = penalty.add_gradient(d, x_real, x_fake, rng=draws())
    return to_host(p), d.dtheta.copy()


@every_penalty
@every_discriminator
def test_gradient_against_finite_differences(kind, name, device, normal, rng):
    d, (x_real, x_fake) = network(kind, device), batches(normal)
    penalty = PENALTIES[name](weight=3.0)
    p, dtheta = gradient(penalty, d, x_real, x_fake)
    np.testing.assert_allclose(p, value(penalty, d, x_real, x_fake), rtol=1e-12)

    def f(theta):
        saved = d.theta.copy()
        d.theta[...] = theta
        result = value(penalty, d, x_real, x_fake)
        d.theta[...] = saved
        return result

    for check in (
        check_directional(name, f, d.theta.copy(), dtheta, rng=rng),
        check_elementwise(name, f, d.theta.copy(), dtheta, rng=rng),
    ):
        assert check.ok, check
        assert check.error <= 1e-6


@every_penalty
@every_discriminator
def test_gradient_against_an_oracle(kind, name, normal, device):
    """dP/dtheta = [grad s(x + e v) - grad s(x - e v)] / 2e, with v = dP/dg from the formulas in the docstrings."""
    d, (x_real, x_fake) = network(kind, device), batches(normal)
    penalty = PENALTIES[name](weight=2.0)
    _, dtheta = gradient(penalty, d, x_real, x_fake)
    rng = draws()
    x = penalty.points(x_real, x_fake, rng)
    state = rng.bit_generator.state

    def grad_theta(x):
        rng.bit_generator.state = state
        logits, caches = d.forward(x, train=True, rng=rng)
        d.zero_grad()
        g = d.backward(get_array_module(x).ones_like(logits), caches)
        return to_host(g), to_host(d.dtheta).copy()

    g, _ = grad_theta(x)
    norm = np.sqrt((g**2).sum(axis=(0, 1, 3), keepdims=True))
    excess = np.maximum(norm - 1, 0) if name == "wgan-gp-one-sided" else norm - 1
    v = to_device(2.0 / 5 * g * (2 * excess / norm if name.startswith("wgan") else 1), device)
    e = 1e-7
    oracle = (grad_theta(x + e * v)[1] - grad_theta(x - e * v)[1]) / (2 * e)
    # in biases and where a kink lies within e the two sides differ; at this seed none does
    np.testing.assert_allclose(to_host(dtheta), oracle, atol=1e-6 * max(1, abs(oracle).max()))


@every_penalty
@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_total_is_adversarial_plus_weight_times_penalty(kind, objective, name, device, normal):
    """The penalty is part of one step, not a second one; against finite differences, too."""
    d, (x_real, x_fake) = network(kind, device), batches(normal)

    def adversarial():
        (real, caches_real), (fake, caches_fake) = (d.forward(x, train=True) for x in (x_real, x_fake))
        loss, ds_real, ds_fake = objective.discriminator(real, fake)
        d.add_param_grads(ds_real, caches_real)
        d.add_param_grads(ds_fake, caches_fake)
        return float(to_host(loss))

    d.zero_grad()
    adversarial()
    alone = d.dtheta.copy()
    _, unit = gradient(PENALTIES[name](weight=1.0), d, x_real, x_fake)
    penalty = PENALTIES[name](weight=7.0)
    d.zero_grad()
    adversarial()
    penalty.add_gradient(d, x_real, x_fake, rng=draws())
    total = d.dtheta.copy()
    tolerance = {"rtol": 1e-12, "atol": 1e-12 * float(to_host(abs(total).max()))}
    np.testing.assert_allclose(to_host(total), to_host(alone + 7 * unit), **tolerance)

    def f(theta):
        saved = d.theta.copy()
        d.theta[...] = theta
        result = adversarial() + value(penalty, d, x_real, x_fake)
        d.theta[...] = saved
        return result

    check = check_directional(name, f, d.theta.copy(), total, rng=np.random.default_rng(1))
    assert check.error <= 1e-6, check


@every_penalty
def test_every_k_steps_k_times_as_much(name, device, normal):
    d, x = network("dense", device), batches(normal)
    (p, once), (p_lazy, lazy) = (gradient(PENALTIES[name](every=every), d, *x) for every in (1, 4))
    assert p == p_lazy
    np.testing.assert_allclose(to_host(lazy), 4 * to_host(once), rtol=1e-12)


@every_penalty
def test_a_tiny_step_lowers_the_penalty(name, device, normal):
    d, x = network("conv", device), batches(normal)
    penalty = PENALTIES[name](weight=1.0)
    before, dtheta = gradient(penalty, d, *x)
    SGD(d, learning_rate=1e-6).step()
    assert before - value(penalty, d, *x) == pytest.approx(1e-6 * float((to_host(dtheta) ** 2).sum()), rel=1e-2)


def test_no_slope_no_gradient(device, normal):
    """WGAN-GP divides by |g|: where g is 0 it is 0, as is the one-sided one wherever |g| < 1."""
    for dtype in ("float32", "float64"):
        d, x = network("dense", device, dtype), batches(normal, dtype)
        d.theta *= 0
        for penalty, p in ((WGANGP(), 10), (OneSidedWGANGP(), 0), (R1(), 0)):
            got, dtheta = gradient(penalty, d, *x)
            assert got == p
            assert not to_host(dtheta).any()


def test_float32_stays_float32(device, normal):
    d, x = network("conv", device, "float32"), batches(normal, "float32")
    for penalty in PENALTIES.values():
        p, dtheta = gradient(penalty(), d, *x)
        assert (p.dtype, dtheta.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_penalty
def test_every_logit_pays_for_its_own_slope(name, dtype, device, normal):
    """Of points, too: P and its gradient are the sums over the logits, each of a D that has no other."""
    rng = np.random.default_rng(4)
    layers = [Dense(6), slope()]
    whole = Network([*layers, Dense(3)], (2,), rng=rng, dtype=dtype, device=device)
    x_real, x_fake = normal(5, 2, dtype=dtype), normal(5, 2, dtype=dtype)
    p = get_penalty(name).add_gradient(whole, x_real, x_fake, rng=draws())
    hidden, last = whole.layers[0], whole.layers[2]
    expected_p, expected_dw = 0.0, 0.0
    for k in range(3):
        alone = Network([*layers, Dense(1)], (2,), rng=rng, dtype=dtype, device=device)
        for own, value_k in (
            (alone.layers[0].w, hidden.w),
            (alone.layers[0].b, hidden.b),
            (alone.layers[2].w, last.w[:, k : k + 1]),
            (alone.layers[2].b, last.b[k : k + 1]),
        ):
            own[...] = value_k
        expected_p += float(to_host(get_penalty(name).add_gradient(alone, x_real, x_fake, rng=draws())))
        expected_dw = expected_dw + to_host(alone.layers[0].dw)
        expected_last = to_host(alone.layers[2].dw)[:, 0]
        np.testing.assert_allclose(to_host(last.dw)[:, k], expected_last, rtol=1e-4, atol=1e-6)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    assert p.dtype == whole.dtheta.dtype == dtype
    np.testing.assert_allclose(float(to_host(p)), expected_p, rtol=tolerance)
    np.testing.assert_allclose(to_host(hidden.dw), expected_dw, rtol=10 * tolerance, atol=tolerance)


def test_points_between_need_a_generator(normal):
    with pytest.raises(InputError, match=r"^rng: expected a Generator, which draws points between .*, got None$"):
        interpolate(np.ones((4, 2)), np.zeros((4, 2)), None)


def test_interpolates_lie_between(device, normal):
    x_real, x_fake = batches(normal)
    x = to_host(interpolate(x_real, x_fake, draws()))
    share = (x - to_host(x_fake)) / to_host(x_real - x_fake)
    e = share[0, 0, :, 0]
    np.testing.assert_allclose(share, np.broadcast_to(e[:, None], share.shape), rtol=1e-6)
    assert (e >= 0).all()
    assert (e < 1).all()
    assert len(set(e)) == 5


@pytest.mark.parametrize("layer", [BatchNorm(), Tanh(), Sigmoid()], ids=repr)
def test_smooth_layers_and_batch_norm_are_refused(layer):
    d = Network([Flatten(), Dense(4), layer, slope(), Dense(1)], SHAPE, rng=draws(), dtype="float64")
    x = np.ones((6, 6, 5, 2))
    with pytest.raises(
        InputError,
        match=r"^penalty: expected .* piecewise linear layers, got .* as its layer 2, whose slope .* leaves that out$",
    ):
        R1().add_gradient(d, x, x, rng=draws())
    assert not d.dtheta.any()


def test_which_models_can_be_penalised():
    for model, fits in (("hybrid", True), ("mlp", True), ("dcgan", True), ("infogan", False)):
        _, d = build_networks(model, (8, 8, 1), rng=draws())
        if fits:
            check_penalised(d)
        else:
            with pytest.raises(InputError, match="BatchNorm"):
                check_penalised(d)


def test_from_text():
    penalty = get_penalty("r1:weight=10,every=4")
    assert (type(penalty), penalty.weight, penalty.every) == (R1, 10.0, 4)
    assert get_penalty("r1:gamma=3").weight == get_penalty("wgan-gp:lambda=3").weight == 3
    assert (get_penalty("wgan-gp").weight, get_penalty("r1").weight) == (10.0, 1.0)
    for name, kind in PENALTIES.items():
        assert type(get_penalty(name)) is kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r3", "penalty: expected one of r1, r2, zero-centred, wgan-gp, wgan-gp-one-sided, got 'r3'"),
        (1, "penalty: expected one of"),
        ("r1:10", "penalty: expected weight=NUMBER or every=INTEGER after 'r1', got '10'"),
        ("r1:every=2.5", "got 'every=2.5'"),
        ("r1:weight=-1", "penalty weight: expected a positive number, got -1"),
        ("r1:every=0", "penalty every: expected an integer"),
    ],
)
def test_refuses_text(text, message):
    with pytest.raises(InputError, match=message):
        get_penalty(text)


@pytest.mark.parity
@every_penalty
@pytest.mark.parametrize("kind", ["dense", "conv", "conv, bilinear"])
def test_against_pytorch(kind, name, normal, device):
    """Second order by autograd, through the same network."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from minigan.exchange.to_torch import to_nchw, to_torch

    d, (x_real, x_fake) = network(kind, device), batches(normal)
    penalty = PENALTIES[name](weight=5.0)
    p, dtheta = gradient(penalty, d, x_real, x_fake)
    twin = to_torch(d)
    x = to_nchw(to_host(penalty.points(x_real, x_fake, draws()))).requires_grad_()
    (g,) = torch.autograd.grad(twin(x).sum(), x, create_graph=True)
    norm = g.flatten(1).norm(dim=1)
    excess = {"wgan-gp": norm - 1, "wgan-gp-one-sided": (norm - 1).clamp_min(0)}.get(name)
    p_torch = 5.0 * (norm**2 / 2 if excess is None else excess**2).mean()
    np.testing.assert_allclose(p, p_torch.item(), rtol=1e-10)
    p_torch.backward()
    ours = Network(DISCRIMINATORS[kind](), SHAPE, rng=draws(), dtype="float64")
    ours.load(to_host(dtheta), np.empty(0))  # the gradients, laid out as the twin's weights are
    theirs = [each.grad if each.grad is not None else torch.zeros_like(each) for each in twin.parameters()]
    for expected, got in zip(theirs, to_torch(ours).parameters(), strict=True):
        np.testing.assert_allclose(got.detach().numpy(), expected.numpy(), rtol=1e-9, atol=1e-11)
