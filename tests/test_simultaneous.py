"""The simultaneous update: one pass of the fakes through D gives both players the gradients that two would give."""

import re

import numpy as np
import pytest

from minigan import InputError, StaleCacheError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import BatchNorm, Dense, Dropout, Flatten, LeakyReLU, RandomShift, Reshape, SpectralNorm, Tanh
from minigan.network import Network
from minigan.objectives import OBJECTIVES
from minigan.optimizers import SGD, Adam
from minigan.training import Game, StepResult, simultaneous_step
from minigan.training.simultaneous import MIN_UPSTREAM, check_uncoupled, shared_upstream

STAND_STILL = 1e-200  # a learning rate that leaves every weight as it is


every_objective = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)


class Players:
    """Batch norm in G; dropout and shifts in D, whose logits ``offset`` pushes into saturation; six samples."""

    def __init__(self, device, normal, dtype="float64", offset=0.0):
        rng = np.random.default_rng(5)
        g = [Dense(6), BatchNorm(), LeakyReLU(negative_slope=0.2), Dense(16), Tanh(), Reshape((4, 4, 1))]
        d = [RandomShift(1), Flatten(), Dense(6), LeakyReLU(negative_slope=0.2), Dropout(rate=0.5), Dense(1)]
        self.g = Network(g, (3,), rng=rng, dtype=dtype, device=device)
        self.d = Network(d, (4, 4, 1), rng=rng, dtype=dtype, device=device)
        for net in (self.g, self.d):
            net.theta += normal(net.theta.size, dtype=dtype) / 10  # zero biases would mask a wrong gradient
            net.dtheta[...] = normal(net.theta.size, dtype=dtype)  # left over from somewhere
        self.d.layers[-1].b += offset
        self.z, self.x_real = normal(6, 3, dtype=dtype), normal(4, 4, 6, 1, dtype=dtype)

    def fakes(self):
        return self.g.forward(self.z, train=True, rng=np.random.default_rng(11))

    def step(self, objective, learning_rate=STAND_STILL, optimizer=SGD, fakes=None, **penalties):
        optimizers = [optimizer(net, learning_rate=learning_rate) for net in (self.g, self.d)]
        x_fake, caches = fakes or self.fakes()
        draws = np.random.default_rng(12)
        game = Game(self.g, self.d, *optimizers, objective, **penalties)
        return simultaneous_step(game, self.x_real, x_fake, caches, rng=draws)

    def logits(self):
        """(logits_real, logits_fake, caches of the one pass of both)"""
        xp = get_array_module(self.z)
        x = xp.concatenate((self.x_real, self.fakes()[0]), axis=2)
        logits, caches = self.d.forward(x, train=True, rng=np.random.default_rng(12))
        return *xp.split(logits, 2), caches

    def losses(self, objective):
        real, fake, _ = self.logits()
        losses = objective.discriminator(real, fake)[0], objective.generator(fake)[0]
        return [float(to_host(loss)) for loss in losses], real, fake

    def by_two_passes(self, objective):
        """(dtheta of D, dtheta of G), each player's loss sent back through D for itself."""
        real, fake, caches_d = self.logits()
        _, ds_real, ds_fake = objective.discriminator(real, fake)
        concatenate = get_array_module(self.z).concatenate
        self.d.zero_grad()
        self.d.backward(concatenate((ds_real, ds_fake)), caches_d)
        self.g.zero_grad()
        dx = self.d.backward(concatenate((ds_real * 0, objective.generator(fake)[1])), caches_d, param_grads=False)
        self.g.backward(dx[:, :, 6:], self.fakes()[1])
        return [to_host(net.dtheta).copy() for net in (self.d, self.g)]


def state(net):
    return [to_host(a).copy() for a in (net.theta, net.stats)]


@pytest.fixture
def game(device, normal):
    return Players(device, normal)


def as_function_of(theta, loss):
    def f(value):
        saved = theta.copy()
        theta[...] = value
        result = loss()
        theta[...] = saved
        return result

    return f


@every_objective
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_gradients_against_finite_differences(player, objective, game, rng):
    net, which = (game.d, 0) if player == "discriminator" else (game.g, 1)
    game.step(objective)
    f = as_function_of(net.theta, lambda: game.losses(objective)[0][which])
    for check in (
        check_directional(player, f, net.theta.copy(), net.dtheta, rng=rng),
        check_elementwise(player, f, net.theta.copy(), net.dtheta, rng=rng, elements=60),
    ):
        assert check.ok, check
        assert check.error <= 1e-6


@every_objective
@pytest.mark.parametrize("offset", [0, 10, -10])
def test_gradients_are_those_of_two_passes(offset, objective, device, normal):
    game = Players(device, normal, offset=offset)
    expected = game.by_two_passes(objective)
    game.step(objective)
    for net, gradient in zip((game.d, game.g), expected, strict=True):
        np.testing.assert_allclose(to_host(net.dtheta), gradient, rtol=1e-12, atol=1e-12 * np.abs(gradient).max())


@every_objective
@pytest.mark.parametrize("offset", [-100, 100, -60, -42, -41])
def test_saturated_logits(offset, objective, device, normal):
    """G's gradient is exact to rounding of float32; D's to rounding or 2^-60 of a fake's own, whichever is more."""
    game = Players(device, normal, dtype="float32", offset=offset)
    d_expected, g_expected = game.by_two_passes(objective)
    (d_loss, g_loss), _, fake = game.losses(objective)
    assert np.abs(to_host(fake) - offset).max() < 10
    losses = game.step(objective)[:2]
    assert [float(to_host(loss)) for loss in losses] == [d_loss, g_loss]
    tolerance = 1e-6 * np.abs(g_expected).max() + 1e-42  # where G's own loss dies, down to subnormal numbers
    np.testing.assert_allclose(to_host(game.g.dtheta), g_expected, rtol=1e-5, atol=tolerance)
    tolerance = 1e-6 * np.abs(d_expected).max() + 100 * MIN_UPSTREAM  # no logit's derivative is above 100 here
    np.testing.assert_allclose(to_host(game.d.dtheta), d_expected, rtol=1e-5, atol=tolerance)
    if objective.name == "non-saturating" and offset < 0:
        assert np.abs(g_expected).max() > 1e-3, "the gradient to be kept is not there in the first place"


def test_one_saturated_fake_among_others(device, normal):
    """-100, 0 and 100 in one batch, in float32: no sample may spoil another."""
    d = Network([Dense(1)], (2,), rng=np.random.default_rng(0), device=device)
    g = Network([Dense(2)], (2,), rng=np.random.default_rng(0), device=device)
    d.layers[0].w[...] = d.layers[0].w * 0 + 1
    fakes = normal(3, 2, dtype="float32") * 0
    fakes[0], fakes[2] = -50, 50
    x_fake, caches = g.forward(normal(3, 2, dtype="float32"), train=True)
    optimizers = [SGD(net, learning_rate=STAND_STILL) for net in (g, d)]
    game = Game(g, d, *optimizers, OBJECTIVES["non-saturating"])
    *_, logits = simultaneous_step(game, x_fake, fakes, caches)
    np.testing.assert_array_equal(to_host(logits).ravel(), [-100, 0, 100])
    # dx of the fakes is ds_g w with w = 1, and db of G its sum over samples: -(1 + 1/2 + 0) / 3
    np.testing.assert_allclose(to_host(g.layers[0].db), [-0.5, -0.5], rtol=1e-6)


def test_shared_upstream(device, normal):
    ds_d = normal(6, 1, dtype="float32") * 0
    ds_d[1:] += 1e-42
    ds_d[2:] += 0.25
    ds_d[3:] = -0.5
    ds_g = normal(6, 1, dtype="float32")
    u, r = shared_upstream(ds_d, ds_g)
    assert u.dtype == r.dtype == np.float32
    u, r, ds_g = (to_host(a).ravel() for a in (u, r, ds_g))
    np.testing.assert_array_equal(u, np.float32([MIN_UPSTREAM / 6, MIN_UPSTREAM / 6, 0.25, -0.5, -0.5, -0.5]))
    assert np.isfinite(r).all()
    np.testing.assert_allclose(r * u, ds_g, rtol=1e-6)


def test_the_smallest_upstream_is_that_of_the_docstring():
    """sigmoid(s) = 2^-60 at the logit s = -41.6."""
    assert MIN_UPSTREAM == 2**-60 == pytest.approx(1 / (1 + np.exp(41.589)), rel=1e-3)


def test_a_nan_is_not_covered_up(device, normal):
    ds = normal(3, 1) * np.nan
    for array in shared_upstream(ds, ds):
        assert np.isnan(to_host(array)).all()


@every_objective
def test_losses_and_logits_are_from_before_the_step(objective, game):
    (d_loss, g_loss), real, fake = game.losses(objective)
    result = game.step(objective, learning_rate=0.5)
    assert isinstance(result, StepResult)
    assert [float(to_host(loss)) for loss in result[:2]] == [d_loss, g_loss]
    assert [loss.shape for loss in result[:2]] == [(), ()]
    np.testing.assert_array_equal(to_host(result[2]), to_host(real))
    np.testing.assert_array_equal(to_host(result[3]), to_host(fake))


@every_objective
def test_both_players_move_from_the_same_point(objective, game):
    """G's gradient is that of D before its step, however far D goes."""
    game.step(objective)
    gradient = to_host(game.g.dtheta).copy()
    before = state(game.d)
    game.step(objective, learning_rate=3.0)
    np.testing.assert_array_equal(to_host(game.g.dtheta), gradient)
    assert np.abs(to_host(game.d.theta) - before[0]).max() > 0.1


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_small_step_lowers_the_loss_of_its_player(player, objective, game):
    """At the other player's old weights, which are put back."""
    net, other, which = (game.d, game.g, 0) if player == "discriminator" else (game.g, game.d, 1)
    old, before = other.theta.copy(), game.losses(objective)[0][which]
    game.step(objective, learning_rate=1e-4)
    other.theta[...] = old
    after = game.losses(objective)[0][which]
    expected = -1e-4 * float(to_host((net.dtheta * net.dtheta).sum()))
    assert after - before == pytest.approx(expected, rel=0.02)


def test_everything_moves_once(game):
    d_before, g_before, versions = state(game.d), state(game.g), (game.d.version, game.g.version)
    x_fake, caches = game.fakes()
    inputs = [to_host(a).copy() for a in (game.x_real, x_fake, game.z)]
    game.step(OBJECTIVES["non-saturating"], learning_rate=0.01, optimizer=Adam, fakes=(x_fake, caches))
    for before, after in zip(d_before + g_before, state(game.d) + state(game.g), strict=True):
        assert before.size == 0 or (before != after).any()
    assert (game.d.version, game.g.version) == (versions[0] + 1, versions[1] + 1)
    for a, b in zip(inputs, (game.x_real, x_fake, game.z), strict=True):
        np.testing.assert_array_equal(a, to_host(b))


def test_statistics_move_once(game, device):
    """Those of G's batch norm, and those of D: the vector u of a spectral norm, say."""
    layers = [Flatten(), SpectralNorm(Dense(5)), Dense(1)]
    game.d = Network(layers, (4, 4, 1), rng=np.random.default_rng(0), dtype="float64", device=device)
    expected = []
    for net, x in ((game.g, game.z), (game.d, game.x_real)):
        twin = net.copy()
        twin.update_stats(twin.forward(x, train=True, rng=np.random.default_rng(11))[1])
        expected.append(to_host(twin.stats))
        assert (expected[-1] != to_host(net.stats)).any()
    game.step(OBJECTIVES["minimax"])
    for net, stats in zip((game.g, game.d), expected, strict=True):
        np.testing.assert_allclose(to_host(net.stats), stats, rtol=1e-12)


def test_stale_fakes_move_nobody(game):
    fakes = game.fakes()
    game.step(OBJECTIVES["minimax"], learning_rate=0.1, fakes=fakes)
    before = state(game.d) + state(game.g)
    with pytest.raises(StaleCacheError, match="run forward again"):
        game.step(OBJECTIVES["minimax"], learning_rate=0.1, fakes=fakes)
    for a, b in zip(before, state(game.d) + state(game.g), strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_stays_float32(device, normal):
    game = Players(device, normal, dtype="float32")
    arrays = [*game.step(OBJECTIVES["non-saturating"], 0.01, Adam), game.g.dtheta, game.d.dtheta, game.g.theta]
    assert {str(a.dtype) for a in arrays} == {"float32"}


def test_batch_norm_in_the_discriminator_is_refused(device, normal):
    game = Players(device, normal)
    layers = [Flatten(), Dense(3), BatchNorm(decay=0.7), Dense(1)]
    game.d = Network(layers, (4, 4, 1), rng=np.random.default_rng(0), dtype="float64", device=device)
    before = state(game.d) + state(game.g)
    message = f"layer 2 is {layers[2]!r}"
    with pytest.raises(InputError, match=f"^update: .*{re.escape(message)}"):
        game.step(OBJECTIVES["minimax"])
    for a, b in zip(before, state(game.d) + state(game.g), strict=True):
        np.testing.assert_array_equal(a, b)
    check_uncoupled(Network(layers[:2], (4, 4, 1), rng=np.random.default_rng(0)))


class Pull:
    """A penalty on either player with the gradient 1 in every parameter; it remembers what it was given."""

    def add_gradient(self, network, *seen, **options):
        network.dtheta += 1
        self.seen, self.options = seen, options


def test_penalties_add_to_the_gradients_of_the_losses(game):
    """Each to its own player's."""
    objective, fakes = OBJECTIVES["non-saturating"], game.fakes()
    game.step(objective, fakes=fakes)
    alone = [to_host(net.dtheta).copy() for net in (game.d, game.g)]
    d_penalty, g_penalty = Pull(), Pull()
    x_fake, caches = game.fakes()
    game.step(objective, fakes=(x_fake, caches), discriminator_penalty=d_penalty, generator_penalty=g_penalty)
    for net, gradient in zip((game.d, game.g), alone, strict=True):
        np.testing.assert_allclose(to_host(net.dtheta), gradient + 1, rtol=1e-14)
    assert d_penalty.seen == (game.x_real, x_fake)
    assert d_penalty.options["objective"] is objective
    assert g_penalty.seen == (game.x_real, x_fake, caches)
