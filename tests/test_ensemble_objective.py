"""Several discriminators: each learns as if alone, and G pays the mean or the maximum of what each would cost it."""

import numpy as np
import pytest
import strict_cupy

import minigan
from minigan import InputError, TrainConfig
from minigan.backend import to_device, to_host
from minigan.datasets import Dataset, load_dataset
from minigan.gradient_check import check_directional, check_game
from minigan.layers import Dense, DiscriminatorEnsemble, SpectralNorm
from minigan.models import build_networks
from minigan.network import Network
from minigan.objectives import OBJECTIVES, NonSaturating, SoftLabels
from minigan.objectives.ensemble import COMBINE, DiscriminatorEnsembleObjective
from minigan.objectives.penalties import PENALTIES, get_penalty
from minigan.training import Game, discriminator_step, simultaneous_step
from minigan.training.trainer import Trainer

every_objective = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
either = pytest.mark.parametrize("combine", COMBINE)
K = 3


@pytest.fixture(scope="module")
def digits():
    return Dataset("mnist-5k", load_dataset("mnist-5k").images[:64])


def networks(device="cpu", dtype="float64", **options):
    rng = np.random.default_rng(4)
    return build_networks("mlp", (8, 8, 1), rng=rng, discriminators=K, dtype=dtype, device=device, **options)


def member(discriminator, k):
    """Member k alone, with its weights, and where they lie in theta."""
    stack = discriminator.layers[-1].children[k].children
    rng = np.random.default_rng(0)
    alone = Network(
        stack, discriminator.input_shape, rng=rng, dtype=str(discriminator.theta.dtype), device=discriminator.device
    )
    size = discriminator.theta.size // K
    mine = slice(k * size, (k + 1) * size)
    alone.theta[...] = discriminator.theta[mine]
    if alone.stats.size:
        stats = discriminator.stats.size // K
        alone.stats[...] = discriminator.stats[k * stats : (k + 1) * stats]
    return alone, mine


@every_objective
@either
def test_losses_and_gradients_by_hand(combine, objective, device, normal):
    real, fake = normal(5, K), normal(6, K)
    game = DiscriminatorEnsembleObjective(objective, combine=combine)
    loss, ds_real, ds_fake = game.discriminator(real, fake)
    alone = [objective.discriminator(real[:, k : k + 1], fake[:, k : k + 1]) for k in range(K)]
    np.testing.assert_allclose(to_host(loss), sum(float(to_host(each[0])) for each in alone), rtol=1e-13)
    for got, i in ((ds_real, 1), (ds_fake, 2)):
        np.testing.assert_allclose(to_host(got), np.hstack([to_host(each[i]) for each in alone]), rtol=1e-13)
    alone = [[to_host(a) for a in objective.generator(fake[:, k : k + 1])] for k in range(K)]
    losses, columns = [float(each[0]) for each in alone], [each[1] for each in alone]
    if combine == "mean":
        expected, weights = sum(losses) / K, [1 / K] * K
    else:
        expected, weights = max(losses), [float(k == losses.index(max(losses))) for k in range(K)]
    loss, ds = game.generator(fake)
    np.testing.assert_allclose(to_host(loss), expected, rtol=1e-13)
    np.testing.assert_allclose(
        to_host(ds), np.hstack([w * c for w, c in zip(weights, columns, strict=True)]), rtol=1e-13
    )


def test_the_hardest_member_is_the_one_that_calls_the_fakes_fake(device):
    fake = to_device(np.array([[1.0, -3.0, 0.0], [1.0, -1.0, 0.0]]), device)
    ds = to_host(DiscriminatorEnsembleObjective(NonSaturating(), combine="max").generator(fake)[1])
    assert (ds[:, 1] < 0).all()
    assert not ds[:, [0, 2]].any()


def test_of_two_equal_members_the_first(device):
    fake = to_device(np.zeros((4, K)), device)
    ds = to_host(DiscriminatorEnsembleObjective(NonSaturating(), combine="max").generator(fake)[1])
    np.testing.assert_array_equal(ds, [[-1 / 8, 0, 0]] * 4)


@pytest.mark.parametrize("options", [{}, {"spectral_norm": True}, {"minibatch_std": True}, {"packing": 2}], ids=str)
@every_objective
@either
def test_both_players_gradients(combine, objective, options, device):
    for check in check_game(*networks(device, **options), DiscriminatorEnsembleObjective(objective, combine=combine)):
        assert check.ok, check
        assert check.error <= 1e-6
        assert check.analytic != 0


class TakesTheEasiest(DiscriminatorEnsembleObjective):
    """Canary: the gradient of the minimum beside the maximum's loss."""

    def generator(self, logits_fake):
        loss, _ = super().generator(logits_fake)
        return loss, -super().generator(-logits_fake)[1]


def test_the_gradient_of_another_member_is_caught():
    discriminator, *generator = check_game(*networks(), TakesTheEasiest(NonSaturating(), combine="max"))
    assert discriminator.ok
    assert not any(check.ok for check in generator)


class Recorder:
    """An optimiser that moves nothing."""

    def step(self):
        pass


ALONE = [(name, None, options) for name in OBJECTIVES for options in ({}, {"spectral_norm": True})]
ALONE += [("hinge", penalty, options) for penalty in PENALTIES for options in ({}, {"spectral_norm": True})]


@pytest.mark.parametrize(("name", "penalty", "options"), [*ALONE, ("minimax", None, {"minibatch_std": True})])
def test_each_member_learns_as_if_alone(name, penalty, options, device, normal):
    """Penalty included: the sum of every member's own, not one on the sum of their slopes."""
    objective = OBJECTIVES[name]
    _, d = networks(device, **options)
    d.theta += normal(d.theta.size) / 10
    x_real, x_fake = normal(8, 8, 4, 1), normal(8, 8, 4, 1)
    alone = [member(d, k) for k in range(K)]

    def step(net, objective):
        paid = get_penalty(penalty) if penalty else None
        game = Game(None, net, None, Recorder(), objective, discriminator_penalty=paid)
        return discriminator_step(game, x_real, x_fake, rng=np.random.default_rng(7))

    loss, logits_real, _ = step(d, DiscriminatorEnsembleObjective(objective))
    assert logits_real.shape == (4, K)
    total = 0.0
    for k, (net, mine) in enumerate(alone):
        own, real, _ = step(net, objective)
        total += float(to_host(own))
        np.testing.assert_allclose(to_host(logits_real)[:, k : k + 1], to_host(real), rtol=1e-12, atol=1e-13)
        scale = np.abs(to_host(net.dtheta)).max()
        np.testing.assert_allclose(to_host(d.dtheta)[mine], to_host(net.dtheta), rtol=1e-11, atol=1e-13 * scale)
    np.testing.assert_allclose(float(to_host(loss)), total, rtol=1e-12)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_against_finite_differences(name, device, normal, rng):
    _, d = networks(device)
    d.theta += normal(d.theta.size) / 10
    x_real, x_fake, penalty = 3 * normal(8, 8, 4, 1), normal(8, 8, 4, 1), get_penalty(f"{name}:weight=3")

    def paid(value):
        d.theta[...] = value
        return float(to_host(penalty.add_gradient(d, x_real, x_fake, rng=np.random.default_rng(7))))

    theta = d.theta.copy()
    d.zero_grad()
    value = paid(theta)
    dtheta = d.dtheta.copy()
    check = check_directional("dtheta", paid, theta, dtheta, rng=rng)
    assert check.ok, check
    d.theta[...] = theta
    one_by_one = [penalty.add_gradient(member(d, k)[0], x_real, x_fake, rng=np.random.default_rng(7)) for k in range(K)]
    assert value == pytest.approx(sum(float(to_host(each)) for each in one_by_one), rel=1e-12)


def test_build_networks(device):
    _, d = networks(device, augment_shift=2, instance_noise=0.1, packing=2, spectral_norm=True, minibatch_std=True)
    assert [type(layer).__name__ for layer in d.layers] == [
        "RandomShift",
        "GaussianNoise",
        "PackSamples",
        "DiscriminatorEnsemble",
    ]
    assert d.output_shape == (K,)
    for member in d.layers[-1].children:
        kinds = [type(layer).__name__ for layer in member.children]
        assert kinds[-2:] == ["MinibatchStd", "SpectralNorm"]
    members = [each.children for each in d.layers[-1].children]
    w = [to_host(next(x for x in layers if isinstance(x, SpectralNorm)).children[0].w) for layers in members]
    assert (w[0] != w[1]).mean() > 0.99
    assert (w[1] != w[2]).mean() > 0.99


def test_one_discriminator_is_built_without_an_ensemble():
    nets = [
        build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0), **each)[1]
        for each in ({}, {"discriminators": 1})
    ]
    np.testing.assert_array_equal(nets[0].theta, nets[1].theta)
    assert not any(isinstance(layer, DiscriminatorEnsemble) for layer in nets[1].layers)


def make_trainer(dataset, device="cpu", **options):
    config = TrainConfig(**{"model": "mlp", "batch_size": 4, "discriminators": K, **options})
    return Trainer(config.resolve(dataset=dataset.name, device=device), dataset)


@every_objective
@either
def test_trains(combine, objective, digits, device):
    trainer = make_trainer(digits, device, combine=combine, objective=objective.name)
    assert isinstance(trainer.game.objective, DiscriminatorEnsembleObjective)
    before = to_host(trainer.discriminator.theta).copy()
    metrics = [trainer.step() for _ in range(3)]
    assert np.isfinite([[float(to_host(value)) for value in each] for each in metrics]).all()
    moved = (to_host(trainer.discriminator.theta) != before).reshape(K, -1).mean(axis=1)
    assert (moved > 0.5).all()


@either
def test_equal_members_are_one(combine, digits):
    """From equal weights, three play the same game as one of them, step after step."""
    several, one = make_trainer(digits, combine=combine), make_trainer(digits, discriminators=1)
    one.generator.theta[...] = several.generator.theta
    first = several.discriminator.theta.reshape(K, -1)
    first[...] = first[0]
    one.discriminator.theta[...] = first[0]
    for _ in range(5):
        a, b = several.step(), one.step()
        assert float(a.d_loss) == pytest.approx(K * float(b.d_loss), rel=1e-4)
        for name in ("g_loss", "d_real", "d_fake"):
            assert float(getattr(a, name)) == pytest.approx(float(getattr(b, name)), rel=1e-3), name
    assert float(b.d_loss) < 1.2


@pytest.mark.parametrize(
    "options",
    [
        {"model": "dcgan", "penalty": "r1:every=2"},
        {"model": "infogan", "combine": "max"},
        {"real_label": 0.9, "label_flip": 0.1, "packing": 2, "instance_noise": 0.1},
        {"spectral_norm": True, "minibatch_std": True, "discriminator_steps": 2},
    ],
    ids=str,
)
def test_trains_with_other_options(options, digits):
    trainer = make_trainer(digits, **options)
    assert np.isfinite([[float(value) for value in trainer.step()] for _ in range(2)]).all()
    if "real_label" in options:
        assert isinstance(trainer.game.objective.objective, SoftLabels)


@either
def test_a_step_never_makes_the_host_wait(combine, digits, monkeypatch):
    strict_cupy.install(monkeypatch)
    trainer = make_trainer(digits, "cuda", combine=combine, penalty="r1", augment_shift=0)
    trainer.step()
    with strict_cupy.count() as count:
        trainer.step()
    assert count.synchronisations == 0
    assert count.uploads <= 1


def test_the_records_are_of_all_members(digits):
    """d_loss is the sum, the outputs are means."""
    trainer = make_trainer(digits)
    metrics = trainer.step()
    assert float(metrics.d_loss) == pytest.approx(K * 2 * np.log(2), rel=0.1)
    assert 0.3 < float(metrics.d_real) < 0.7


def test_saved_and_loaded(tmp_path):
    options = {"model": "mlp", "steps": 2, "batch_size": 4, "device": "cpu", "quiet": True}
    run = minigan.train(**options, discriminators=2, combine="max", spectral_norm=True)
    again = minigan.load(run.save(tmp_path / "model.npz"))
    assert (again.config.discriminators, again.config.combine) == (2, "max")
    np.testing.assert_array_equal(again.discriminator.theta, run.discriminator.theta)
    np.testing.assert_array_equal(again.discriminator.stats, run.discriminator.stats)
    assert again.discriminator.output_shape == (2,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discriminators": 0}, "discriminators: expected an integer from 1 to 1000, got 0"),
        ({"discriminators": 2.0}, "discriminators: expected an integer from 1 to 1000, got 2.0"),
        ({"discriminators": 2, "combine": "min"}, "combine: expected one of mean, max, got 'min'"),
        ({"combine": "max"}, "combine: expected 'mean' with one discriminator, got 'max'"),
        (
            {"discriminators": 2, "update": "simultaneous"},
            "discriminators: expected 1, because the simultaneous update needs one logit for each sample",
        ),
    ],
)
def test_refuses(options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        TrainConfig(**options)


def test_refuses_where_all_would_start_alike(rng):
    with pytest.raises(InputError, match="discriminators: expected 1 for 'dirac', got 2; each would start at 1"):
        build_networks("dirac", (2,), rng=rng, discriminators=2)


def test_refuses_another_way_to_combine():
    with pytest.raises(InputError, match="combine: expected one of mean, max, got 'sum'"):
        DiscriminatorEnsembleObjective(NonSaturating(), combine="sum")


def test_the_simultaneous_step_refuses_several_logits(normal, device):
    g, d = networks(device)
    x_fake, caches = g.forward(normal(4, 64), train=True)
    before = to_host(d.theta).copy()
    game = Game(g, d, Recorder(), Recorder(), DiscriminatorEnsembleObjective(NonSaturating()))
    with pytest.raises(InputError, match=r"update: expected 'alternating' .*, got 'simultaneous' and 3 logits;"):
        simultaneous_step(game, x_fake, x_fake, caches)
    np.testing.assert_array_equal(to_host(d.theta), before)


def test_a_member_is_a_discriminator_of_its_own():
    """Canary for `member`: its logits are the column's."""
    _, d = networks()
    x = np.random.default_rng(0).standard_normal((8, 8, 4, 1))
    together = d.forward(x, train=False)[0]
    for k in range(K):
        np.testing.assert_allclose(member(d, k)[0].forward(x, train=False)[0][:, 0], together[:, k], rtol=1e-12)
    assert abs(np.diff(together, axis=1)).min() > 0
    assert isinstance(d.layers[-1].children[0].children[-1], Dense)
