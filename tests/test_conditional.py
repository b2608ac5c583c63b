"""Conditional games: the logit and the losses by literal loops and PyTorch, both players' gradients, whole runs."""

import copy
import dataclasses

import numpy as np
import pytest
import strict_cupy

import minigan
from minigan import InputError, TrainConfig
from minigan.backend import to_device, to_host
from minigan.datasets import Dataset, Points, load_dataset
from minigan.gradient_check import check_directional, check_elementwise, check_game
from minigan.layers import Dense, SpectralNorm
from minigan.models import GANS, build_networks
from minigan.objectives import OBJECTIVES, NonSaturating, SoftLabels, get_objective
from minigan.objectives.codes import draw_codes
from minigan.objectives.conditional import ACGAN, CONDITIONALS, Clusters, InfoGAN, Projection, get_conditional
from minigan.objectives.penalties import PENALTIES
from minigan.optimizers import SGD, Adam
from minigan.training import (
    Game,
    alternating_step,
    discriminator_step,
    generator_step,
    simultaneous_step,
)
from minigan.training.classes import Classes
from minigan.training.trainer import Trainer

K = 3
SHAPE = (8, 8, 1)
PROJECTIONS = ("clusters", "projection")  # the games without a loss on codes
every_game = pytest.mark.parametrize("game", CONDITIONALS)
every_objective = pytest.mark.parametrize("objective", OBJECTIVES)


def make_codes(game, n, device="cpu", seed=3, dtype="float32"):
    codes = draw_codes(np.random.default_rng(seed), n, np.full(K, 1 / K), continuous=CONDITIONALS[game].continuous)
    return to_device(codes.astype(dtype), device)


def labels_of(codes):
    return to_host(codes)[:, :K].argmax(axis=1)


def softplus(s):
    return np.logaddexp(0, s)


def cross_entropy(a, label):
    return -np.log(np.exp(a[label]) / sum(np.exp(each) for each in a))


def by_hand(game, out, codes, weight):
    """Of each sample: its logit, and the weighted loss on its code, in loops."""
    logits, losses = [], []
    for o, c in zip(to_host(out), to_host(codes), strict=True):
        y = int(c[:K].argmax())
        logits.append(o[0] + o[1 + y] if game in PROJECTIONS else o[0])
        loss = 0.0
        if game not in PROJECTIONS:
            loss += cross_entropy(o[1 : 1 + K], y)
        if game == "infogan":
            loss += (o[1 + K] - c[K]) ** 2 / 2 + (o[2 + K] - c[K + 1]) ** 2 / 2
        losses.append(weight * loss)
    return np.array(logits), np.array(losses)


@every_game
def test_logits_and_losses_by_hand(game, device, normal):
    codes = make_codes(game, 6, device)
    real, fake = 2 * normal(6, 1 + codes.shape[1]), 2 * normal(6, 1 + codes.shape[1])
    objective = CONDITIONALS[game](NonSaturating(), codes, weight=0.7)
    s_real, code_real = by_hand(game, real, codes, 0.7)
    s_fake, code_fake = by_hand(game, fake, codes, 0.7)
    np.testing.assert_allclose(to_host(objective.logit(real)[0])[:, 0], s_real, rtol=1e-13)
    assert objective.logit(real)[0].shape == (6, 1)
    d_loss, do_real, do_fake = objective.discriminator(real, fake)
    expected = softplus(-s_real).mean() + softplus(s_fake).mean() + code_fake.mean()
    if game == "ac-gan":
        expected += code_real.mean()
    np.testing.assert_allclose(to_host(d_loss), expected, rtol=1e-12)
    g_loss, do = objective.generator(fake)
    np.testing.assert_allclose(to_host(g_loss), softplus(-s_fake).mean() + code_fake.mean(), rtol=1e-12)
    assert d_loss.shape == g_loss.shape == ()
    assert do_real.shape == do_fake.shape == do.shape == real.shape
    if game == "infogan":  # nothing is known of the codes of real samples
        assert not to_host(do_real)[:, 1:].any()


def test_weights_of_the_loss_on_codes():
    """By default 0.3 for ac-gan and 1 for infogan; projection has no such loss."""
    for game, expected in (("clusters", 0.0), ("projection", 0.0), ("ac-gan", 0.3), ("infogan", 1.0)):
        codes = make_codes(game, 4)
        assert CONDITIONALS[game](NonSaturating(), codes).weight == expected
        assert CONDITIONALS[game](NonSaturating(), codes, weight=0.7).weight == 0.7


@pytest.mark.parametrize("game", ["ac-gan", "infogan"])
def test_the_loss_on_codes_is_one_number_for_each_sample(game, device, normal):
    codes = make_codes(game, 6, device)
    outputs = normal(6, 1 + codes.shape[1])
    loss, da = CONDITIONALS[game](NonSaturating(), codes).code_loss(outputs[:, 1:])
    assert (loss.shape, da.shape) == ((6, 1), codes.shape)
    np.testing.assert_allclose(to_host(loss)[:, 0], by_hand(game, outputs, codes, 1.0)[1], rtol=1e-12)


@every_game
@every_objective
def test_gradients_in_every_output(objective, game, device, normal, rng):
    codes = make_codes(game, 5, device)
    real, fake = normal(5, 1 + codes.shape[1]), normal(5, 1 + codes.shape[1])
    wrapped = CONDITIONALS[game](get_objective(objective), codes, weight=1.3)
    _, do_real, do_fake = wrapped.discriminator(real, fake)
    for name, f, x, dx in (
        ("real", lambda o: float(to_host(wrapped.discriminator(o, fake)[0])), real, do_real),
        ("fake", lambda o: float(to_host(wrapped.discriminator(real, o)[0])), fake, do_fake),
        ("G", lambda o: float(to_host(wrapped.generator(o)[0])), fake, wrapped.generator(fake)[1]),
    ):
        check = check_elementwise(name, f, x, dx, rng=rng, elements=60)
        assert check.error <= 1e-6, check


@every_game
def test_the_slope_of_the_logit(game, device, normal):
    codes = make_codes(game, 5, device)
    out, change = normal(5, 1 + codes.shape[1]), normal(5, 1 + codes.shape[1])
    objective = CONDITIONALS[game](NonSaturating(), codes)
    s, slope = objective.logit(out)
    moved, _ = objective.logit(out + change)
    np.testing.assert_allclose(to_host(moved - s)[:, 0], to_host((slope * change).sum(axis=1)), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(to_host(slope)[:, 0], 1)


@every_game
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_and_inputs_stay(game, dtype, device, normal):
    codes = make_codes(game, 4, device, dtype=dtype)
    real, fake = (normal(4, 1 + codes.shape[1], dtype=dtype) for _ in range(2))
    before = [to_host(a).copy() for a in (real, fake, codes)]
    objective = CONDITIONALS[game](NonSaturating(), codes, weight=0.3)
    for each in (*objective.discriminator(real, fake), *objective.generator(fake), *objective.logit(real)):
        assert each.dtype == dtype
    for a, b in zip(before, (real, fake, codes), strict=True):
        np.testing.assert_array_equal(a, to_host(b))


def build(game, model="mlp", device="cpu", dtype="float64", **options):
    codes = K + CONDITIONALS[game].continuous
    shape = SHAPE if GANS[model].samples == "images" else (2,)
    rng = np.random.default_rng(1)
    g, d = build_networks(model, shape, rng=rng, latent_dim=5, codes=codes, dtype=dtype, device=device, **options)
    for net in (g, d):
        net.theta += to_device(0.1 * rng.standard_normal(net.theta.size).astype(dtype), device)
    return g, d


@every_game
@every_objective
def test_whole_games_by_finite_differences(objective, game):
    codes = make_codes(game, 4)
    for check in check_game(*build(game), CONDITIONALS[game](get_objective(objective), codes, weight=0.8)):
        assert check.error <= 1e-6, check


@every_game
@pytest.mark.parametrize("model", GANS)
def test_every_model_can_be_conditional(model, game):
    g, d = build(game, model)
    codes = K + CONDITIONALS[game].continuous
    assert g.input_shape == (5 + codes,)
    assert d.output_shape == (1 + codes,)
    plain = build_networks(model, g.output_shape, rng=np.random.default_rng(0), latent_dim=5)
    assert [type(layer) for layer in d.layers] == [type(layer) for layer in plain[1].layers]
    assert plain[1].layers[-1].initializer is d.layers[-1].initializer


def test_the_head_keeps_spectral_norm_and_minibatch_std():
    _, d = build("projection", spectral_norm=True, minibatch_std=True)
    last = d.layers[-1]
    assert isinstance(last, SpectralNorm)
    assert isinstance(last.layer, Dense)
    assert last.layer.w.shape == (257, 1 + K)


def test_a_wrong_projection_is_found():
    """Canary: the slope of the logit belongs to the next label."""

    class Wrong(Projection):
        def logit(self, outputs):
            s, slope = super().logit(outputs)
            return s, np.hstack((slope[:, :1], np.roll(slope[:, 1:], 1, axis=1)))

    checks = check_game(*build("projection"), Wrong(NonSaturating(), make_codes("projection", 4)))
    assert not any(check.ok for check in checks)


class Players:
    """Players, one batch and its codes, in float64 so that a small step is exact."""

    def __init__(self, game, device, normal):
        self.g, self.d = build(game, device=device)
        self.codes = make_codes(game, 6, device, dtype="float64")
        self.objective = CONDITIONALS[game](NonSaturating(), self.codes, weight=0.6)
        self.x_real = normal(8, 8, 6, 1)
        self.z = normal(6, self.g.input_shape[0])
        self.z[:, 5:] = self.codes

    def fakes(self):
        return self.g.forward(self.z, train=True)

    def losses(self):
        real, fake = (self.d.forward(x, train=True)[0] for x in (self.x_real, self.fakes()[0]))
        return [float(to_host(each)) for each in (self.objective.discriminator(real, fake)[0],
                                                  self.objective.generator(fake)[0])]  # fmt: skip


@every_game
def test_a_small_step_lowers_each_players_own_loss(game, device, normal):
    at = Players(game, device, normal)
    d_before, _ = at.losses()
    optimizers = [SGD(net, learning_rate=1e-6) for net in (at.g, at.d)]
    played = Game(at.g, at.d, *optimizers, at.objective)
    discriminator_step(played, at.x_real, at.fakes()[0])
    d_after, g_before = at.losses()
    slope = float((to_host(at.d.dtheta) ** 2).sum())
    assert d_before - d_after == pytest.approx(1e-6 * slope, rel=1e-2)
    d_gradient = to_host(at.d.dtheta).copy()
    d_theta = to_host(at.d.theta).copy()
    generator_step(played, *at.fakes())
    _, g_after = at.losses()
    assert g_before - g_after == pytest.approx(1e-6 * float((to_host(at.g.dtheta) ** 2).sum()), rel=1e-2)
    np.testing.assert_array_equal(to_host(at.d.dtheta), d_gradient)
    np.testing.assert_array_equal(to_host(at.d.theta), d_theta)


def test_the_simultaneous_update_of_a_projection(device, normal):
    """One pass of the fakes gives both players the gradients that two would give."""
    at = Players("projection", device, normal)
    real, caches_real = at.d.forward(at.x_real, train=True)
    x_fake, caches_g = at.fakes()
    fake, caches_fake = at.d.forward(x_fake, train=True)
    d_loss, do_real, do_fake = at.objective.discriminator(real, fake)
    g_loss, do = at.objective.generator(fake)
    at.d.zero_grad()
    at.d.backward(do_real, caches_real)
    at.d.backward(do_fake, caches_fake)
    at.g.zero_grad()
    at.g.backward(at.d.backward(do, caches_fake, param_grads=False), caches_g)
    expected = [to_host(net.dtheta).copy() for net in (at.d, at.g)]
    optimizers = [SGD(net, learning_rate=1e-200) for net in (at.g, at.d)]
    losses = simultaneous_step(Game(at.g, at.d, *optimizers, at.objective), at.x_real, x_fake, caches_g)[:2]
    for net, gradient in zip((at.d, at.g), expected, strict=True):
        np.testing.assert_allclose(to_host(net.dtheta), gradient, rtol=1e-10, atol=1e-12 * np.abs(gradient).max())
    np.testing.assert_allclose([float(to_host(each)) for each in losses], [float(d_loss), float(g_loss)], rtol=1e-12)


@every_game
@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_on_the_slope_of_the_logit(name, game, device, normal, rng):
    """Value by the slope of each sample's own logit, and D's gradient by finite differences."""
    at = Players(game, device, normal)
    penalty = PENALTIES[name](weight=3.0)
    x_fake, _ = at.fakes()

    def draws():
        return np.random.default_rng(6)

    def value(theta):
        saved = at.d.theta.copy()
        at.d.theta[...] = theta
        x = penalty.points(at.x_real, x_fake, draws())
        outputs, caches = at.d.forward(x, train=True)
        norms = []
        for n, label in enumerate(labels_of(at.codes)):
            upstream = to_host(outputs) * 0
            upstream[n, 0] = 1
            if game in PROJECTIONS:
                upstream[n, 1 + label] = 1
            slope = at.d.backward(to_device(upstream, device), caches, param_grads=False)
            norms.append(np.sqrt((to_host(slope) ** 2).sum()))
        at.d.theta[...] = saved
        of_norm = {"wgan-gp": lambda g: (g - 1) ** 2, "wgan-gp-one-sided": lambda g: max(g - 1, 0) ** 2}
        return 3.0 * np.mean([of_norm.get(name, lambda g: g**2 / 2)(g) for g in norms])

    at.d.zero_grad()
    p = penalty.add_gradient(at.d, at.x_real, x_fake, rng=draws(), objective=at.objective)
    assert float(to_host(p)) == pytest.approx(value(at.d.theta.copy()), rel=1e-12)
    check = check_directional(name, value, at.d.theta.copy(), at.d.dtheta.copy(), rng=rng)
    assert check.error <= 1e-6, check
    ones = at.d.dtheta.copy()
    at.d.zero_grad()
    penalty.add_gradient(at.d, at.x_real, x_fake, rng=draws())  # of all outputs added up: another number
    assert (ones != at.d.dtheta).any()


@every_game
@pytest.mark.parametrize("update", [alternating_step, simultaneous_step])
def test_steps_pay_the_penalty_of_their_objective(update, game, device, normal):
    if update is simultaneous_step and game not in PROJECTIONS:
        pytest.skip("refused")
    seen = []

    class Watched(PENALTIES["r1"]):
        def add_gradient(self, *args, objective, **options):
            seen.append(objective)
            return super().add_gradient(*args, objective=objective, **options)

    at = Players(game, device, normal)
    optimizers = [Adam(net, learning_rate=1e-4) for net in (at.g, at.d)]
    update(Game(at.g, at.d, *optimizers, at.objective, discriminator_penalty=Watched()), at.x_real, *at.fakes())
    assert seen == [at.objective]


@pytest.mark.parity
@every_game
def test_losses_and_gradients_against_pytorch(game, rng):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    f = torch.nn.functional
    codes = make_codes(game, 7)
    real, fake = 3 * rng.standard_normal((2, 7, 1 + codes.shape[1]))
    objective = CONDITIONALS[game](NonSaturating(), codes, weight=0.4)
    real_t, fake_t = (torch.tensor(o, requires_grad=True) for o in (real, fake))
    y, c = torch.tensor(labels_of(codes)), torch.tensor(codes.astype(float))

    def logit(o):
        return o[:, 0] + o[:, 1:].gather(1, y[:, None])[:, 0] if game in PROJECTIONS else o[:, 0]

    def code(o):
        if game in PROJECTIONS:
            return 0.0
        loss = f.cross_entropy(o[:, 1 : 1 + K], y)
        gauss = torch.distributions.Normal(o[:, 1 + K :], 1.0).log_prob(c[:, K:]).sum(dim=1).mean()
        return 0.4 * (loss - gauss - 2 * np.log(2 * np.pi) / 2) if game == "infogan" else 0.4 * loss

    def bce(s, t):
        return f.binary_cross_entropy_with_logits(s, torch.full_like(s, t))

    d_loss = bce(logit(real_t), 1.0) + bce(logit(fake_t), 0.0) + code(fake_t)
    d_loss = d_loss + (code(real_t) if game == "ac-gan" else 0.0)
    expected = torch.autograd.grad(d_loss, (real_t, fake_t))
    loss, *gradients = objective.discriminator(real, fake)
    np.testing.assert_allclose(loss, d_loss.item(), rtol=1e-12)
    for a, b in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-10, atol=1e-15)
    g_loss = bce(logit(fake_t), 1.0) + code(fake_t)
    loss, gradient = objective.generator(fake)
    np.testing.assert_allclose(loss, g_loss.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, torch.autograd.grad(g_loss, fake_t)[0].numpy(), rtol=1e-10, atol=1e-15)


def test_soft_labels_reach_the_objective(normal, device):
    codes = make_codes("projection", 4, device)
    soft = SoftLabels(NonSaturating(), real=0.9, rng=np.random.default_rng(0))
    outputs = normal(4, 1 + K)
    loss, *_ = Projection(soft, codes).discriminator(outputs, outputs)
    plain, *_ = Projection(NonSaturating(), codes).discriminator(outputs, outputs)
    assert float(to_host(loss)) != float(to_host(plain))


def test_get_conditional():
    assert [get_conditional(name) for name in CONDITIONALS] == [Clusters, Projection, ACGAN, InfoGAN]
    assert get_conditional("none") is None
    for name in ("cgan", None, 1):
        with pytest.raises(
            InputError, match="conditional: expected one of none, clusters, projection, ac-gan, infogan, got"
        ):
            get_conditional(name)


# Whole runs, on images whose every pixel is their label's shade.
LABELS = np.arange(24) % K
SHADES = Dataset("shades", np.broadcast_to((LABELS * 100).astype(np.uint8)[:, None, None], (24, 8, 8)).copy(), LABELS)
SHORT = {"model": "mlp", "steps": 3, "batch_size": 6, "latent_dim": 5, "log_every": 1, "quiet": True, "device": "cpu"}


def train(game, data=SHADES, **options):
    return minigan.train(**{**SHORT, "data": data, "conditional": game or "none", **options})


def trainer(game, device="cpu", data=SHADES, **options):
    config = TrainConfig(model="mlp", batch_size=6, latent_dim=5, conditional=game or "none", **options)
    return Trainer(config.resolve(dataset="shades", device=device), data)


@pytest.mark.parametrize("game", ["projection", "ac-gan"])
def test_real_samples_and_fakes_have_one_code(game, device, monkeypatch):
    """G is told the label of the real sample at the same place, and so is the objective."""
    told = []
    t = trainer(game, device)
    forward = type(t.generator).forward
    monkeypatch.setattr(
        type(t.generator),
        "forward",
        lambda self, x, **o: (told.append(x) if self is t.generator else None) or forward(self, x, **o),
    )
    seen = []
    for _ in range(8):
        batch = t._batch()
        labels = np.rint((to_host(batch.x_real)[0, 0, :, 0] + 1) * 127.5 / 100).astype(int)
        seen += labels.tolist()
        codes = to_host(batch.objective.codes)
        np.testing.assert_array_equal(codes, np.eye(K)[labels])
        np.testing.assert_array_equal(to_host(told[-1])[:, 5:], codes)
        assert codes.dtype == np.float32
    assert sorted(seen) == sorted(LABELS.tolist() * 2)  # every class, as often as in the data


def test_infogan_draws_its_codes(device):
    t = trainer("infogan", device, data=Dataset("no labels", SHADES.images))
    batches = [t._batch().objective.codes for _ in range(60)]
    codes = np.concatenate([to_host(each) for each in batches])
    assert codes.shape == (360, 12)
    assert (codes[:, :10].sum(axis=0) > 0).all()
    expected = draw_codes(
        np.random.default_rng(np.random.SeedSequence(0).spawn(6)[5]), 6, np.full(10, 0.1), continuous=2
    )
    np.testing.assert_array_equal(codes[:6], expected)


@every_game
def test_codes_leave_the_other_streams_alone(game):
    plain, conditional = trainer(None), trainer(game)
    for _ in range(2):
        np.testing.assert_array_equal(plain._batch().x_real, conditional._batch().x_real)
    assert plain.streams["noise"].random() == conditional.streams["noise"].random()


@every_game
@every_objective
def test_metrics_are_of_the_logit(objective, game, device):
    t, twin = trainer(game, device, objective=objective), trainer(game, device, objective=objective)
    metrics = t.step()
    batch = twin._batch()
    logits = [by_hand(game, twin.discriminator.forward(x, train=True)[0], batch.objective.codes, 1.0)[0]
              if game != "infogan" else to_host(twin.discriminator.forward(x, train=True)[0])[:, 0]
              for x in (batch.x_real, batch.x_fake)]  # fmt: skip
    for got, s in zip((metrics.d_real, metrics.d_fake), logits, strict=True):
        expected = 1 / (1 + np.exp(-s)) if objective in ("non-saturating", "minimax") else s
        assert float(to_host(got)) == pytest.approx(expected.mean(), rel=1e-4, abs=1e-6)
    assert np.isfinite([float(to_host(value)) for value in metrics]).all()


@pytest.mark.parametrize(
    "options",
    [
        {"update": "simultaneous", "penalty": "r1:every=2"},
        {"update": "simultaneous", "objective": "hinge", "spectral_norm": True},
        {"discriminator_steps": 3, "real_label": 0.9, "label_flip": 0.1, "penalty": "zero-centred"},
        {"objective": "wasserstein", "penalty": "wgan-gp", "spectral_norm": True},
        {"minibatch_std": True, "instance_noise": 0.1, "augment_shift": 1},
    ],
)
@every_game
def test_options_together(game, options, device):
    if game not in PROJECTIONS and options.get("update") == "simultaneous":
        with pytest.raises(InputError, match=f"^update: expected 'alternating', because with '{game}'"):
            trainer(game, device, **options)
        return
    options = {"batch_size": 8, **options} if "minibatch_std" in options else options
    config = {"model": "mlp", "batch_size": 6, "latent_dim": 5, **options}
    t = Trainer(TrainConfig(conditional=game, **config).resolve(dataset="shades", device=device), SHADES)
    for _ in range(3):
        metrics = t.step()
    assert np.isfinite([float(to_host(value)) for value in metrics]).all()


@every_game
def test_a_step_never_makes_the_host_wait(game, monkeypatch):
    """And sends up only z, and the codes that are drawn."""
    strict_cupy.install(monkeypatch)
    t = trainer(game, "cuda", augment_shift=0)
    t.step()
    for _ in range(2):
        with strict_cupy.count() as count:
            t.step()
        assert count.synchronisations == 0
        assert count.uploads <= (2 if game == "infogan" else 1)


MANY = Dataset("shades", np.repeat(SHADES.images, 20, axis=0), np.repeat(SHADES.labels, 20))


@pytest.mark.parametrize(("game", "clusters"), [("clusters", 6), ("projection", 2), ("ac-gan", 2)])
def test_clusters_are_found_again_in_features(game, clusters, device, monkeypatch):
    """With ``recluster=2``, at a quarter and at half of the run; all that depends on the clusters changes with them."""
    t = trainer(game, device, data=MANY, clusters=clusters, recluster=2)
    seen = []
    monkeypatch.setattr(
        "minigan.training.trainer.find_clusters_again",
        lambda classes, features, *, rng: (
            seen.append(features) or Classes(classes.labels[::-1].copy(), classes.shares[::-1].copy())
        ),
    )
    shares, labels, array = t.shares.copy(), to_host(t.batches.labels).copy(), t.shares
    times = []
    for i in range(20):
        t.step(i / 20)
        times.append(t.reclustered)
    assert times == [0] * 5 + [1] * 5 + [2] * 10
    assert seen[0].shape == (len(MANY), 256)
    assert (seen[0] != seen[1]).any()
    assert t.shares is array
    np.testing.assert_array_equal(t.shares, shares)  # reversed twice
    np.testing.assert_array_equal(to_host(t.batches.labels), labels)


def test_a_run_samples_by_the_last_clusters():
    run = train("clusters", data=MANY, clusters=6, steps=8, recluster=2)
    again = train("clusters", data=MANY, clusters=6, steps=8, recluster=2)
    np.testing.assert_array_equal(run.sample(6), again.sample(6))
    assert run.shares.sum() == pytest.approx(1)
    assert run.config.recluster == 2


def test_labels_with_clusters_can_be_asked_for(tmp_path):
    """20 samples of each of three labels leave one cluster of two in each; a label draws it."""
    run = train("projection", data=MANY, clusters=2, out=tmp_path / "run")
    loaded = minigan.load(tmp_path / "run")
    assert run.classes == loaded.classes == K
    assert run.shares.shape == loaded.shares.shape == (K, 2)
    assert run.generator.input_shape == (5 + 2 * K,)
    np.testing.assert_array_equal(run.sample(6, label=[0, 2]), loaded.sample(6, label=[0, 2]))
    codes = run.latent(30, label=2)[:, 5:].reshape(30, K, 2)
    np.testing.assert_array_equal(codes.sum(axis=2)[:, 2], 1)


@pytest.mark.parametrize("shape", [(2 * K,), (2, K), (1, 2 * K), (K, 1)])
def test_a_file_with_shares_of_another_shape_is_refused(shape, tmp_path):
    run = train("projection", data=MANY, clusters=2)
    run.shares = np.full(shape, 1 / np.prod(shape))
    with pytest.raises(InputError, match=r"class_shares: expected a distribution of shape \(3, 2\)"):
        minigan.load(run.save(tmp_path / "model.npz"))


@every_game
def test_save_load_and_sample(game, tmp_path):
    run = train(game, out=tmp_path / "run")
    assert run.classes == {"infogan": 10, "clusters": 2}.get(game, K)
    loaded = minigan.load(tmp_path / "run" / "model.npz")
    assert loaded.classes == run.classes
    np.testing.assert_array_equal(loaded.shares, run.shares)
    assert dataclasses.replace(loaded.config, out=run.config.out, quiet=True) == run.config
    last = run.classes - 1
    for options in ({}, {"label": last}, {"label": [0, last]}, {"label": range(2), "seed": 4}):
        images = run.sample(6, **options)
        np.testing.assert_array_equal(loaded.sample(6, **options), images)
        assert images.shape == (6, 8, 8)
        np.testing.assert_allclose(run.sample(2, **options), images[:2], atol=1e-6)
    by_one = np.concatenate([run.sample(6, label=label)[label : label + 1] for label in range(2)])
    np.testing.assert_allclose(run.sample(6, label=range(2))[:2], by_one, atol=1e-6)
    assert np.abs(run.sample(6, label=0) - run.sample(6, label=1)).max() > 0
    assert run.save(tmp_path / "again.npz").read_bytes() == (tmp_path / "run" / "model.npz").read_bytes()


def test_continuous_codes_of_infogan():
    run = train("infogan")
    low, high = (run.sample(4, label=1, codes=(x, 0.0)) for x in (-1.0, 1.0))
    assert np.abs(low - high).max() > 0
    z = run.latent(4, label=1, codes=(0.25, -0.5))
    np.testing.assert_array_equal(z[:, 5:], np.tile([*np.eye(10)[1], 0.25, -0.5], (4, 1)))
    np.testing.assert_array_equal(z[:, :5], run.latent(4, seed=0, label=7)[:, :5])
    with pytest.raises(InputError, match="codes: expected None, because G takes only classes"):
        train("projection").sample(4, codes=(0.0, 0.0))


def test_unconditional_runs_take_no_label():
    run = train(None)
    assert run.classes == 0
    for options in ({"label": 7}, {"codes": (0.0, 0.0)}):
        [(name, value)] = options.items()
        with pytest.raises(InputError, match=f"^{name}: expected None, because this run is not conditional, got"):
            run.sample(4, **options)
        assert value is not None


@pytest.mark.parametrize("game", ["projection", "ac-gan"])
def test_a_pictured_class_is_that_of_its_column(game, tmp_path, monkeypatch):
    told = []
    latent = minigan.Run.latent
    monkeypatch.setattr(minigan.Run, "latent", lambda self, n, **o: told.append(latent(self, n, **o)) or told[-1])
    train(game, out=tmp_path / "run")
    assert len(told) == 2  # the snapshots, and the picture at the end
    for z in told:
        labels = z[:, 5:].argmax(axis=1).reshape(10, 10)
        assert (labels == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]).all()


@pytest.mark.parametrize("game", ["projection", "ac-gan"])
@pytest.mark.parametrize("data", [SHADES.images, "ring"], ids=["an array", "ring"])
def test_labels_are_needed(game, data):
    options = {**SHORT, "model": "points"} if isinstance(data, str) else SHORT
    message = (
        f"^conditional: expected data with labels for '{game}', got '.*', which has none; "
        "'clusters' and 'infogan' need none$"
    )
    with pytest.raises(InputError, match=message):
        minigan.train(**{**options, "data": data, "conditional": game})


def test_infogan_needs_no_labels(tmp_path):
    points = Points("pair", np.repeat(np.float32([[-1, 0], [1, 0]]), 8, axis=0))
    run = train("infogan", data=points, model="points", out=tmp_path / "points")
    assert run.config.packing == 1
    assert run.sample(5, label=9).shape == (5, 2)
    assert (tmp_path / "points" / "samples.png").is_file()
    assert train("infogan", data=SHADES.images).classes == 10


def test_labels_beyond_the_classes_are_refused():
    run = train("projection")
    with pytest.raises(InputError, match=r"^label: expected 0 to 2, got 3$"):
        run.sample(4, label=3)
    gap = copy.copy(SHADES.labels)
    gap[0] = 24
    with pytest.raises(InputError, match="got 24 as the largest label of 'gap'"):
        train("projection", data=Dataset("gap", SHADES.images, gap))


@pytest.mark.parametrize("game", ["projection", "ac-gan"])
def test_three_shades_are_learned(game):
    """The end of it all, after a short run: most samples are nearer to the shade of their label than to another's."""
    shades = np.arange(3) * 100 / 127.5 - 1
    options = {"steps": 300, "learning_rate": 2e-3}
    if game == "ac-gan":  # at that rate it depends on rounding whether all three are learned
        options = {"steps": 600, "learning_rate": 5e-4, "code_weight": 1.0}
    run = train(game, batch_size=24, average_decay=0.9, **options)
    for label in range(K):
        means = run.sample(50, label=label).mean(axis=(1, 2))
        assert (np.abs(means[:, None] - shades).argmin(axis=1) == label).mean() > 0.75


def test_every_label_of_the_built_in_digits_is_seen():
    digits = load_dataset("mnist-5k")
    t = Trainer(TrainConfig(model="mlp", conditional="projection").resolve(dataset="x", device="cpu"), digits)
    seen = np.concatenate([t._batch().objective.codes.argmax(axis=1) for _ in range(10)])
    assert set(seen) == set(range(10))
