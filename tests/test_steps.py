"""The two steps of the game: who moves, who stays, and along which gradient."""

import numpy as np
import pytest

from minigan import InputError, StaleCacheError
from minigan.backend import to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import BatchNorm, Dense, Dropout, Flatten, LeakyReLU, RandomShift, Reshape, Tanh
from minigan.network import Network
from minigan.objectives import OBJECTIVES
from minigan.optimizers import SGD, Adam
from minigan.training import Game, StepResult, alternating_step, discriminator_step, generator_step

every_objective = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
OBJECTIVE = OBJECTIVES["non-saturating"]
STAND_STILL = 1e-200  # a learning rate that leaves every float64 weight as it is


def nothing_moved(before, after):
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def state(net):
    return [to_host(a).copy() for a in (net.theta, net.dtheta, net.stats)]


class Players:
    """Small players with batch norm in both, dropout and shifts in D, and a batch for them."""

    def __init__(self, device, normal, dtype="float64"):
        rng = np.random.default_rng(5)
        g = [BatchNorm(decay=0.8), Dense(6), BatchNorm(), LeakyReLU(negative_slope=0.2), Dense(16), Tanh()]
        d = [RandomShift(1), Flatten(), Dense(6), BatchNorm(decay=0.7), LeakyReLU(negative_slope=0.2)]
        self.g = Network([*g, Reshape((4, 4, 1))], (3,), rng=rng, dtype=dtype, device=device)
        self.d = Network([*d, Dropout(rate=0.5), Dense(1)], (4, 4, 1), rng=rng, dtype=dtype, device=device)
        for net in (self.g, self.d):
            net.theta += normal(net.theta.size, dtype=dtype) / 10  # zero biases would mask a wrong gradient
            net.dtheta[...] = normal(net.theta.size, dtype=dtype)  # left over from somewhere
        self.z, self.x_real = normal(5, 3, dtype=dtype), normal(4, 4, 5, 1, dtype=dtype)

    def fakes(self):
        return self.g.forward(self.z, train=True, rng=np.random.default_rng(11))

    def d_step(self, optimizer, objective=OBJECTIVE, x_fake=None):
        x_fake = self.fakes()[0] if x_fake is None else x_fake
        draws = np.random.default_rng(12)
        game = Game(self.g, self.d, None, optimizer, objective)
        return discriminator_step(game, self.x_real, x_fake, rng=draws)

    def g_step(self, optimizer, objective=OBJECTIVE, fakes=None):
        x_fake, caches = fakes or self.fakes()
        draws = np.random.default_rng(13)
        game = Game(self.g, self.d, optimizer, None, objective)
        return generator_step(game, x_fake, caches, rng=draws)

    def d_loss(self, objective):
        draws = np.random.default_rng(12)
        real, _ = self.d.forward(self.x_real, train=True, rng=draws)
        fake, _ = self.d.forward(self.fakes()[0], train=True, rng=draws)
        return float(to_host(objective.discriminator(real, fake)[0])), real, fake

    def g_loss(self, objective):
        fake, _ = self.d.forward(self.fakes()[0], train=True, rng=np.random.default_rng(13))
        return float(to_host(objective.generator(fake)[0]))


@pytest.fixture
def game(device, normal):
    return Players(device, normal)


@every_objective
@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_generator_step_moves_only_the_generator(optimizer, objective, game):
    d_before, d_version, g_before = state(game.d), game.d.version, state(game.g)
    game.g_step(optimizer(game.g, learning_rate=0.01), objective)
    nothing_moved(d_before, state(game.d))
    assert game.d.version == d_version
    for before, after in zip(g_before, state(game.g), strict=True):
        assert (before != after).any()


@every_objective
@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_discriminator_step_moves_only_the_discriminator(optimizer, objective, game):
    g_before, g_version, d_before = state(game.g), game.g.version, state(game.d)
    game.d_step(optimizer(game.d, learning_rate=0.01), objective)
    nothing_moved(g_before, state(game.g))
    assert game.g.version == g_version
    for before, after in zip(d_before, state(game.d), strict=True):
        assert (before != after).any()


@every_objective
def test_steps_leave_their_inputs_alone(objective, game):
    x_fake, caches = game.fakes()
    before = [to_host(a).copy() for a in (game.x_real, x_fake, game.z)]
    game.d_step(SGD(game.d, learning_rate=0.1), objective, x_fake)
    game.g_step(SGD(game.g, learning_rate=0.1), objective, (x_fake, caches))
    nothing_moved(before, [to_host(a) for a in (game.x_real, x_fake, game.z)])


@every_objective
def test_losses_and_logits_are_from_before_the_step(objective, game):
    expected, real, fake = game.d_loss(objective)
    loss, logits_real, logits_fake = game.d_step(SGD(game.d, learning_rate=0.5), objective)
    assert float(to_host(loss)) == expected
    np.testing.assert_array_equal(to_host(logits_real), to_host(real))
    np.testing.assert_array_equal(to_host(logits_fake), to_host(fake))
    assert logits_real.shape == logits_fake.shape == (5, 1)

    expected = game.g_loss(objective)  # through the D that has just moved
    loss = game.g_step(SGD(game.g, learning_rate=0.5), objective)
    assert float(to_host(loss)) == expected
    assert loss.shape == ()


def as_function_of(theta, loss):
    def f(value):
        saved = theta.copy()
        theta[...] = value
        result = loss()
        theta[...] = saved
        return result

    return f


@every_objective
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_gradients_of_the_steps(player, objective, game, rng):
    if player == "generator":
        net, step, loss = game.g, game.g_step, lambda: game.g_loss(objective)
    else:
        net, step, loss = game.d, game.d_step, lambda: game.d_loss(objective)[0]
    before = to_host(net.theta).copy()
    step(SGD(net, learning_rate=STAND_STILL), objective)
    np.testing.assert_array_equal(to_host(net.theta), before)
    f = as_function_of(net.theta, loss)
    for check in (
        check_directional(player, f, net.theta.copy(), net.dtheta, rng=rng),
        check_elementwise(player, f, net.theta.copy(), net.dtheta, rng=rng, elements=60),
    ):
        assert check.ok, check


def test_a_second_step_does_not_add_to_the_first(game):
    for step, net in ((game.d_step, game.d), (game.g_step, game.g)):
        step(SGD(net, learning_rate=STAND_STILL))
        once = to_host(net.dtheta).copy()
        step(SGD(net, learning_rate=STAND_STILL))
        np.testing.assert_array_equal(to_host(net.dtheta), once)


def test_the_generator_learns_through_the_updated_discriminator(game):
    fakes = game.fakes()
    game.g_step(SGD(game.g, learning_rate=STAND_STILL), fakes=fakes)
    through_old = to_host(game.g.dtheta).copy()
    fakes = game.fakes()
    game.d_step(SGD(game.d, learning_rate=0.5), x_fake=fakes[0])
    game.g_step(SGD(game.g, learning_rate=STAND_STILL), fakes=fakes)
    through_new = to_host(game.g.dtheta)
    f = as_function_of(game.g.theta, lambda: game.g_loss(OBJECTIVE))
    check = check_directional("new", f, game.g.theta.copy(), game.g.dtheta, rng=np.random.default_rng(0))
    assert check.ok, check
    assert np.abs(through_new - through_old).max() > 1e-3 * np.abs(through_old).max()


def test_stale_fakes_are_refused(game):
    """Chainer's DCGAN and PyTorch issue 39141: backward through a pass that older weights made."""
    fakes = game.fakes()
    game.g_step(SGD(game.g, learning_rate=0.1), fakes=fakes)
    before = to_host(game.g.theta).copy()
    with pytest.raises(StaleCacheError, match="run forward again"):
        game.g_step(SGD(game.g, learning_rate=0.1), fakes=fakes)
    np.testing.assert_array_equal(to_host(game.g.theta), before)


@pytest.mark.parametrize("coupled", [False, True])
def test_an_empty_batch_moves_nothing(coupled, device, normal, rng):
    head = [BatchNorm()] if coupled else []
    g, d = (Network(layers, (3,), rng=rng, device=device) for layers in ([Dense(3)], [*head, Dense(1)]))
    game = Game(g, d, SGD(g, learning_rate=0.1), SGD(d, learning_rate=0.1), OBJECTIVE)
    some, none = normal(4, 3, dtype="float32"), normal(0, 3, dtype="float32")
    before = [*state(g), *state(d)]
    for x_real, x_fake, logits in ((none, some, "logits_real"), (some, none, "logits_fake"), (none, none, "x")):
        at = "x: expected shape .* with N >= 1, got" if coupled else f"{logits}: expected"
        with pytest.raises(InputError, match=f"^{at}"):
            discriminator_step(game, x_real, x_fake)
    with pytest.raises(InputError, match=r"^x: expected shape .* with N >= 1, got"):
        g.forward(none, train=True)
    nothing_moved(before, [*state(g), *state(d)])


def test_statistics_of_the_generator_move_once_per_iteration(game):
    """Two steps of D and one of G: the first batch norm of G follows z, and once."""
    fakes = game.fakes()
    for _ in range(2):
        game.d_step(SGD(game.d, learning_rate=0.1), x_fake=fakes[0])
    game.g_step(SGD(game.g, learning_rate=0.1), fakes=fakes)
    z = to_host(game.z)
    np.testing.assert_allclose(to_host(game.g.layers[0].running_mean), 0.2 * z.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(to_host(game.g.layers[0].running_var), 0.8 + 0.2 * z.var(axis=0), rtol=1e-12)


def test_statistics_of_the_discriminator_move_twice_per_iteration(device, normal):
    """Once towards the real batch, once towards the fake one; never towards a mixture of both."""
    rng = np.random.default_rng(5)
    d = Network([BatchNorm(decay=0.7), Dense(1)], (3,), rng=rng, dtype="float64", device=device)
    g = Network([Dense(3)], (2,), rng=rng, dtype="float64", device=device)
    z, x_real = normal(6, 2), 3 * normal(6, 3) + 2
    x_fake, caches = g.forward(z, train=True)
    game = Game(g, d, SGD(g, learning_rate=0.1), SGD(d, learning_rate=0.1), OBJECTIVE)
    discriminator_step(game, x_real, x_fake)
    generator_step(game, x_fake, caches)
    mean, var = np.zeros(3), np.ones(3)
    for x in (to_host(x_real), to_host(x_fake)):
        mean = 0.7 * mean + 0.3 * x.mean(axis=0)
        var = 0.7 * var + 0.3 * x.var(axis=0)
    np.testing.assert_allclose(to_host(d.layers[0].running_mean), mean, rtol=1e-12)
    np.testing.assert_allclose(to_host(d.layers[0].running_var), var, rtol=1e-12)


def test_real_and_fake_are_separate_batches(game):
    """In D's batch norm a real image must not depend on the fakes (ganhacks, hint 4)."""
    _, logits_real, _ = game.d_step(SGD(game.d, learning_rate=STAND_STILL))
    _, other, _ = game.d_step(SGD(game.d, learning_rate=STAND_STILL), x_fake=game.fakes()[0] * 0.5)
    np.testing.assert_array_equal(to_host(other), to_host(logits_real))


def test_float32_stays_float32(device, normal):
    game = Players(device, normal, dtype="float32")
    loss, *logits = game.d_step(Adam(game.d, learning_rate=0.01))
    g_loss = game.g_step(Adam(game.g, learning_rate=0.01))
    arrays = [loss, *logits, g_loss, *(a for net in (game.g, game.d) for a in (net.theta, net.dtheta, net.stats))]
    assert {str(a.dtype) for a in arrays} == {"float32"}


@every_objective
def test_the_alternating_step_is_the_two_steps(objective, device, normal):
    """D first, then G through the D that has moved; both draw from one stream, in this order."""
    together, apart = Players(device, normal), Players(device, normal)
    for players in (together, apart):
        players.g.theta[...], players.d.theta[...] = together.g.theta, together.d.theta
        players.z, players.x_real = together.z, together.x_real
    games = []
    for players in (together, apart):
        optimizers = [SGD(net, learning_rate=0.1) for net in (players.g, players.d)]
        games.append(Game(players.g, players.d, *optimizers, objective))
    x_fake, caches = together.fakes()
    result = alternating_step(games[0], together.x_real, x_fake, caches, rng=np.random.default_rng(12))
    assert isinstance(result, StepResult)
    draws = np.random.default_rng(12)
    x_fake, caches = apart.fakes()
    d_loss, outputs_real, outputs_fake = discriminator_step(games[1], apart.x_real, x_fake, rng=draws)
    g_loss = generator_step(games[1], x_fake, caches, rng=draws)
    for got, expected in zip(result, (d_loss, g_loss, outputs_real, outputs_fake), strict=True):
        np.testing.assert_array_equal(to_host(got), to_host(expected))
    for a, b in ((together.g, apart.g), (together.d, apart.d)):
        nothing_moved(state(a), state(b))


class Pull:
    """A penalty on G with the gradient 1 in every parameter; it remembers what it was given."""

    def add_gradient(self, generator, x_real, x_fake, caches_fake):
        generator.dtheta += 1
        self.seen = x_real, x_fake, caches_fake


@pytest.mark.parametrize("x_real", [None, "real"])
def test_a_generator_penalty_adds_to_the_gradient_of_the_loss(x_real, game):
    fakes = game.fakes()
    game.g_step(SGD(game.g, learning_rate=STAND_STILL), fakes=fakes)
    alone = to_host(game.g.dtheta).copy()
    paid = Game(game.g, game.d, SGD(game.g, learning_rate=STAND_STILL), None, OBJECTIVE, generator_penalty=Pull())
    x_fake, caches = game.fakes()
    generator_step(paid, x_fake, caches, x_real=x_real, rng=np.random.default_rng(13))
    np.testing.assert_allclose(to_host(game.g.dtheta), alone + 1, rtol=1e-14)
    assert paid.generator_penalty.seen == (x_real, x_fake, caches)


def test_the_alternating_step_shows_the_real_samples_to_the_generator_penalty(game):
    optimizers = [SGD(net, learning_rate=STAND_STILL) for net in (game.g, game.d)]
    paid = Game(game.g, game.d, *optimizers, OBJECTIVE, generator_penalty=Pull())
    x_fake, caches = game.fakes()
    alternating_step(paid, game.x_real, x_fake, caches, rng=np.random.default_rng(13))
    assert paid.generator_penalty.seen[0] is game.x_real


class Count:
    """A penalty on D with the gradient 1 in every parameter; it remembers what it was given."""

    def add_gradient(self, discriminator, x_real, x_fake, **options):
        discriminator.dtheta += 1
        self.seen = x_real, x_fake, options


def test_a_discriminator_penalty_adds_to_the_gradient_of_the_loss(game):
    x_fake, _ = game.fakes()
    game.d_step(SGD(game.d, learning_rate=STAND_STILL), x_fake=x_fake)
    alone = to_host(game.d.dtheta).copy()
    paid = Game(game.g, game.d, None, SGD(game.d, learning_rate=STAND_STILL), OBJECTIVE, discriminator_penalty=Count())
    draws = np.random.default_rng(12)
    discriminator_step(paid, game.x_real, x_fake, rng=draws)
    np.testing.assert_allclose(to_host(game.d.dtheta), alone + 1, rtol=1e-14)
    x_real, seen_fake, options = paid.discriminator_penalty.seen
    assert x_real is game.x_real
    assert seen_fake is x_fake
    assert options == {"rng": draws, "objective": OBJECTIVE}
