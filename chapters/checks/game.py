"""Checks of the exercises of chapter 00."""

import numpy as np

from minigan.datasets import ring, ring_centres
from minigan.errors import StaleCacheError
from minigan.models import build_networks
from minigan.notebook import expect, number, numbers
from minigan.objectives import get_objective
from minigan.optimizers import Adam
from minigan.training import Game

STD = 0.05


def check_1(answer):
    """L_D of one real point and one fake."""
    loss = number(answer)
    expect(abs(loss - 1.7148) > 5e-3, "the fake's term is log(1 - D), not log D")
    expect(abs(loss - 0.1643) > 5e-3, "(0.1) adds two means, one over the real points and one over the fakes")
    expect(abs(loss - 0.1427) > 5e-3, "log is the natural logarithm here, np.log")
    expect(loss > 0, "a loss of a player is positive here: look at the sign before each log")
    expect(abs(loss - 0.3285) < 5e-3, "two terms, each of them -log of what D gave to the truth")


def check_2(answer):
    """Both losses for a D that answers 0.99 everywhere."""
    d_loss, g_loss = numbers(answer, 2)
    expect(abs(g_loss - 4.6052) > 5e-2, "G: (0.2) has log D, and not log(1 - D)")
    expect(abs(g_loss - 0.01005) < 2e-3, "G: put D = 0.99 into (0.2)")
    expect(abs(d_loss - 0.0201) > 2e-3, "D: it is wrong about the fakes, and (0.1) lets it pay for them")
    expect(abs(d_loss - 4.6052) > 4e-3, "D: the real points cost a little, too")
    expect(abs(d_loss - 4.6152) < 5e-3, "D: (0.1) has two terms, -log 0.99 and -log of what is left")


def check_3(answer):
    """The best constant, and its loss."""
    c, loss = numbers(answer, 2)
    expect(abs(c - 0.5) < 1e-6, f"a c near {c:.3g} costs less: where is the derivative of -log c - log(1 - c) zero?")
    expect(abs(loss - np.log(2)) > 5e-3, "the loss of one term; (0.1) has two")
    expect(abs(loss - 2 * np.log(2)) < 5e-3, "put your c into both terms of (0.1)")


def check_4(answer):
    """The share of real points within k standard deviations, against 400,000 points."""
    distance = np.linalg.norm(np.random.default_rng(6).standard_normal((400_000, 2)), axis=1)
    shares = {k: number(answer(k)) for k in (1.0, 0.5, 2.0, 3.0)}
    expect(abs(shares[1.0] - 0.6827) > 2e-3, "68 % is the share in one dimension, and the points have two coordinates")
    expect(abs(shares[1.0] - 0.6065) > 2e-3, "that is the value at r = k or the share beyond k; integrate from 0 to k")
    for k, share in shares.items():
        counted = (distance <= k).mean()
        expect(abs(share - counted) < 4e-3, f"{counted:.3f} of 400,000 points lie within {k} std, not {share:.3f}")


def check_5(answer):
    """A counter of modes, on points where the count is known."""
    centres = ring_centres()
    rng = np.random.default_rng(8)
    three = ring(500, rng=rng, std=STD)[0]
    three = three[three[:, 0] > 0.2]
    found = number(answer(three, centres, STD))
    expect(found != len(three), "that is the number of good samples; count the modes that have one")
    expect(found == 3, f"these points lie at three modes, and you count {found:g}")
    stray = rng.uniform(-0.5, 0.5, (500, 2))
    found = number(answer(stray, centres, STD))
    expect(found == 0, f"points far away from all centres find nothing, and you count {found:g}: a mode has a reach")
    found = number(answer(centres + 2.5 * STD, centres, STD))
    expect(found == 0, "2.5 std off in both coordinates is 3.5 std off: the distance is a norm")
    found = number(answer(centres[:5] + 1.5 * STD, centres, STD))
    expect(found == 5, f"1.5 std off in both coordinates is near enough; five modes have such a point, not {found:g}")


def check_6(answer):
    """A round with any number of steps for each player: who moves, with which noise, and against whom."""
    for d_steps, g_steps in ((1, 1), (2, 3), (3, 1), (1, 4)):
        rng = np.random.default_rng(0)
        G, D = build_networks("points", (2,), rng=rng, fast=False)
        adams = Adam(G, learning_rate=1e-3, beta1=0.5), Adam(D, learning_rate=1e-3, beta1=0.5)
        game = Game(G, D, *adams, get_objective("non-saturating"))
        noise, forged, order, judged = [], [], [], []
        _spy(game, noise, forged, order, judged)
        asked, stale, returned = f"d_steps = {d_steps}, g_steps = {g_steps}", False, game
        try:
            returned = answer(game, rng, d_steps, g_steps)
        except StaleCacheError:
            stale = True
        moved = f"{asked}: G has moved since some of its fakes were made; forge anew for each step"
        expect(not stale, moved)
        d_count, g_count = order.count("D"), order.count("G")
        expect(d_count == d_steps, f"{asked}: D has taken {d_count} steps")
        expect(g_count == g_steps, f"{asked}: G has taken {g_count} steps")
        expect(order == ["D"] * d_steps + ["G"] * g_steps, f"{asked}: first all steps of D, and then those of G")
        expect(forged[d_steps - 1 :].count(0) <= 2, moved)
        expect(
            len(noise) >= d_steps + g_steps - 1,
            f"{asked}: each step needs fakes of its own; you forge {len(noise)} times",
        )
        different = len({z.tobytes() for z in noise})
        expect(different == len(noise), f"{asked}: the same noise comes twice; draw fresh noise for each step")
        real = {x[:128].tobytes() for x in judged if len(x) == 256}
        expect(len(real) == d_steps, f"{asked}: the same real points come twice; draw fresh ones for each step of D")
        expect(returned is game, f"the steps are right; now return the game, and not {type(returned).__name__}")


def _spy(game, noise, forged, order, judged):
    """Write down the noise that G gets, how often G has moved by then, who moves, and what D judges."""
    forward, judge = game.generator.forward, game.discriminator.forward

    def watched(z, **options):
        noise.append(np.array(z))
        forged.append(order.count("G"))
        return forward(z, **options)

    def watched_judge(x, **options):
        judged.append(np.array(x))
        return judge(x, **options)

    game.generator.forward, game.discriminator.forward = watched, watched_judge
    for name, optimizer in (("G", game.generator_optimizer), ("D", game.discriminator_optimizer)):
        optimizer.step = _noting(optimizer.step, name, order)


def _noting(step, name, order):
    def noted():
        order.append(name)
        step()

    return noted
