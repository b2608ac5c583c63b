"""The checks of chapter 12, a DCGAN that draws digits."""

import numpy as np

from minigan import Network
from minigan.layers import BatchNorm, Dense, LeakyReLU
from minigan.metrics import kl_to_uniform
from minigan.notebook import expect, number, numbers
from minigan.objectives import NonSaturating
from minigan.optimizers import SGD, RunningAverage
from minigan.training import Game, discriminator_step, generator_step


def check_1(answer):
    """The parameters of a transposed convolution."""
    count = number(answer)
    expect(count != 204_864, "this counts a bias; look at use_bias")
    expect(count != 8192, "each pair of channels has a whole kernel, not a single weight")
    expect(count != 819_200, "the stride moves the kernel; it does not add weights")
    expect(count == 204_800, "count KH KW C F, (12.3)")


def check_2(answer):
    """The input of D's last layer."""
    count = number(answer)
    expect(count != 3136, "this is for 28 x 28")
    expect(count != 8192, "this is for the wide D; look at the drawing of the narrow one")
    expect(count != 64, "the number of channels is right; how many pixels has each of them?")
    expect(count != 16384, "D has two convolutions of stride 2")
    expect(count == 4096, "divide 32 by 2 twice, (12.2), and count all pixels of all channels")


def check_3(answer):
    """Both losses from two probabilities."""
    half = numbers(answer(0.5, 0.5), 2)
    expect(not np.allclose(half, np.log(2)), "L_D is the sum of two means, not their mean, (12.5)")
    expect((half > 0).all(), "a loss is minus a logarithm of a probability")
    l_d, l_g = numbers(answer(0.8, 0.3), 2)
    expect(not np.isclose(l_d, -np.log(0.3)), "the order is L_D, L_G")
    expect(not np.isclose(l_d, -np.log(0.8) - np.log(0.3)), "D wants its probability for a fake to be small: 1 - q")
    expect(not np.isclose(l_g, np.log(0.7)), "this is the loss of the box; ours does not saturate, (12.6)")
    expect(np.isclose(l_d, -np.log(0.8) - np.log(0.7)), "L_D: put p and q into (12.5)")
    expect(np.isclose(l_g, -np.log(0.3)), "L_G: put q into (12.6)")


def check_4(answer):
    """The mean squared length between two noise vectors."""
    half = number(answer(0.5, 64))
    expect(not np.isclose(half, 64), "the length is not kept; the weights are squared")
    expect(not np.isclose(half, np.sqrt(32)), "the squared length, not the length")
    expect(not np.isclose(half, 0.5), "a sum over Z coordinates")
    for t, Z in ((0.0, 64), (0.3, 64), (0.5, 16)):
        a, b = np.random.default_rng(3).standard_normal((2, 20_000, Z))
        measured = (((1 - t) * a + t * b) ** 2).sum(axis=1).mean()
        expect(
            np.isclose(number(answer(t, Z)), measured, rtol=0.01), f"at t = {t} and Z = {Z} it is about {measured:.1f}"
        )


def check_5(answer):
    """The running average of a sequence of numbers."""
    values, first = [3.0, -1.0, 2.0, 5.0], 0.5
    result = number(answer(list(values), 0.9, first))
    slow = plain = first
    late = first
    for t, value in enumerate(values):
        slow += 0.1 * (value - slow)
        plain += (1 + t) / (10 + t) * (value - plain)
        late += (1 - min(0.9, (2 + t) / (11 + t))) * (value - late)
    expect(not np.isclose(result, slow), "the decay is smaller at the start: the minimum in (12.8)")
    expect(not np.isclose(result, plain), "w is 1 minus the minimum, not the minimum")
    expect(not np.isclose(result, late), "t begins at 0")
    expect(np.isclose(result, _average(values, 0.9, first)), "compare with (12.8), step by step")
    many = np.random.default_rng(0).normal(size=200)
    hint = "right for few values; later the minimum is the decay"
    expect(np.isclose(number(answer(many, 0.9, 0.0)), _average(many, 0.9, 0.0)), hint)


def _average(values, decay, first):
    net = Network([Dense(1, use_bias=False)], (1,), rng=np.random.default_rng(0), dtype="float64")
    net.theta[...] = first
    average = RunningAverage(net, decay=decay)
    for value in values:
        net.theta[...] = value
        average.update()
    return average.network.theta[0]


def check_6(answer):
    """A test of collapse: how often is chance as unequal?"""
    rng = np.random.default_rng(6)
    few = np.array([13, 7, 10, 12, 9, 8, 14, 6, 11, 10])
    share = number(answer(few, np.random.default_rng(1)))
    truth = np.mean(
        [kl_to_uniform(each) >= kl_to_uniform(few) for each in rng.multinomial(100, np.full(10, 0.1), 5000)]
    )
    expect(0 <= share <= 1, "a share lies between 0 and 1")
    expect(abs(share - (1 - truth)) > 0.05, "this is the share of histograms that are more equal; count the others")
    expect(
        share > 0.05, "a hundred fair draws are often as unequal as this; draw as many samples as there are in counts"
    )
    expect(abs(share - truth) < 0.06, f"about {truth:.2f} of fair histograms of 100 samples are at least as unequal")
    many = number(answer(100 * few, np.random.default_rng(2)))
    expect(
        many < 0.01,
        "the same shares of 10,000 samples are no chance: the histograms must have as many samples as counts",
    )
    empty = number(answer(np.array([4, 3, 3, 2, 2, 2, 2, 1, 1, 0]), np.random.default_rng(3)))
    expect(empty > 0.5, "a class that never occurs: 0 log 0 is 0, not NaN")


def check_7(answer):
    """The input gradient of copying each pixel into a block."""
    draw = np.random.default_rng(7)
    x_dot, dy = draw.normal(size=(3, 2, 4, 5)), draw.normal(size=(6, 4, 4, 5))
    dx = np.asarray(answer(dy))
    expect(dx.shape == x_dot.shape, f"for dy of shape {dy.shape}, dx has the shape {x_dot.shape}, not {dx.shape}")
    blocks = dy.reshape(3, 2, 2, 2, 4, 5)
    expect(not np.allclose(dx, blocks.mean(axis=(1, 3))), "a pixel has four copies, and each of them counts in full")
    expect(not np.allclose(dx, blocks[:, 0, :, 0]), "a pixel has four copies; this hears one of them")
    far = dy.reshape(2, 3, 2, 2, 4, 5).sum(axis=(0, 2))
    expect(not np.allclose(dx, far), "which rows are copies of the same row? Neighbours")
    y_dot = x_dot.repeat(2, axis=0).repeat(2, axis=1)
    expect(
        np.isclose((dy * y_dot).sum(), (dx * x_dot).sum()), "<dy, y_dot> is not <dx, x_dot>: where did each pixel go?"
    )


def check_8(answer):
    """A step by the box, with new noise for G."""
    draw = np.random.default_rng(8)
    x_real = draw.normal(size=(6, 2)) + 2
    z_d, z_g = draw.normal(size=(2, 6, 3))
    game, truth = _game(), _step(_game(), x_real, z_d, z_g)
    before = game.generator.theta.copy(), game.discriminator.theta.copy()
    loss = answer(game, x_real, z_d, z_g, np.random.default_rng(0))
    after = game.generator.theta, game.discriminator.theta
    expect(loss is not None, "return G's loss")
    expect(not np.array_equal(before[1], after[1]), "D has not moved")
    expect(not np.array_equal(before[0], after[0]), "G has not moved")
    for noises, hint in (
        ((z_d, z_d), "G's step got the fakes of D's step again"),
        ((z_g, z_g), "D's step got the fakes of z_g, and so did G's"),
        ((z_g, z_d), "the two noises have changed places"),
    ):
        expect(not np.allclose(after[0], _step(_game(), x_real, *noises)[1]), hint)
    first_g = _step(_game(), x_real, z_d, z_g, g_first=True)
    expect(not np.allclose(after[0], first_g[1]), "D moves first, and G learns through the D that has moved")
    expect(
        np.allclose(after[1], truth[2]), "D did not end where the box leaves it; make its fakes from z_d, in training"
    )
    expect(
        np.allclose(after[0], truth[1]), "G did not end where the box leaves it; make its fakes from z_g, in training"
    )
    expect(np.isclose(number(loss), truth[0]), "the loss is what generator_step returns")


def _game():
    rng = np.random.default_rng(88)
    layers = [Dense(4, use_bias=False), BatchNorm(), LeakyReLU(negative_slope=0.3), Dense(2)]
    G = Network(layers, (3,), rng=rng, dtype="float64")
    D = Network([Dense(5), LeakyReLU(negative_slope=0.3), Dense(1)], (2,), rng=rng, dtype="float64")
    steps = (SGD(player, learning_rate=0.05) for player in (G, D))  # Adam's first step hears only signs
    return Game(G, D, *steps, NonSaturating())


def _step(game, x_real, z_d, z_g, g_first=False):
    def move_d():
        discriminator_step(game, x_real, game.generator.forward(z_d, train=True)[0])

    if not g_first:
        move_d()
    loss = generator_step(game, *game.generator.forward(z_g, train=True))
    if g_first:
        move_d()
    return float(loss), game.generator.theta, game.discriminator.theta
