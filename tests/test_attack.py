"""Adversarial examples: gradients in x, the ball and the range, known optima, and whom the attacks fool."""

from types import SimpleNamespace

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import device_of, get_array_module, to_device, to_host
from minigan.datasets import mnist_5k
from minigan.datasets.batches import to_pixels_first
from minigan.editing.attack import METHODS, attacked, belief, beliefs, fgsm, misreading, pgd, random_signs
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import Conv2D, Dense, DiscriminatorEnsemble, Flatten, LeakyReLU, PackSamples, Tanh
from minigan.metrics import load_evaluator
from minigan.network import Network

DIGITS = mnist_5k()
TINY = (6, 6, 1)


def make(layers, device="cpu", shape=TINY, seed=0):
    network = Network(layers, shape, rng=np.random.default_rng(seed), dtype="float64", device=device, fast=False)
    network.theta += 0.1 * to_device(np.random.default_rng(1).standard_normal(network.theta.shape), device)
    return network


def run_of(discriminator, conditional="none"):
    config = SimpleNamespace(conditional=conditional, spec=SimpleNamespace(autoencodes=False))
    return SimpleNamespace(discriminator=discriminator, config=config)


def stack(outputs):
    return [Conv2D(3, 4, stride=2), LeakyReLU(negative_slope=0.2), Flatten(), Dense(5), Tanh(), Dense(outputs)]


def check(loss, x, rng):
    """Compare the gradient of the sum of all losses with finite differences."""

    def f(at):
        return float(loss(at)[0].sum())

    value, dx = loss(x)
    assert value.shape == (x.shape[2],)
    assert dx.shape == x.shape
    for each in (check_directional("dx", f, x, dx, rng=rng), check_elementwise("dx", f, x, dx, rng=rng)):
        assert each.ok, each


@pytest.fixture
def x(rng, device):
    return to_device(rng.uniform(-1, 1, (6, 6, 4, 1)), device)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("conditional", ["none", "clusters", "projection", "ac-gan", "infogan"])
def test_gradient_of_the_belief(conditional, sign, x, rng):
    outputs = 1 if conditional == "none" else 6
    check(belief(run_of(make(stack(outputs), device_of(x)), conditional), sign=sign), x, rng)


def test_gradient_of_the_belief_of_several(x, rng):
    members = [stack(1), stack(1), stack(1)]
    check(belief(run_of(make([DiscriminatorEnsemble(members)], device_of(x)))), x, rng)


def test_gradient_of_the_misreading(x, rng):
    device = device_of(x)
    reader = SimpleNamespace(body=make([*stack(7), Tanh()], device), head=make([Dense(3)], device, (7,)))
    check(misreading(reader, np.array([2, 0, 1, 2])), x, rng)


@pytest.mark.parametrize("name", ["three-convolutions", "two-convolutions"])
def test_gradient_of_the_shipped_evaluators(name, rng):
    shipped = load_evaluator(name)
    reader = SimpleNamespace(body=shipped.body.copy(dtype="float64"), head=shipped.head.copy(dtype="float64"))
    images = to_pixels_first(DIGITS.images[:3, ..., None]).astype(np.float64) + 0.1 * rng.random((28, 28, 3, 1))
    labels = DIGITS.labels[[1, 2, 0]].astype(np.int64)  # wrong ones, so that the loss is large
    check(misreading(reader, labels), images, rng)


def test_belief_by_hand(x):
    """Pairs: the class that D believes most; other games: the logit alone; several discriminators: their mean."""
    d = make(stack(4), device_of(x))
    outputs = to_host(d.forward(x, train=False)[0])
    for conditional, expected in (
        ("projection", outputs[:, 0] + outputs[:, 1:].max(axis=1)),
        ("ac-gan", outputs[:, 0]),
        ("none", outputs.mean(axis=1)),
    ):
        run = run_of(d, conditional)
        np.testing.assert_allclose(to_host(belief(run)(x)[0]), expected, rtol=1e-12)
        np.testing.assert_allclose(to_host(belief(run, sign=-1)(x)[0]), -expected, rtol=1e-12)
        np.testing.assert_allclose(to_host(beliefs(run)(x)[0]).mean(axis=1), expected, rtol=1e-12)


def test_a_sure_evaluator_keeps_its_gradient():
    """The float32 probability of the right digit is 1 here, and the loss still tells where it falls."""
    shipped = load_evaluator()
    sure = SimpleNamespace(body=shipped.body, head=shipped.head.copy())
    sure.head.theta *= 3
    images = to_pixels_first(DIGITS.images[:20, ..., None])
    value, dx = misreading(sure, DIGITS.labels[:20].astype(np.int64))(images)
    assert dx.dtype == np.float32
    assert value.min() < 1e-9
    exact = SimpleNamespace(body=shipped.body.copy(dtype="float64"), head=sure.head.copy(dtype="float64"))
    _, expected = misreading(exact, DIGITS.labels[:20].astype(np.int64))(images.astype(np.float64))
    for i in range(20):
        a, b = dx[:, :, i].ravel(), expected[:, :, i].ravel()
        assert a @ b > 0.999 * np.linalg.norm(a) * np.linalg.norm(b)


# the attacks


def linear(g):
    """The loss <g, x> of each image, whose maximum over the ball and the range is clip(x + epsilon sign(g), -1, 1)."""

    def loss(x):
        xp = get_array_module(x)
        a = xp.asarray(g)
        return (a * x).sum(axis=(0, 1, 3)), xp.broadcast_to(a, x.shape)

    return loss


def quadratic(centre):
    """The loss -|x - c|^2 / 2 of each image, whose maximum is the point of the ball and the range nearest to c."""

    def loss(x):
        away = x - get_array_module(x).asarray(centre)
        return -(away * away).sum(axis=(0, 1, 3)) / 2, -away

    return loss


@pytest.mark.parametrize("epsilon", [0.01, 0.3, 2.0])
def test_a_linear_loss(x, rng, epsilon):
    g = rng.standard_normal(x.shape)
    best = np.clip(to_host(x) + epsilon * np.sign(g), -1, 1)
    np.testing.assert_allclose(to_host(fgsm(x, linear(g), epsilon=epsilon)), best, rtol=0, atol=1e-12)
    for steps in (1, 7, 40):
        found = to_host(pgd(x, linear(g), epsilon=epsilon, rng=rng, steps=steps))
        np.testing.assert_allclose(found, best, rtol=0, atol=1e-12)


@pytest.mark.parametrize("epsilon", [0.05, 0.3])
def test_a_quadratic_loss(x, rng, epsilon):
    """The best pixel often lies inside the ball, where one step of full length goes too far."""
    centre = to_host(x) + 0.2 * rng.standard_normal(x.shape)
    loss = quadratic(centre)
    best = np.clip(np.clip(centre, to_host(x) - epsilon, to_host(x) + epsilon), -1, 1)
    one, many = fgsm(x, loss, epsilon=epsilon), pgd(x, loss, epsilon=epsilon, rng=rng, steps=100)
    assert bool((loss(many)[0] > loss(one)[0]).all())
    np.testing.assert_allclose(to_host(many), best, rtol=0, atol=2.5 * epsilon / 100)


def test_the_best_of_the_path_is_kept(x, rng):
    """This loss changes its sign with every call, so the last point is never the best one."""
    seen = []

    def loss(y):
        away = y - x
        value = (away * away).sum(axis=(0, 1, 3)) * (-1) ** len(seen)
        seen.append((to_host(y), to_host(value)))
        return value, -away

    found = to_host(pgd(x, loss, epsilon=0.1, rng=rng, steps=5))
    assert len(seen) == 6
    values = np.array([value for _, value in seen])
    for n, step in enumerate(values.argmax(axis=0)):
        np.testing.assert_array_equal(found[:, :, n], seen[step][0][:, :, n])


@pytest.mark.parametrize("epsilon", [1e-3, 0.2, 2.0])
@pytest.mark.parametrize("method", [*METHODS, "noise"])
def test_the_ball_and_the_range_are_never_left(method, epsilon, x, rng):
    x = x.astype(np.float32)
    x[:2] = -1
    x[2] = 1
    before = to_host(x).copy()
    visited = []

    def loss(y):
        visited.append(to_host(y))
        return linear(rng.standard_normal(y.shape).astype(np.float32))(y)

    if method == "noise":
        y = random_signs(x, epsilon=epsilon, rng=rng)
    else:
        y = attacked(method, x, loss, epsilon=epsilon, rng=rng)
    assert y.dtype == np.float32
    for each in (*visited, to_host(y)):
        assert np.abs(each).max() <= 1
        assert np.abs(each - before).max() <= epsilon * (1 + 1e-6) + 1e-7
    np.testing.assert_array_equal(to_host(x), before)
    inside = np.abs(before) < 1 - epsilon
    if method != "pgd" and inside.any():  # one step uses all that is allowed
        np.testing.assert_allclose(np.abs(to_host(y) - before)[inside], epsilon, rtol=1e-3, atol=1e-6)


def test_a_pixel_without_a_gradient_stays():
    x = np.zeros((2, 2, 3, 1))
    g = np.zeros((2, 2, 3, 1))
    g[0] = 1
    np.testing.assert_array_equal(fgsm(x, linear(g), epsilon=0.5), 0.5 * g)


def test_the_seed_decides(x):
    g = np.ones(x.shape)
    g[0] = 0  # where nothing pulls, the random start stays

    def start(seed):
        return to_host(pgd(x, linear(g), epsilon=0.2, rng=np.random.default_rng(seed)))

    np.testing.assert_array_equal(start(0), start(0))
    assert not np.array_equal(start(0), start(1))


def test_the_evaluator_is_fooled_and_noise_does_not_fool_it(rng):
    reader, labels = load_evaluator(), DIGITS.labels[:60].astype(np.int64)
    x = to_pixels_first(DIGITS.images[:60, ..., None])

    def accuracy(images):
        features, _ = reader.body.forward(images, train=False)
        return (reader.head.forward(features, train=False)[0].argmax(axis=1) == labels).mean()

    loss = misreading(reader, labels)
    one, many = (attacked(method, x, loss, epsilon=0.3, rng=rng) for method in ("fgsm", "pgd"))
    assert loss(many)[0].mean() > loss(one)[0].mean() > 10 * loss(x)[0].mean()
    assert accuracy(x) > 0.95
    assert accuracy(random_signs(x, epsilon=0.3, rng=rng)) > 0.9
    assert accuracy(many) < accuracy(one) < 0.6


@pytest.mark.parametrize("epsilon", [0, -0.1, 2.1, float("nan"), float("inf"), "large", True])
def test_refuses_epsilon(epsilon, rng):
    x = np.zeros((2, 2, 3, 1))
    for attack in (
        lambda: fgsm(x, linear(x), epsilon=epsilon),
        lambda: pgd(x, linear(x), epsilon=epsilon, rng=rng),
        lambda: random_signs(x, epsilon=epsilon, rng=rng),
    ):
        with pytest.raises(InputError, match=r"^epsilon: expected a "):
            attack()


def test_refuses_other_things(rng):
    x = np.zeros((6, 6, 3, 1))
    with pytest.raises(InputError, match="steps: expected an integer of at least 1, got 0"):
        pgd(x, linear(x), epsilon=0.1, rng=rng, steps=0)
    with pytest.raises(InputError, match="method: expected one of pgd, fgsm, got 'cw'"):
        attacked("cw", x, linear(x), epsilon=0.1, rng=rng)
    with pytest.raises(InputError, match="judges each image alone, got one with PackSamples"):
        beliefs(run_of(make([PackSamples(3), *stack(1)])))
