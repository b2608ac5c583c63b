"""The five write-ups: corrected they train; as literally written they fail as their one sentence says."""

import numpy as np
import pytest

import minigan
from minigan import InputError, TrainConfig, cli
from minigan.datasets import load_dataset
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import Conv2DTranspose
from minigan.models import build_networks, get_model_spec
from minigan.models.articles.losses import SwappedSquaredFool
from minigan.models.articles.networks import WRITEUPS
from minigan.objectives import OBJECTIVES
from minigan.optimizers import SGD
from minigan.training import alternating_step, simultaneous_step
from minigan.training.trainer import Trainer

NAMES = [family.name for family in WRITEUPS]


def trainer(name, corrected=True, batch_size=16, **options):
    config = TrainConfig(model=name, corrected=corrected, batch_size=batch_size, augment_shift=0, **options)
    return Trainer(config.resolve(dataset="mnist-5k", device="cpu"), load_dataset("mnist-5k"))


def losses(game, steps):
    return np.array([[float(loss) for loss in game.step()] for _ in range(steps)])  # d_loss, g_loss, d_real, d_fake


@pytest.mark.parametrize("name", NAMES)
def test_corrected_it_trains(name):
    game = trainer(name, batch_size=4)
    found = losses(game, 60)
    assert np.isfinite(found).all()
    assert found[-25:, 0].mean() < 1.35  # D knows more than nothing, which costs 2 log 2
    z = np.random.default_rng(0).standard_normal((8, 100), dtype=np.float32)
    images, _ = game.generator.forward(z, train=False)
    assert images.shape == (28, 28, 8, 1)
    assert abs(images).max() <= 1
    assert images.std() > 0.02  # not one grey


def test_1_as_written_has_no_bottom():
    """L_D falls far below what any loss of the game can be, while D calls real samples fake."""
    found = losses(trainer("writeup-1", corrected=False), 30)
    assert found[0, 0] > -5
    assert found[-1, 0] < -20
    assert (np.diff(found[:, 0]) < 0).mean() > 0.8
    assert found[-1, 2] < 1e-3


def test_2_as_written_makes_no_images():
    with pytest.raises(InputError, match=r"model: 'writeup-2' cannot be built as written: .* stride 1"):
        trainer("writeup-2", corrected=False)
    literal = get_model_spec("writeup-2").literal.generator((28, 28, 1), 100)
    assert [layer.stride for layer in literal if isinstance(layer, Conv2DTranspose)] == [1, 1]


def test_3_is_right_as_written():
    ours, written = (losses(trainer("writeup-3", corrected, batch_size=4), 2) for corrected in (True, False))
    np.testing.assert_array_equal(ours, written)


def test_4_as_written_has_no_bottom_and_pulls_to_the_mean():
    found = losses(trainer("writeup-4", corrected=False), 60)
    assert found[-1, 0] < -20
    assert found[-1, 2] < 1e-3
    # over many pairs the second term alone is least where every sample is the mean of the data
    x = load_dataset("mnist-5k").images[:500].reshape(500, -1).astype(np.float32) / 127.5 - 1
    objective = SwappedSquaredFool()
    at_mean, _ = objective.image_loss(np.broadcast_to(x.mean(axis=0), x.shape), x)
    other_digits, _ = objective.image_loss(x[::-1], x)
    assert at_mean < 0.6 * other_digits


def test_5_as_written_cannot_call_a_fake_fake():
    """L_D never gets below log(1 + 1/e) + log 2; corrected, it goes far below on the same data."""
    written, corrected = (losses(trainer("writeup-5", c), 150) for c in (False, True))
    bound = np.log1p(np.exp(-1)) + np.log(2)
    assert written[:, 0].min() > bound - 1e-6
    assert corrected[:, 0].min() < bound - 0.3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("corrected", [True, False])
def test_their_objectives_have_right_gradients(name, corrected, rng):
    family = get_model_spec(name)
    objective = family.get_objective(None, corrected=corrected)
    for pays in (objective.real, objective.fake, objective.fool):
        s = 2 * rng.standard_normal((9, 1))
        _, ds = pays(s)
        for check in (check_directional, check_elementwise):
            found = check(name, lambda s, pays=pays: float(pays(s)[0].sum()), s, ds, rng=rng)
            assert found.ok, found


def test_the_reconstruction_terms_gradient(rng):
    x_fake, x_real = rng.standard_normal((2, 3, 3, 4, 1))
    _, dx = SwappedSquaredFool().image_loss(x_fake, x_real)
    found = check_directional("dx", lambda x: float(SwappedSquaredFool().image_loss(x, x_real)[0]), x_fake, dx, rng=rng)
    assert found.ok, found
    assert OBJECTIVES["hinge"].image_loss(x_fake, x_real) is None


@pytest.mark.parametrize("step", [alternating_step, simultaneous_step])
def test_either_update_adds_the_reconstruction_term(step, rng):
    """To G's loss and to its gradient; D's update is the same with it and without."""
    found = []
    for objective in (SwappedSquaredFool(), WithoutImages()):
        g, d = build_networks("writeup-4", (28, 28, 1), rng=np.random.default_rng(3), dtype="float64")
        draws = np.random.default_rng(4)
        x_real, z = np.tanh(draws.standard_normal((28, 28, 6, 1))), draws.standard_normal((6, 100))
        x_fake, caches = g.forward(z, train=True)
        optimizers = [SGD(net, learning_rate=1e-200) for net in (g, d)]
        _, g_loss, *_ = step(g, d, *optimizers, objective, x_real, x_fake, caches)
        found.append((g_loss, g.dtheta.copy(), d.dtheta.copy()))
    (loss, dtheta, d_dtheta), (plain_loss, plain_dtheta, plain_d_dtheta) = found
    term, dx = SwappedSquaredFool().image_loss(x_fake, x_real)
    g.zero_grad()
    g.backward(dx, g.forward(z, train=True)[1])
    assert loss - plain_loss == pytest.approx(float(term), rel=1e-9)
    np.testing.assert_allclose(dtheta - plain_dtheta, g.dtheta, atol=1e-9 * abs(g.dtheta).max())
    np.testing.assert_array_equal(d_dtheta, plain_d_dtheta)


class WithoutImages(SwappedSquaredFool):
    def image_loss(self, x_fake, x_real):
        return None


@pytest.mark.parametrize("name", ["writeup-1", "writeup-4"])
@pytest.mark.parametrize("corrected", [True, False])
def test_save_and_load(name, corrected, tmp_path):
    run = minigan.train(model=name, corrected=corrected, steps=1, batch_size=4, device="cpu", quiet=True)
    again = minigan.load(run.save(tmp_path / "model.npz"))
    assert (again.config.corrected, again.config.objective) == (corrected, run.config.objective)
    np.testing.assert_array_equal(again.sample(3), run.sample(3))


def test_widths_of_the_deep_one_are_those_written_at_its_own_size(rng):
    family = get_model_spec("writeup-5")
    g, d = family.generator((64, 64, 2), 100), family.discriminator((64, 64, 2))
    assert [layer.units for layer in g if hasattr(layer, "units")] == [128, 256, 512, 1024, 2048, 4096, 8192]
    assert [layer.units for layer in d if hasattr(layer, "units")] == [8192, 4096, 2048, 512, 256, 128, 1]
    small, _ = build_networks("writeup-5", (28, 28, 1), rng=rng)
    assert small.output_shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "hybrid", "corrected": False}, "corrected: model 'hybrid' has only one form"),
        ({"model": "writeup-1", "corrected": False, "objective": "hinge"}, "objective: 'writeup-1' as written has its"),
        ({"corrected": "no"}, "corrected: expected True or False, got 'no'"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(InputError, match=message):
        TrainConfig(**options)


def test_an_objective_may_still_be_chosen():
    config = TrainConfig(model="writeup-1", objective="hinge").resolve(dataset="mnist", device="cpu")
    assert config.objective == "hinge"
    assert TrainConfig(model="writeup-1").resolve(dataset="mnist", device="cpu").objective == "minimax"
    assert TrainConfig(model="writeup-4").resolve(dataset="mnist", device="cpu").objective == "squared fool"


def test_minigan_models(capsys):
    assert cli.main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in NAMES)
    assert cli.main(["models", "writeup-5"]) == 0
    out = capsys.readouterr().out
    assert "Dense(392)" in out
    assert "as literally written (--no-corrected): the cross-entropy takes D's probability for a logit" in out
