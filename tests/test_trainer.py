"""One training step: the same for one seed, on every device, and without making the host wait."""

import itertools

import numpy as np
import pytest
import strict_cupy

from minigan import InputError, TrainConfig
from minigan.backend import get_array_module, to_device, to_host
from minigan.datasets import Dataset, load_dataset
from minigan.layers import BatchNorm, Dense, GaussianNoise, LeakyReLU
from minigan.network import Network
from minigan.objectives import OBJECTIVES
from minigan.objectives.codes import draw_noise
from minigan.objectives.penalties import R1
from minigan.optimizers import innermost
from minigan.training.trainer import Trainer, features

every_update = pytest.mark.parametrize("update", ["alternating", "simultaneous"])


@pytest.fixture(scope="module")
def digits():
    return Dataset("mnist-5k", load_dataset("mnist-5k").images[:64])


def make_trainer(dataset, device="cpu", **options):
    config = TrainConfig(**{"model": "mlp", "batch_size": 4, **options})
    return Trainer(config.resolve(dataset=dataset.name, device=device), dataset)


def trained(steps, *args, **options):
    trainer = make_trainer(*args, **options)
    metrics = [trainer.step() for _ in range(steps)]
    return trainer, metrics


def vectors(trainer):
    networks = (trainer.generator, trainer.discriminator, trainer.average.network)
    return [to_host(a) for net in networks for a in (net.theta, net.stats)]


@every_update
@pytest.mark.parametrize("model", ["mlp", "hybrid", "dcgan"])
def test_same_seed_same_bits(model, update, digits, device):
    options = {"model": model, "update": update, "seed": 5}
    (a, metrics_a), (b, metrics_b) = (trained(3, digits, device, **options) for _ in range(2))
    for x, y in zip(vectors(a), vectors(b), strict=True):
        np.testing.assert_array_equal(x, y)
    for step_a, step_b in zip(metrics_a, metrics_b, strict=True):
        assert [float(to_host(m)) for m in step_a] == [float(to_host(m)) for m in step_b]


def test_another_seed_another_run(digits):
    (a, [metrics_a]), (b, [metrics_b]) = (trained(1, digits, seed=seed) for seed in (0, 1))
    for player in ("generator", "discriminator"):
        assert (getattr(a, player).theta != getattr(b, player).theta).mean() > 0.9
    assert metrics_a.d_loss != metrics_b.d_loss


def test_random_streams_are_independent(digits):
    """What the layers draw changes neither the weights, nor the order of the data, nor the noise."""
    (plain, _), (shifted, _) = (trained(2, digits, augment_shift=shift) for shift in (0, 2))
    assert (plain.discriminator.theta != shifted.discriminator.theta).any()
    np.testing.assert_array_equal(to_host(plain.batches.next()), to_host(shifted.batches.next()))
    assert plain.streams["noise"].random() == shifted.streams["noise"].random()
    fresh = [make_trainer(digits, augment_shift=shift) for shift in (0, 2)]
    np.testing.assert_array_equal(fresh[0].discriminator.theta, fresh[1].discriminator.theta)
    streams = [trained(0, digits)[0] for _ in range(2)]
    draws = {s.random() for s in (streams[0].streams["noise"], streams[0].layer_draws, streams[0].batches.rng)}
    assert len(draws) == 3


def test_no_module_state_of_numpy(digits):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    trained(1, digits, model="dcgan")
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@every_update
@pytest.mark.parametrize("objective", ["non-saturating", "minimax"])
@pytest.mark.parametrize("model", ["mlp", "hybrid", "dcgan"])
def test_everything_moves_and_stays_finite(model, objective, update, digits, device):
    trainer = make_trainer(digits, device, model=model, objective=objective, update=update)
    assert trainer.game.objective.objective is OBJECTIVES[objective]
    before = [v.copy() for v in vectors(trainer)]
    for _ in range(2):
        metrics = trainer.step()
        for value in metrics:
            assert value.shape == ()
            assert get_array_module(value) is get_array_module(trainer.generator.theta)
            assert np.isfinite(float(to_host(value)))
        assert 0 < float(to_host(metrics.d_real)) < 1
        assert 0 < float(to_host(metrics.d_fake)) < 1
    for old, new in zip(before, vectors(trainer), strict=True):
        assert new.dtype == np.float32
        assert np.isfinite(new).all()
        if new.size:  # D of most models has no statistics
            assert (old != new).mean() > 0.5
    assert trainer.generator.version == trainer.discriminator.version


def test_metrics_are_those_of_the_first_logits(digits):
    """Against the same step by hand, from the trainer's own parts: x_real, then z, then the layers' draws."""
    trainer, twin = make_trainer(digits), make_trainer(digits)
    d_loss, g_loss, d_real, d_fake = trainer.step()
    x_real = twin.batches.next()
    z = twin.streams["noise"].standard_normal((4, 64), dtype=np.float32)
    x_fake, _ = twin.generator.forward(z, train=True)
    both = np.concatenate((x_real, x_fake), axis=2)
    real, fake = np.split(twin.discriminator.forward(both, train=True, rng=twin.layer_draws)[0], 2)
    p_real, p_fake = (1 / (1 + np.exp(-s.astype(float))) for s in (real, fake))
    assert d_real == pytest.approx(p_real.mean(), rel=1e-5)
    assert d_fake == pytest.approx(p_fake.mean(), rel=1e-5)
    assert d_loss == pytest.approx(-np.log(p_real).mean() - np.log(1 - p_fake).mean(), rel=1e-5)
    fake, _ = trainer.discriminator.forward(x_fake, train=True, rng=twin.layer_draws)  # D has moved, G not yet
    assert g_loss == pytest.approx(np.logaddexp(0, -fake.astype(float)).mean(), rel=1e-5)


@pytest.mark.parametrize("objective", ["least-squares", "wasserstein", "hinge"])
def test_scores_are_recorded_as_they_are(objective, digits):
    trainer, twin = make_trainer(digits, objective=objective), make_trainer(digits)
    _, _, d_real, d_fake = trainer.step()
    x_real = twin.batches.next()
    x_fake, _ = twin.generator.forward(twin.streams["noise"].standard_normal((4, 64), dtype=np.float32), train=True)
    both = np.concatenate((x_real, x_fake), axis=2)
    real, fake = np.split(twin.discriminator.forward(both, train=True, rng=twin.layer_draws)[0], 2)
    assert d_real == pytest.approx(real.mean(), rel=1e-5)
    assert d_fake == pytest.approx(fake.mean(), rel=1e-5)


def test_the_first_losses_are_those_of_either_update(digits):
    """D sees the same at first; G sees D before its step in the one, and after it in the other."""
    (_, [a]), (_, [s]) = (trained(1, digits, update=update) for update in ("alternating", "simultaneous"))
    assert (a.d_loss, a.d_real, a.d_fake) == (s.d_loss, s.d_real, s.d_fake)
    assert a.g_loss != s.g_loss


def test_a_simultaneous_update_refuses_batch_norm_in_the_discriminator(digits):
    with pytest.raises(
        InputError, match=r"^update: expected 'alternating' .*, got 'simultaneous'; layer 3 is BatchNorm\("
    ):
        make_trainer(digits, model="infogan", update="simultaneous", augment_shift=0)
    make_trainer(digits, model="infogan", update="alternating")


def test_the_configuration_reaches_its_place(digits):
    trainer = make_trainer(
        digits, learning_rate=0.01, beta1=0.1, beta2=0.2, average_decay=0.3, latent_dim=7, batch_size=6
    )
    for clipped, net in (
        (trainer.game.generator_optimizer, trainer.generator),
        (trainer.game.discriminator_optimizer, trainer.discriminator),
    ):
        adam = clipped.optimizer.adam
        assert adam.network is net
        assert (adam.learning_rate, adam.beta1, adam.beta2) == (0.01, 0.1, 0.2)
    assert trainer.average.source is trainer.generator
    assert trainer.average.decay == 0.3
    assert trainer.generator.input_shape == (7,)
    assert trainer.batches.next().shape == (28, 28, 6, 1)
    with pytest.raises(InputError, match="batch_size: expected at most 64, the number of images, got 65"):
        make_trainer(digits, batch_size=65)


@every_update
@pytest.mark.parametrize("augment_shift", [0, 2])
@pytest.mark.parametrize("model", ["mlp", "hybrid", "dcgan"])  # dcgan has dropout
def test_a_step_never_makes_the_host_wait(model, augment_shift, update, digits, monkeypatch):
    """And sends up only z and, with shifts, the offsets of every pass forward and one back; an order per epoch."""
    strict_cupy.install(monkeypatch)
    trainer = make_trainer(digits, "cuda", model=model, augment_shift=augment_shift, update=update)
    trainer.step()
    for _ in range(2):  # well inside the first epoch
        with strict_cupy.count() as count:
            trainer.step()
        assert count.synchronisations == 0
        passes = 3 if update == "alternating" else 2
        assert count.uploads <= (1 if augment_shift == 0 else passes + 2)


def test_a_new_epoch_uploads_one_order(digits, monkeypatch):
    strict_cupy.install(monkeypatch)
    trainer = make_trainer(digits, "cuda", batch_size=32, augment_shift=0)
    uploads = []
    for _ in range(4):
        with strict_cupy.count() as count:
            trainer.step()
        assert count.synchronisations == 0
        uploads.append(count.uploads)
    assert uploads == [2, 1, 2, 1]


@every_update
@pytest.mark.parametrize("augment_shift", [0, 2])
@pytest.mark.parametrize("model", ["mlp", "hybrid"])  # no dropout: its masks are drawn on the device
def test_same_run_on_every_device(model, augment_shift, update, digits, device):
    """Biases start at 0, so black pixels lie on the kink of LeakyReLU, where rounding decides: first move them away."""
    options = {"model": model, "augment_shift": augment_shift, "update": update}
    here, there = (make_trainer(digits, each, **options) for each in (device, "cpu"))
    for trainer in (here, there):
        for net in (trainer.generator, trainer.discriminator):
            shift = 0.05 * np.random.default_rng(0).standard_normal(net.theta.size)
            net.theta += to_device(shift.astype(np.float32), trainer.device)
    metrics_here, metrics_there = ([trainer.step() for _ in range(2)] for trainer in (here, there))
    for a, b in zip(vectors(here), vectors(there), strict=True):
        error = np.abs(a - b)
        if error.size:  # Adam may turn the rounding of a gradient of nearly 0 into steps of up to learning_rate each
            assert np.quantile(error, 0.999) <= 1e-5
            assert error.max() <= 4 * here.config.learning_rate
    for a, b in zip(metrics_here, metrics_there, strict=True):
        np.testing.assert_allclose([float(to_host(m)) for m in a], [float(m) for m in b], rtol=1e-5, atol=1e-6)


def test_draw_noise(device):
    z = draw_noise(np.random.default_rng(3), 500, 4, device)
    assert get_array_module(z) is get_array_module(draw_noise(np.random.default_rng(3), 1, 4, device))
    assert z.dtype == np.float32
    np.testing.assert_array_equal(to_host(z), np.random.default_rng(3).standard_normal((500, 4), dtype=np.float32))
    first = draw_noise(np.random.default_rng(3), 3, 4, device)
    np.testing.assert_array_equal(to_host(first), to_host(z)[:3])


# Golden losses: what this code printed on 64 real digits with NumPy on a CPU, once every gradient above was checked
# (the options below, seed 0). A change of any of them is a change of what training does.
GOLDEN = {"batch_size": 8, "augment_shift": 2, "learning_rate": 5e-4, "beta1": 0.5, "beta2": 0.99}
MLP_D_LOSS = [1.388402, 1.246528, 1.148996, 1.023813, 0.872146, 0.736237, 0.625056, 0.568726, 0.452196, 0.367557]
DCGAN_D_LOSS = [1.418461, 1.271698, 1.156309]
DCGAN_G_LOSS = [0.706322, 0.675361, 0.630288]


@pytest.mark.parametrize("plain", [True, False])
def test_ten_golden_losses(plain, digits, device):
    _, metrics = trained(10, digits, device, model="mlp", plain=plain, **GOLDEN)
    np.testing.assert_allclose([float(to_host(m.d_loss)) for m in metrics], MLP_D_LOSS, rtol=1e-4)


@pytest.mark.parametrize("plain", [True, False])
def test_golden_losses_of_dcgan(plain, digits):
    _, metrics = trained(3, digits, model="dcgan", plain=plain, **GOLDEN)
    np.testing.assert_allclose([float(m.d_loss) for m in metrics], DCGAN_D_LOSS, rtol=1e-4)
    np.testing.assert_allclose([float(m.g_loss) for m in metrics], DCGAN_G_LOSS, rtol=1e-4)


def test_the_fast_optimiser_moves_the_average_and_the_plain_one_does_not(digits):
    fast, plain = (make_trainer(digits, plain=plain) for plain in (False, True))
    for trainer, expected in ((fast, fast.average), (plain, None)):
        adam = innermost(trainer.game.generator_optimizer)
        assert getattr(adam, "average", None) is expected
        assert getattr(innermost(trainer.game.discriminator_optimizer), "average", None) is None
    for trainer in (fast, plain):
        for _ in range(3):
            trainer.step()
    np.testing.assert_allclose(fast.average.network.theta, plain.average.network.theta, rtol=1e-3, atol=1e-4)


def test_every_discriminator_step_has_its_own_batch(digits, monkeypatch):
    """Real ones in the order of the data, and fakes from new noise; G moves once."""
    trainer, twin = make_trainer(digits, discriminator_steps=3), make_trainer(digits)
    seen = []
    forward = type(trainer.discriminator).forward

    def watched(self, x, **options):
        if self is trainer.discriminator and x.shape[2] == 8:
            seen.append(x.copy())
        return forward(self, x, **options)

    monkeypatch.setattr(type(trainer.discriminator), "forward", watched)
    trainer.step()
    assert len(seen) == 3
    for x in seen:
        np.testing.assert_array_equal(x[:, :, :4], twin.batches.next())
    fakes = [x[:, :, 4:] for x in seen]
    assert min(abs(a - b).max() for a, b in itertools.pairwise(fakes)) > 0
    assert trainer.game.discriminator_optimizer.optimizer.adam.t == 3
    assert trainer.game.generator_optimizer.optimizer.adam.t == 1


def test_rates_and_noise_decay_with_the_run(digits):
    options = {"learning_rate_decay": "linear", "instance_noise": 0.5, "generator_learning_rate": 0.01}
    trainer = make_trainer(digits, learning_rate=0.02, **options)
    [noise] = [layer for layer in trainer.discriminator.layers if isinstance(layer, GaussianNoise)]
    for share in (0.0, 0.25, 0.75):
        trainer.step(share)
        assert trainer.game.generator_optimizer.learning_rate == pytest.approx(0.01 * (1 - share))
        assert trainer.game.discriminator_optimizer.learning_rate == pytest.approx(0.02 * (1 - share))
        assert noise.std == pytest.approx(0.5 * (1 - share))
    assert np.isfinite(float(trainer.step(1.0).d_loss))
    constant = make_trainer(digits, learning_rate=0.02)
    constant.step(0.5)
    assert constant.game.generator_optimizer.learning_rate == 0.02


def test_a_lazy_penalty_is_due_every_k_steps(digits, monkeypatch):
    trainer = make_trainer(digits, penalty="r1:weight=2,every=3", discriminator_steps=2)
    due = []
    original = R1.add_gradient
    monkeypatch.setattr(R1, "add_gradient", lambda self, *args, **kw: due.append(1) or original(self, *args, **kw))
    counts = []
    for _ in range(6):
        trainer.step()
        counts.append(len(due))
    assert counts == [1, 2, 2, 3, 4, 4]  # of D's steps 0 to 11: 0, 3, 6, 9


def test_a_penalty_changes_d_and_is_refused_where_it_cannot_be_taken(digits):
    plain, penalised = make_trainer(digits), make_trainer(digits, penalty="r1:weight=10")
    for trainer in (plain, penalised):
        trainer.step()
    assert (plain.discriminator.theta != penalised.discriminator.theta).any()
    with pytest.raises(InputError, match="penalty: expected a discriminator of piecewise linear layers"):
        make_trainer(digits, model="infogan", penalty="r1")


def test_clipped_weights_stay_clipped(digits):
    trainer = make_trainer(digits, objective="wasserstein", clip_weights=0.015)
    for _ in range(3):
        trainer.step()
    assert abs(trainer.discriminator.theta).max() == np.float32(0.015)
    assert abs(trainer.generator.theta).max() > 0.1


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_every_objective_trains(objective, update, digits, device):
    options = {} if objective == "wasserstein" else {"real_label": 0.9, "label_flip": 0.1}
    _, metrics = trained(3, digits, device, objective=objective, update=update, instance_noise=0.1, **options)
    assert np.isfinite([[float(to_host(value)) for value in m] for m in metrics]).all()


@pytest.mark.parametrize(
    "options",
    [
        {"spectral_norm": True, "objective": "hinge", "penalty": "r1"},
        {"spectral_norm": True, "objective": "wasserstein", "update": "simultaneous"},
        {"minibatch_std": True, "spectral_norm": True},
    ],
)
def test_spectral_norm_and_minibatch_std_train(options, digits):
    trainer, metrics = trained(3, digits, **options)
    assert np.isfinite([[float(value) for value in m] for m in metrics]).all()
    kinds = [type(layer).__name__ for layer in trainer.discriminator.layers]
    assert kinds.count("SpectralNorm") == (3 if "spectral_norm" in options else 0)
    assert ("MinibatchStd" in kinds) == ("minibatch_std" in options)


def test_combinations_that_make_no_sense_are_refused_with_a_reason(digits):
    with pytest.raises(InputError, match=r"penalty: .* got MinibatchStd.* as its layer \d"):
        make_trainer(digits, minibatch_std=True, penalty="wgan-gp")
    with pytest.raises(InputError, match=r"update: expected 'alternating' .* layer \d is MinibatchStd"):
        make_trainer(digits, minibatch_std=True, update="simultaneous")


@pytest.mark.parametrize("fast", [False, True])
def test_features_enter_the_last_layer(fast, rng, device):
    layers = [Dense(6), BatchNorm(), LeakyReLU(negative_slope=0.2), Dense(4), LeakyReLU(negative_slope=0.2), Dense(1)]
    net = Network(layers, (5,), rng=rng, device=device, fast=fast)
    x = to_device(rng.standard_normal((7, 5)).astype(np.float32), device)
    found = features(net, x)
    assert found.shape == (7, 4)
    last = net.layers[-1]
    np.testing.assert_allclose(
        to_host(found @ last.w + last.b), to_host(net.forward(x, train=False)[0]), rtol=1e-5, atol=1e-6
    )
