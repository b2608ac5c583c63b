"""The gradient checker: it must pass what is right and reject canaries, backward passes that are wrong on purpose."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.gradient_check import (
    Check,
    check_directional,
    check_elementwise,
    check_game,
    check_layer,
    check_network,
    report,
)
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    MinibatchStd,
    RandomShift,
    Reshape,
    Sigmoid,
    SpectralNorm,
    Tanh,
)
from minigan.layers.base import sum_over_rows
from minigan.layers.batch_norm import mean_over_rows
from minigan.layers.convolution import conv2d_input_grad
from minigan.layers.discriminator import random_shift as shifts
from minigan.network import Network
from minigan.objectives import Minimax, NonSaturating


def wrong_arrays(checks):
    """Which arrays a report calls wrong: {"adjoint", "dx", "dw", ...}."""
    return {check.name.split()[-1].split("[")[0] for check in checks if not check.ok}


# canaries: each is one mistake that somebody has made


class TanhMissingFactor(Tanh):
    def input_grad(self, dy, cache):
        return dy * (1 - cache)


class TanhFromItsInput(Tanh):
    def forward(self, x, *, train, rng=None):
        return super().forward(x, train=train)[0], x


class SigmoidWrongSign(Sigmoid):
    def input_grad(self, dy, cache):
        return dy * (cache * (cache - 1))


class LeakyReLUSlopeForgotten(LeakyReLU):
    def input_grad(self, dy, cache):
        return dy * (cache > 0)


class DenseTransposed(Dense):
    def input_grad(self, dy, cache):
        return dy @ self.w  # fits when w is square


class DenseScaled(Dense):
    def input_grad(self, dy, cache):
        return super().input_grad(dy, cache) * (1 + 1e-4)


class DenseWrongSign(Dense):
    def add_param_grads(self, dy, cache):
        self.dw -= cache.T @ dy
        self.db += sum_over_rows(dy)


class DenseBiasAveraged(Dense):
    def add_param_grads(self, dy, cache):
        self.dw += cache.T @ dy
        self.db += dy.mean(axis=0)


class DenseBiasForgotten(Dense):
    def add_param_grads(self, dy, cache):
        self.dw += cache.T @ dy


class DenseOverwrites(Dense):
    def add_param_grads(self, dy, cache):
        self.dw[...] = cache.T @ dy
        self.db[...] = sum_over_rows(dy)


class DenseOverwritesBias(Dense):
    def add_param_grads(self, dy, cache):
        self.dw += cache.T @ dy
        self.db[...] = sum_over_rows(dy)


class DenseAffineTangent(Dense):
    def jvp(self, x_dot, cache):
        return x_dot @ self.w + self.b


class DenseNaN(Dense):
    def input_grad(self, dy, cache):
        dx = super().input_grad(dy, cache)
        dx[-1, -1] = np.nan
        return dx


class BatchNormWithoutMeans(BatchNorm):
    def input_grad(self, dy, cache):
        return dy * (self.gamma * cache.inv_std)


class BatchNormWithoutVariance(BatchNorm):
    def input_grad(self, dy, cache):
        return self.gamma * cache.inv_std * (dy - mean_over_rows(dy))


class BatchNormGainForgotten(BatchNorm):
    def input_grad(self, dy, cache):
        return super().input_grad(dy, cache) / self.gamma


class BatchNormTrainFormulaInEval(BatchNorm):
    def input_grad(self, dy, cache):
        return super().input_grad(dy, cache._replace(train=True))


class BatchNormSwapped(BatchNorm):
    def add_param_grads(self, dy, cache):
        self.dbeta += sum_over_rows(dy * cache.x_hat)
        self.dgamma += sum_over_rows(dy)


class BatchNormParamGradsForgotten(BatchNorm):
    def backward(self, dy, cache, *, param_grads=True):
        return self.input_grad(dy, cache)


class ConvInputGradOffByOne(Conv2D):
    def input_grad(self, dy, cache):
        return get_array_module(dy).roll(super().input_grad(dy, cache), 1, axis=0)


class ConvWeightGradOffByOne(Conv2D):
    def add_param_grads(self, dy, cache):
        before = self.dw.copy()
        super().add_param_grads(dy, cache)
        self.dw[...] = before + get_array_module(dy).roll(self.dw - before, 1, axis=0)


class ConvFlippedKernel(Conv2D):
    def input_grad(self, dy, cache):
        return conv2d_input_grad(dy, self.w[::-1, ::-1].copy(), self.geometry)


class TransposedConvWrongTaps(Conv2DTranspose):
    def add_param_grads(self, dy, cache):
        before = self.dw.copy()
        super().add_param_grads(dy, cache)
        self.dw[...] = before + (self.dw - before)[:, ::-1]


class SpectralNormOfAConstant(SpectralNorm):
    def _subtract_sigma(self, dy, y, cache):
        """As if sigma did not depend on W."""


class StdOfAnotherGroup(MinibatchStd):
    def input_grad(self, dy, cache):
        return super().input_grad(dy, cache._replace(slope=-cache.slope))


class DropoutScaleForgotten(Dropout):
    def input_grad(self, dy, cache):
        return dy * (cache > 0)


class DropoutMaskForgotten(Dropout):
    def input_grad(self, dy, cache):
        return dy


class ShiftTheSameWay(RandomShift):
    def input_grad(self, dy, cache):
        return self.jvp(dy, cache)


class ShiftFilledTangent(RandomShift):
    def jvp(self, x_dot, cache):
        return shifts.shift(x_dot, *cache, reach=self.reach, fill=-1)


class FlattenMixedAxes(Flatten):
    def input_grad(self, dy, cache):
        h, w, c = self.shape
        return dy.reshape(len(dy), w, h, c).transpose(2, 1, 0, 3)


IMAGE = (4, 4, 2)
SEEDS = {"cpu": (0, 1), "cuda": (0,)}
CANARIES = [  # layer, input shape, train, what must be called wrong
    (TanhMissingFactor(), (3,), True, {"dx"}),
    (TanhFromItsInput(), (3,), True, {"dx"}),
    (SigmoidWrongSign(), (3,), True, {"dx"}),
    (LeakyReLUSlopeForgotten(negative_slope=0.2), (3,), True, {"dx"}),
    (DenseTransposed(4), (4,), True, {"adjoint", "dx"}),
    (DenseScaled(3), (5,), True, {"adjoint", "dx"}),
    (DenseWrongSign(3), (5,), True, {"dw"}),
    (DenseBiasAveraged(3), (5,), True, {"db"}),
    (DenseBiasForgotten(3), (5,), True, {"db"}),
    (DenseOverwrites(3), (5,), True, {"dw", "db"}),
    (DenseOverwritesBias(3), (5,), True, {"db"}),
    (DenseAffineTangent(3), (5,), True, {"adjoint"}),
    (DenseNaN(3), (5,), True, {"adjoint", "dx"}),
    (BatchNormWithoutMeans(), (3,), True, {"dx"}),
    (BatchNormWithoutVariance(), (3,), True, {"dx"}),
    (BatchNormGainForgotten(), IMAGE, True, {"dx"}),
    (BatchNormTrainFormulaInEval(), IMAGE, False, {"dx"}),
    (BatchNormSwapped(), IMAGE, True, {"dgamma", "dbeta"}),
    (BatchNormParamGradsForgotten(), (3,), True, {"dgamma", "dbeta"}),
    (ConvInputGradOffByOne(3, 3), IMAGE, True, {"adjoint", "dx"}),
    (ConvWeightGradOffByOne(3, 3), IMAGE, True, {"dw"}),
    (ConvFlippedKernel(3, 3), IMAGE, True, {"adjoint", "dx"}),
    (TransposedConvWrongTaps(3, 3), IMAGE, True, {"dw"}),
    (SpectralNormOfAConstant(Dense(3)), (5,), True, {"dw"}),
    (StdOfAnotherGroup(), (3,), True, {"adjoint", "dx"}),
    (DropoutScaleForgotten(rate=0.3), (9,), True, {"dx"}),
    (DropoutMaskForgotten(rate=0.3), (9,), True, {"dx"}),
    (ShiftTheSameWay(1), IMAGE, True, {"adjoint", "dx"}),
    (ShiftFilledTangent(1), IMAGE, True, {"adjoint"}),
    (FlattenMixedAxes(), (3, 4, 2), True, {"adjoint", "dx"}),
]


@pytest.mark.parametrize(
    ("canary", "shape", "train", "wrong"), [pytest.param(*case, id=type(case[0]).__name__) for case in CANARIES]
)
def test_canaries_are_rejected(canary, shape, train, wrong, device):
    """Not only rejected: the wrong array is named, and no other."""
    for seed in SEEDS[device]:
        assert wrong_arrays(check_layer(canary, shape, train=train, seed=seed, device=device)) == wrong


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (Tanh, (3,)),
        (Sigmoid, (3,)),
        (lambda: LeakyReLU(negative_slope=0.2), (3,)),
        (lambda: Dense(4), (4,)),
        (BatchNorm, IMAGE),
        (lambda: Conv2D(3, 3), IMAGE),
        (lambda: Conv2DTranspose(3, 3), IMAGE),
        (lambda: Dropout(rate=0.3), (9,)),
        (lambda: RandomShift(1), IMAGE),
        (Flatten, (3, 4, 2)),
    ],
    ids=["tanh", "sigmoid", "leaky", "dense", "batch norm", "conv", "transposed", "dropout", "shift", "flatten"],
)
def test_the_right_ones_pass(make, shape, train, device):
    for seed in SEEDS[device]:
        checks = check_layer(make(), shape, train=train, seed=seed, device=device)
        assert wrong_arrays(checks) == set(), report(checks)


def networks(device="cpu", middle=Dense):
    def network(layers, shape):
        return Network(layers, shape, rng=np.random.default_rng(0), device=device)

    generator = network(
        [Dense(8, use_bias=False), BatchNorm(), LeakyReLU(negative_slope=0.2), Dense(9), Reshape((3, 3, 1)), Tanh()],
        (4,),
    )
    discriminator = network(
        [
            RandomShift(1),
            Conv2D(2, 3, stride=2),
            LeakyReLU(negative_slope=0.2),
            Dropout(rate=0.3),
            Flatten(),
            middle(8),
            Tanh(),
            Dense(1),
        ],
        (3, 3, 1),
    )
    return generator, discriminator


@pytest.mark.parametrize("train", [True, False])
def test_whole_networks_pass(train, device):
    for net in networks(device):
        checks = check_network(net, train=train)
        assert wrong_arrays(checks) == set(), report(checks)


def test_a_gradient_that_is_exactly_0_passes(device):
    """A bias before batch norm has no effect: 1e-17 against 1e-11 is right, not 100 % wrong."""
    layers = [Dense(5), BatchNorm(), Tanh(), Dense(2)]
    checks = check_network(Network(layers, (3,), rng=np.random.default_rng(0), device=device))
    assert wrong_arrays(checks) == set(), report(checks)


def test_a_wrong_layer_is_named_inside_a_network(device):
    checks = check_network(networks(device, middle=DenseWrongSign)[1])
    assert {check.name.split("[")[0] for check in checks if not check.ok} == {"network: 5 DenseWrongSign dw"}


def test_a_wrong_input_gradient_spoils_everything_before_it(device):
    checks = check_network(networks(device, middle=DenseTransposed)[1])
    wrong = {check.name.split("[")[0] for check in checks if not check.ok}
    assert {"network: adjoint", "network: dx", "network: 1 Conv2D dw", "network: 1 Conv2D db"} <= wrong
    assert not any("Dense d" in name or "DenseTransposed d" in name for name in wrong)


# both players


class WrongSignForG(NonSaturating):
    def generator(self, logits_fake):
        loss, ds = super().generator(logits_fake)
        return loss, -ds


class NotDividedByN(NonSaturating):
    def discriminator(self, logits_real, logits_fake):
        loss, ds_real, ds_fake = super().discriminator(logits_real, logits_fake)
        return loss, ds_real * len(logits_real), ds_fake * len(logits_fake)


class FakeHalfForgotten(NonSaturating):
    def discriminator(self, logits_real, logits_fake):
        loss, ds_real, ds_fake = super().discriminator(logits_real, logits_fake)
        return loss, ds_real, 0 * ds_fake


class RealAndFakeExchanged(NonSaturating):
    def discriminator(self, logits_real, logits_fake):
        loss, ds_real, ds_fake = super().discriminator(logits_real, logits_fake)
        return loss, ds_fake, ds_real


class SaturatingGradient(NonSaturating):
    def generator(self, logits_fake):
        return super().generator(logits_fake)[0], Minimax().generator(logits_fake)[1]


D_WRONG = {"discriminator: dtheta"}
G_WRONG = {"generator through discriminator: dtheta", "generator through discriminator: dz"}


@pytest.mark.parametrize("objective", [NonSaturating(), Minimax()])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_right_game_passes(objective, seed, device):
    checks = check_game(*networks(device), objective, seed=seed)
    assert {check.name for check in checks} == D_WRONG | G_WRONG
    assert all(check.ok for check in checks), report(checks)


@pytest.mark.parametrize(
    ("objective", "wrong"),
    [
        (WrongSignForG(), G_WRONG),
        (NotDividedByN(), D_WRONG),
        (FakeHalfForgotten(), D_WRONG),
        (RealAndFakeExchanged(), D_WRONG),
        (SaturatingGradient(), G_WRONG),
    ],
    ids=lambda case: type(case).__name__,
)
def test_wrong_objectives_are_rejected(objective, wrong, device):
    checks = check_game(*networks(device), objective)
    assert {check.name for check in checks if not check.ok} == wrong


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [(DenseOverwrites, D_WRONG), (DenseWrongSign, D_WRONG), (DenseTransposed, D_WRONG | G_WRONG)],
)
def test_a_wrong_layer_in_the_discriminator_is_rejected(layer, wrong, device):
    checks = check_game(*networks(device, middle=layer), NonSaturating())
    assert {check.name for check in checks if not check.ok} == wrong


def test_game_of_networks_that_do_not_fit():
    generator, discriminator = networks()
    with pytest.raises(InputError, match=r"generator: expected samples of shape \(3, 3, 1\) for D, got \(1,\)"):
        check_game(discriminator, discriminator, NonSaturating())
    with pytest.raises(InputError, match=r"expected samples of shape \(4,\) for D, got \(3, 3, 1\)"):
        check_game(generator, generator, NonSaturating())


# one array at a time


def cubes(x):
    return float(to_host((x * x * x).sum()))


@pytest.mark.parametrize("check", [check_directional, check_elementwise])
def test_the_cube(check, device, normal, rng):
    x = normal(3, 4)
    assert check("cube", cubes, x, 3 * x * x, rng=rng).ok
    assert not check("cube", cubes, x, 3 * x * x * (1 + 1e-5), rng=rng).ok
    assert not check("cube", cubes, x, 2 * x * x, rng=rng).ok


@pytest.mark.parametrize("where", [(0, 0), (1, 2), (2, 3)])
def test_elementwise_names_the_wrong_index(where, device, normal, rng):
    x = normal(3, 4)
    gradient = 3 * x * x
    gradient[where] += 0.01
    check = check_elementwise("cube", cubes, x, gradient, rng=rng)
    assert not check.ok
    assert check.name == f"cube[{where[0] * 4 + where[1]}]"
    assert check.analytic == float(gradient[where])
    np.testing.assert_allclose(check.numeric, float(gradient[where]) - 0.01, rtol=1e-6)


def test_elementwise_looks_at_as_many_as_asked(device, normal, rng):
    x, moved = normal(10, 10), set()

    def f(x_h):
        moved.update(np.flatnonzero(to_host(x_h) != to_host(x)).tolist())
        return cubes(x_h)

    check_elementwise("cube", f, x, 3 * x * x, rng=rng, elements=7)
    assert len(moved) == 7


def test_elementwise_reads_non_contiguous_gradients_in_order(device, normal, rng):
    x = normal(4, 3).T
    gradient = 3 * x * x
    assert check_elementwise("cube", cubes, x, gradient, rng=rng).ok


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("check", [check_directional, check_elementwise])
def test_nan_and_infinity_are_never_right(check, value, seed, device, normal):
    x = normal(6)
    gradient = 3 * x * x
    gradient[3] = value
    assert not check("cube", cubes, x, gradient, rng=np.random.default_rng(seed)).ok


@pytest.mark.parametrize("check", [check_directional, check_elementwise])
def test_a_loss_that_is_nan_is_never_right(check, device, normal, rng):
    x = normal(6)
    assert not check("nan", lambda x: float("nan"), x, 3 * x * x, rng=rng).ok


@pytest.mark.parametrize("check", [check_directional, check_elementwise])
def test_a_zero_gradient_of_a_constant_is_right(check, device, normal, rng):
    x = normal(6)
    result = check("constant", lambda x: 3.0, x, 0 * x, rng=rng)
    assert result.ok
    assert result.error == 0


@pytest.mark.parametrize("check", [check_directional, check_elementwise])
def test_arrays_are_left_alone(check, device, normal, rng):
    x = normal(3, 4)
    gradient = 3 * x * x
    before = to_host(x).copy(), to_host(gradient).copy()
    check("cube", cubes, x, gradient, rng=rng)
    np.testing.assert_array_equal(to_host(x), before[0])
    np.testing.assert_array_equal(to_host(gradient), before[1])


def test_networks_are_left_alone(device):
    nets = networks(device)
    for net in nets:
        net.dtheta[...] = 3
    vectors = [getattr(net, name) for net in nets for name in ("theta", "dtheta", "stats")]
    before = [to_host(vector).copy() for vector in vectors]
    check_game(*nets, NonSaturating())
    for net in nets:
        check_network(net)
    for now, then in zip(vectors, before, strict=True):
        assert now.dtype == "float32"
        np.testing.assert_array_equal(to_host(now), then)
    assert [net.version for net in nets] == [0, 0]


def test_one_seed_gives_one_report(device):
    net = networks(device)[0]
    assert report(check_network(net, seed=3)) == report(check_network(net, seed=3))
    assert report(check_network(net, seed=3)) != report(check_network(net, seed=4))


def test_the_upstream_gradient_is_random(device, monkeypatch):
    """With dy = 1 the true dx of batch norm is 0, and so is that of BatchNormGainForgotten."""
    seen = []

    class Spy(Tanh):
        def input_grad(self, dy, cache):
            seen.append(to_host(dy).copy())
            return super().input_grad(dy, cache)

    check_layer(Spy(), (5,), device=device)
    assert len(np.unique(seen[0])) == seen[0].size


# verdicts


@pytest.mark.parametrize(
    ("error", "ok"),
    [(0, True), (1e-6, True), (1.1e-6, False), (float("nan"), False), (float("inf"), False)],
)
def test_ok(error, ok):
    assert Check("x", 1, 1, error, 1e-6).ok is ok


@pytest.mark.parametrize("error", [float("nan"), float("inf")])
def test_no_tolerance_makes_nan_right(error):
    assert not Check("x", 1, 1, error, float("inf")).ok


RIGHT = Check("Dense: dx", 1.5, 1.500000002, 1e-9, 1e-6)
WRONG = Check("Dense: dw[7]", -2e-3, 4, 1.0005, 1e-6)


def test_report_of_a_right_gradient():
    assert report([RIGHT]).splitlines() == [
        "       gradient          analytic          numeric",
        "ok     Dense: dx +1.500000000e+00 +1.500000002e+00  error 1.0e-09",
        "all 1 right, largest error 1.0e-09",
    ]


def test_report_of_a_wrong_gradient():
    assert report([RIGHT, WRONG]).splitlines()[2:] == [
        "WRONG  Dense: dw[7] -2.000000000e-03 +4.000000000e+00  error 1.0e+00",
        "1 of 2 WRONG",
    ]
    assert report([RIGHT, Check("x", 1, 1, float("nan"), 1)]).endswith("1 of 2 WRONG")


def test_check_layer_labels(device):
    names = [check.name.split("[")[0] for check in check_layer(Dense(2), (3,), device=device)]
    assert names == [
        f"Dense: {what}" for what in ("adjoint", "dx", "dx", "dw", "dw", "db", "db")
    ]  # along a direction, then element by element
