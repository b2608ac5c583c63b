"""What each player minimises: literal values, gradients by finite differences, and steps in the right direction."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_game
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    RandomShift,
    Reshape,
    Tanh,
)
from minigan.network import Network
from minigan.objectives import OBJECTIVES, Minimax, NonSaturating, SoftLabels, get_objective
from minigan.objectives.ensemble import DiscriminatorEnsembleObjective

cross_entropy = pytest.mark.parametrize("objective", [NonSaturating(), Minimax()], ids=lambda each: each.name)
every_objective = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)


def test_literal_values_per_logit(device):
    """At s = 0 and s = log 3, where D = 1/2 and 3/4."""
    s = to_device(np.array([[0.0], [np.log(3)]]), device)
    log = np.log
    for (loss, ds), expected, slopes in (
        (NonSaturating().real_loss(s), [log(2), log(4 / 3)], [-1 / 2, -1 / 4]),
        (NonSaturating().fake_loss(s), [log(2), log(4)], [1 / 2, 3 / 4]),
        (NonSaturating().generator_loss(s), [log(2), log(4 / 3)], [-1 / 2, -1 / 4]),
        (Minimax().real_loss(s), [log(2), log(4 / 3)], [-1 / 2, -1 / 4]),
        (Minimax().fake_loss(s), [log(2), log(4)], [1 / 2, 3 / 4]),
        (Minimax().generator_loss(s), [-log(2), -log(4)], [-1 / 2, -3 / 4]),
    ):
        np.testing.assert_allclose(to_host(loss)[:, 0], expected, rtol=1e-14)
        np.testing.assert_allclose(to_host(ds)[:, 0], slopes, rtol=1e-14)


@cross_entropy
def test_discriminator_that_knows_nothing_loses_2_log_2(objective, device):
    zeros = to_device(np.zeros((5, 1)), device)
    loss, ds_real, ds_fake = objective.discriminator(zeros, zeros)
    np.testing.assert_allclose(to_host(loss), 2 * np.log(2), rtol=1e-15)
    np.testing.assert_allclose(to_host(ds_real), np.full((5, 1), -0.1), rtol=1e-15)
    np.testing.assert_allclose(to_host(ds_fake), np.full((5, 1), 0.1), rtol=1e-15)


@cross_entropy
def test_discriminator_loss(objective, device, normal):
    real, fake = normal(4, 1), normal(6, 1)
    loss, ds_real, ds_fake = objective.discriminator(real, fake)
    d_real, d_fake = (1 / (1 + np.exp(-to_host(s))) for s in (real, fake))
    np.testing.assert_allclose(to_host(loss), -np.log(d_real).mean() - np.log(1 - d_fake).mean(), rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_real), (d_real - 1) / 4, rtol=1e-13)
    np.testing.assert_allclose(to_host(ds_fake), d_fake / 6, rtol=1e-13)


@pytest.mark.parametrize("wrap", [lambda each: each, DiscriminatorEnsembleObjective], ids=["alone", "ensemble"])
@every_objective
def test_no_logits_have_no_mean(objective, wrap, device, normal):
    objective, some, none = wrap(objective), normal(2, 1), normal(0, 1)
    message = r"expected the logits of at least one sample, got shape \(0, 1\)$"
    with pytest.raises(InputError, match=f"^logits_real: {message}"):
        objective.discriminator(none, some)
    with pytest.raises(InputError, match=f"^logits_fake: {message}"):
        objective.discriminator(some, none)
    with pytest.raises(InputError, match=f"^logits_fake: {message}"):
        objective.generator(none)


def test_generator_gradient_per_logit(device, normal):
    """Same fixed point, another gradient: saturating -D, non-saturating -(1 - D)."""
    logits = 4 * normal(7, 1)
    d = 1 / (1 + np.exp(-to_host(logits)))
    loss, ds = Minimax().generator(logits)
    np.testing.assert_allclose(to_host(loss), np.log(1 - d).mean(), rtol=1e-11)
    np.testing.assert_allclose(to_host(ds), -d / 7, rtol=1e-13, atol=1e-16)
    loss, ds = NonSaturating().generator(logits)
    np.testing.assert_allclose(to_host(loss), -np.log(d).mean(), rtol=1e-12)
    np.testing.assert_allclose(to_host(ds), -(1 - d) / 7, rtol=1e-12, atol=1e-16)


def test_minimax_dies_where_the_discriminator_wins(device):
    losing = to_device(np.array([[-50.0]]), device)
    assert abs(float(to_host(Minimax().generator(losing)[1])[0, 0])) < 1e-20
    assert float(to_host(NonSaturating().generator(losing)[1])[0, 0]) == pytest.approx(-1, abs=1e-15)


def test_objectives_share_the_discriminators_loss(device, normal):
    real, fake = normal(4, 1), normal(4, 1)
    for a, b in zip(
        get_objective("minimax").discriminator(real, fake),
        get_objective("non-saturating").discriminator(real, fake),
        strict=True,
    ):
        np.testing.assert_array_equal(to_host(a), to_host(b))


@every_objective
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saturated_logits_are_finite(objective, dtype, device):
    logits = to_device(np.array([[-100], [100], [-1e4], [1e4]], dtype=dtype), device)
    for each in (*objective.discriminator(logits, -logits), *objective.generator(logits)):
        assert each.dtype == dtype
        assert np.isfinite(to_host(each)).all()


@every_objective
def test_the_logit_is_the_output_of_d(objective, device, normal):
    s = normal(4, 1)
    logit, slope = objective.logit(s)
    assert logit is s
    np.testing.assert_array_equal(to_host(slope), np.ones((4, 1)))


@every_objective
def test_output(objective, device, normal):
    """Probability or score; higher for what the best D takes for real, and as the wrapped objective has it."""
    s = 3 * normal(5, 2)
    expected = 1 / (1 + np.exp(-to_host(s))) if objective.name in ("non-saturating", "minimax") else to_host(s)
    for each in (
        objective,
        SoftLabels(objective, real=0.9, rng=np.random.default_rng(0)),
        DiscriminatorEnsembleObjective(SoftLabels(objective, rng=np.random.default_rng(0))),
        DiscriminatorEnsembleObjective(objective),
    ):
        np.testing.assert_allclose(to_host(each.output(s)), expected, rtol=1e-13)


def slope():
    return LeakyReLU(negative_slope=0.2)


PLAYERS = {
    "plain": (
        lambda: [Dense(6), slope(), Dense(16), Tanh(), Reshape((4, 4, 1))],
        lambda: [Flatten(), Dense(6), slope(), Dense(1)],
    ),
    "batch norm in G": (
        lambda: [Dense(8), BatchNorm(), slope(), Reshape((2, 2, 2)), Conv2DTranspose(1, 4, stride=2), Tanh()],
        lambda: [Flatten(), Dense(6), slope(), Dense(1)],
    ),
    "batch norm in D": (
        lambda: [Dense(16), Tanh(), Reshape((4, 4, 1))],
        lambda: [Conv2D(3, 3, stride=2), BatchNorm(), slope(), Flatten(), Dense(5), BatchNorm(), slope(), Dense(1)],
    ),
    "dropout and shifts": (
        lambda: [Dense(8), BatchNorm(), Dropout(rate=0.3), Dense(16), Tanh(), Reshape((4, 4, 1))],
        lambda: [RandomShift(1), Flatten(), Dropout(rate=0.5), Dense(6), slope(), Dropout(rate=0.5), Dense(1)],
    ),
}


def build(players, device, dtype="float64"):
    g_layers, d_layers = PLAYERS[players]
    rng = np.random.default_rng(7)
    g = Network(g_layers(), (3,), rng=rng, dtype=dtype, device=device)
    d = Network(d_layers(), (4, 4, 1), rng=rng, dtype=dtype, device=device)
    return g, d


@every_objective
@pytest.mark.parametrize("players", PLAYERS)
def test_both_players_gradients(players, objective, device):
    g, d = build(players, device, dtype="float32")
    checks = check_game(g, d, objective, batch=5)
    assert len(checks) == 3
    for check in checks:
        assert check.ok, check
        assert check.analytic != 0, check


class TrainsBackwards(NonSaturating):
    """Canary: the sign error that several published implementations trained with for years."""

    def generator(self, logits_fake):
        loss, ds = super().generator(logits_fake)
        return loss, -ds


def test_a_generator_trained_backwards_is_caught():
    discriminator, *generator = check_game(*build("plain", "cpu"), TrainsBackwards(), batch=5)
    assert discriminator.ok
    assert not any(check.ok for check in generator)


@every_objective
@pytest.mark.parametrize("players", PLAYERS)
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_tiny_step_lowers_the_players_own_loss(player, players, objective, device, normal):
    """To first order by learning_rate * |dtheta|^2, which also holds the size of the gradient."""
    g, d = build(players, device)
    z, x_real = normal(5, 3), normal(4, 4, 5, 1)

    def play():
        draws = np.random.default_rng(3)
        x_fake, caches_g = g.forward(z, train=True, rng=draws)
        real, caches_real = d.forward(x_real, train=True, rng=draws)
        fake, caches_fake = d.forward(x_fake, train=True, rng=draws)
        g.zero_grad()
        d.zero_grad()
        if player == "generator":
            loss, ds = objective.generator(fake)
            g.backward(d.backward(ds, caches_fake, param_grads=False), caches_g)
        else:
            loss, ds_real, ds_fake = objective.discriminator(real, fake)
            d.backward(ds_real, caches_real)
            d.backward(ds_fake, caches_fake)
        return float(to_host(loss))

    mover = g if player == "generator" else d
    before = play()
    gradient = mover.dtheta.copy()
    expected = 1e-6 * float(to_host((gradient * gradient).sum()))
    mover.theta -= 1e-6 * gradient
    mover.version += 1
    assert before - play() == pytest.approx(expected, rel=1e-2)
    assert expected > 1e-12
