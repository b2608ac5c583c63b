"""The models of five recipes: the corrected form trains; as written they fail as their one sentence says."""

import numpy as np
import pytest

import minigan
from minigan import InputError, TrainConfig, cli
from minigan.datasets import Dataset, load_dataset
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import Conv2DTranspose
from minigan.models import build_networks, get_model_spec
from minigan.models.articles.losses import (
    Reconstruction,
    SigmoidTwice,
    SquaredError,
    SwappedPlayers,
    SwappedSquaredError,
)
from minigan.models.articles.networks import ARTICLES
from minigan.objectives import Minimax, NonSaturating
from minigan.optimizers import SGD
from minigan.training import Game, alternating_step, simultaneous_step
from minigan.training.trainer import Trainer

NAMES = [spec.name for spec in ARTICLES]
D = np.array([[1 / 2], [3 / 4]])  # probabilities, and their logits
S = np.log(D / (1 - D))


@pytest.fixture(scope="module")
def small():
    """Every second pixel of the middle of each digit, 8 x 8: the networks are those of the articles, but small."""
    return Dataset("small", np.ascontiguousarray(load_dataset("mnist-5k").images[:, 6:22:2, 6:22:2]))


def trainer(name, data, as_published=False, batch_size=16, **options):
    config = TrainConfig(model=name, as_published=as_published, batch_size=batch_size, augment_shift=0, **options)
    return Trainer(config.resolve(dataset=data.name, device="cpu"), data)


def losses(game, steps):
    return np.array([[float(loss) for loss in game.step()] for _ in range(steps)])  # d_loss, g_loss, d_real, d_fake


@pytest.mark.parametrize("name", NAMES)
def test_it_trains_100_steps(name, small):
    game = trainer(name, small, batch_size=4)
    found = losses(game, 100)
    assert np.isfinite(found).all()
    assert found[-25:, 0].mean() < 1.35  # D knows more than nothing, which costs 2 log 2
    z = np.random.default_rng(0).standard_normal((8, 100), dtype=np.float32)
    images, _ = game.generator.forward(z, train=False)
    assert images.shape == (8, 8, 8, 1)
    assert abs(images).max() <= 1
    assert images.std() > 0.02  # not one grey


def test_1_as_published_has_no_bottom(small):
    """L_D, which cannot be negative in the right game, falls on and on, while D calls real samples fake."""
    found = losses(trainer("writeup-1", small, as_published=True), 60)
    assert found[0, 0] > -5
    assert found[-1, 0] < -15
    assert (np.diff(found[::10, 0]) < -0.5).all()
    assert found[-1, 2] < 1e-3


def test_2_as_published_makes_no_images(small):
    with pytest.raises(InputError, match=r"as_published: expected False for 'writeup-2', got True; .* stride 1"):
        trainer("writeup-2", small, as_published=True)
    layers = get_model_spec("writeup-2").as_published().generator((28, 28, 1), 100)
    assert [layer.stride for layer in layers if isinstance(layer, Conv2DTranspose)] == [1, 1]
    assert type(layers[-1]) is Conv2DTranspose  # no tanh


def test_3_is_right_as_published(small):
    ours, published = (losses(trainer("writeup-3", small, each, batch_size=4), 2) for each in (False, True))
    np.testing.assert_array_equal(ours, published)


def test_4_as_published_has_no_bottom_and_pulls_to_the_mean(small):
    game = trainer("writeup-4", small, as_published=True)
    assert game.game.generator_penalty.weight == 1e-4
    assert trainer("writeup-4", small).game.generator_penalty is None
    found = losses(game, 300)
    assert found[-1, 0] < -100
    assert found[-50:, 2].mean() < 0.05  # D calls nearly all real samples fake
    # over many pairs the second term alone is least where every sample is the mean of the data
    x = load_dataset("mnist-5k").images[:500].reshape(500, -1).astype(np.float32) / 127.5 - 1
    penalty = Reconstruction(weight=1e-4)
    at_mean, _ = penalty.value_and_gradient(np.broadcast_to(x.mean(axis=0), x.shape), x)
    other_digits, _ = penalty.value_and_gradient(x[::-1], x)
    assert at_mean < 0.6 * other_digits


def test_5_as_published_cannot_call_a_fake_fake(small):
    """L_D never gets below log(1 + 1/e) + log 2; otherwise it goes far below, on the same data."""
    published, ours = (losses(trainer("writeup-5", small, each), 300) for each in (True, False))
    bound = np.log1p(np.exp(-1)) + np.log(2)
    assert published[:, 0].min() > bound - 1e-6
    assert ours[:, 0].min() < bound - 0.3


@pytest.mark.parametrize(
    ("objective", "real", "fake", "generator"),
    [  # each in the probability D = sigmoid(s)
        (SwappedPlayers(), lambda d: np.log(d), lambda d: np.log(1 - d), lambda d: -np.log(1 - d)),
        (SquaredError(), lambda d: -np.log(d), lambda d: -np.log(1 - d), lambda d: (d - 1) ** 2),
        (SwappedSquaredError(), lambda d: np.log(d), lambda d: np.log(1 - d), lambda d: (d - 1) ** 2),
        (
            SigmoidTwice(),
            lambda d: np.log1p(np.exp(-d)),
            lambda d: np.log1p(np.exp(d)),
            lambda d: np.log1p(np.exp(-d)),
        ),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_losses_by_their_formulas(objective, real, fake, generator):
    for pays, formula in (
        (objective.real_loss, real),
        (objective.fake_loss, fake),
        (objective.generator_loss, generator),
    ):
        np.testing.assert_allclose(pays(S)[0], formula(D), rtol=1e-13)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("as_published", [False, True])
def test_their_objectives_have_right_gradients(name, as_published, rng):
    objective = get_model_spec(name).get_objective(None, as_published=as_published)
    for pays in (objective.real_loss, objective.fake_loss, objective.generator_loss):
        s = 2 * rng.standard_normal((9, 1))
        _, ds = pays(s)
        for check in (check_directional, check_elementwise):
            found = check(name, lambda s, pays=pays: float(pays(s)[0].sum()), s, ds, rng=rng)
            assert found.ok, found


def test_which_objectives_they_have():
    own = [get_model_spec(name).objective for name in NAMES]
    assert [type(each) for each in own] == [Minimax, Minimax, Minimax, SquaredError, NonSaturating]
    published = [get_model_spec(name).as_published().objective for name in NAMES]
    assert [type(each) for each in published] == [SwappedPlayers, Minimax, Minimax, SwappedSquaredError, SigmoidTwice]


def test_the_reconstruction_penalty(rng):
    """1e-4 mean (G(z) - x)^2 over samples and pixels: a literal value, and its gradient."""
    penalty = Reconstruction(weight=1e-4)
    value, dx = penalty.value_and_gradient(np.full((2, 1, 2, 1), 3.0), np.array([1.0, 3, 5, 4]).reshape(2, 1, 2, 1))
    assert value == pytest.approx(1e-4 * (4 + 0 + 4 + 1) / 4, rel=1e-14)
    np.testing.assert_allclose(dx.ravel(), 1e-4 * np.array([1.0, 0, -1, -0.5]), rtol=1e-14)
    x_fake, x_real = rng.standard_normal((2, 3, 3, 4, 1))
    value, dx = penalty.value_and_gradient(x_fake, x_real)
    found = check_directional("dx", lambda x: float(penalty.value_and_gradient(x, x_real)[0]), x_fake, dx, rng=rng)
    assert found.ok, found


@pytest.mark.parametrize("step", [alternating_step, simultaneous_step])
def test_either_update_adds_the_reconstruction_penalty(step, rng):
    """To G's gradient, in the parameters of G; D's update and both losses are the same with it and without."""
    found, penalty = [], Reconstruction(weight=0.3)
    for paid in (penalty, None):
        g, d = build_networks("writeup-4", (8, 8, 1), rng=np.random.default_rng(3), dtype="float64")
        draws = np.random.default_rng(4)
        x_real, z = np.tanh(draws.standard_normal((8, 8, 6, 1))), draws.standard_normal((6, 100))
        x_fake, caches = g.forward(z, train=True)
        optimizers = [SGD(net, learning_rate=1e-200) for net in (g, d)]
        game = Game(g, d, *optimizers, SwappedSquaredError(), generator_penalty=paid)
        d_loss, g_loss, *_ = step(game, x_real, x_fake, caches)
        found.append((d_loss, g_loss, d.dtheta.copy(), g.dtheta.copy()))
    for a, b in zip(found[0][:3], found[1][:3], strict=True):
        np.testing.assert_array_equal(a, b)

    def value(theta):
        g.theta[...] = theta
        return float(penalty.value_and_gradient(g.forward(z, train=True)[0], x_real)[0])

    check = check_directional("dtheta", value, g.theta.copy(), found[0][3] - found[1][3], rng=rng)
    assert check.ok, check


def test_the_reconstruction_penalty_needs_real_samples():
    with pytest.raises(InputError, match=r"^x_real: expected the images .*, got None"):
        Reconstruction(weight=1.0).add_gradient(None, None, np.zeros((8, 8, 2, 1)), None)


@pytest.mark.parametrize("name", ["writeup-1", "writeup-4"])
@pytest.mark.parametrize("as_published", [False, True])
def test_save_and_load(name, as_published, small, tmp_path):
    options = {"steps": 1, "batch_size": 4, "device": "cpu", "quiet": True}
    run = minigan.train(model=name, as_published=as_published, data=small, **options)
    again = minigan.load(run.save(tmp_path / "model.npz"))
    assert (again.config.as_published, again.config.objective) == (as_published, run.config.objective)
    np.testing.assert_array_equal(again.sample(3), run.sample(3))


def test_widths_of_the_deep_one_are_those_written_at_its_own_size(rng):
    spec = get_model_spec("writeup-5")
    g, d = spec.generator((64, 64, 2), 100), spec.discriminator((64, 64, 2))
    assert [layer.units for layer in g if hasattr(layer, "units")] == [128, 256, 512, 1024, 2048, 4096, 8192]
    assert [layer.units for layer in d if hasattr(layer, "units")] == [8192, 4096, 2048, 512, 256, 128, 1]
    small, _ = build_networks("writeup-5", (28, 28, 1), rng=rng)
    assert small.output_shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"model": "hybrid", "as_published": True},
            "as_published: expected False for model 'hybrid', which has only one form, got True",
        ),
        (
            {"model": "writeup-1", "as_published": True, "objective": "hinge"},
            "objective: expected None for 'writeup-1' as published, which has its own, got 'hinge'",
        ),
        ({"as_published": "no"}, "as_published: expected True or False, got 'no'"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(InputError, match=message):
        TrainConfig(**options)


def test_an_objective_may_still_be_chosen():
    config = TrainConfig(model="writeup-1", objective="hinge").resolve(dataset="mnist", device="cpu")
    assert config.objective == "hinge"
    assert TrainConfig(model="writeup-1").resolve(dataset="mnist", device="cpu").objective == "minimax"
    assert TrainConfig(model="writeup-4").resolve(dataset="mnist", device="cpu").objective == "squared error"


def test_minigan_models(capsys):
    assert cli.main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in NAMES)
    assert cli.main(["models", "writeup-5"]) == 0
    out = capsys.readouterr().out
    assert "Dense(392)" in out
    assert "as published (--as-published): the cross-entropy takes D's probability for a logit" in out
