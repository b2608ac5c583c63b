"""From a resolved configuration to a game: every option reaches its place, and what does not fit is refused."""

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.backend import to_host
from minigan.fast.adam import FastAdam
from minigan.layers import DiscriminatorEnsemble
from minigan.models import GANS, get_model_spec
from minigan.models.articles.losses import Reconstruction
from minigan.objectives import OBJECTIVES, SoftLabels
from minigan.objectives.ensemble import DiscriminatorEnsembleObjective
from minigan.objectives.penalties import R1
from minigan.optimizers import Adam
from minigan.training import (
    UPDATES,
    Game,
    alternating_step,
    make_game,
    make_networks,
    make_objective,
    simultaneous_step,
)

SHAPE = (8, 8, 1)


def resolved(device="cpu", **options):
    return TrainConfig(**{"model": "mlp", **options}).resolve(dataset="numbers", device=device)


def game(device="cpu", shape=SHAPE, seed=0, codes=0, **options):
    rng, label_rng = np.random.default_rng(seed), np.random.default_rng(9)
    config = resolved(device, **options)
    return make_game(config, make_networks(config, shape, codes=codes, rng=rng), rng=label_rng)


def objective(**options):
    return make_objective(resolved(**options), rng=np.random.default_rng(9))


@pytest.mark.parametrize("model", GANS)
def test_the_objective_of_a_model_is_its_own(model):
    assert objective(model=model).objective is get_model_spec(model).objective
    assert objective(model=model, plain=True) is get_model_spec(model).objective


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_objective_by_name(name):
    assert objective(objective=name).objective is OBJECTIVES[name]


@pytest.mark.parametrize("model", [name for name, spec in GANS.items() if spec.published])
def test_the_objective_as_published(model):
    published = get_model_spec(model).as_published().objective
    assert objective(model=model, as_published=True).objective is published


def test_soft_labels_and_an_ensemble_are_around_it():
    labels = {"real_label": 0.9, "fake_label": 0.1, "label_noise": 0.2, "label_flip": 0.3}
    both = objective(objective="hinge", discriminators=2, combine="max", **labels)
    assert isinstance(both, DiscriminatorEnsembleObjective)
    assert both.combine == "max"
    soft = both.objective
    assert isinstance(soft, SoftLabels)
    assert (soft.real_label, soft.fake_label, soft.noise, soft.flip) == (0.9, 0.1, 0.2, 0.3)
    assert soft.objective.objective is OBJECTIVES["hinge"]
    rng = np.random.default_rng(9)
    assert make_objective(resolved(real_label=0.9), rng=rng).rng is rng


def test_the_networks(device):
    played = game(device, latent_dim=7, discriminators=2, codes=3)
    assert isinstance(played, Game)
    assert played.generator.input_shape == (10,)
    assert played.generator.output_shape == played.discriminator.input_shape == SHAPE
    assert played.generator.device == played.discriminator.device == device
    assert isinstance(played.discriminator.layers[-1], DiscriminatorEnsemble)
    for net in (played.generator, played.discriminator):
        assert net.theta.dtype == np.float32
    same, other = game(device, latent_dim=7, discriminators=2, codes=3), game(device, seed=1, latent_dim=7, codes=3)
    np.testing.assert_array_equal(to_host(same.generator.theta), to_host(played.generator.theta))
    assert (to_host(other.generator.theta) != to_host(played.generator.theta)).any()


@pytest.mark.parametrize("plain", [False, True])
def test_the_floor(plain):
    played = game(plain=plain)
    assert played.generator.fast == played.discriminator.fast == (not plain)
    for optimizer in (played.generator_optimizer, played.discriminator_optimizer):
        assert type(optimizer.optimizer) is (Adam if plain else FastAdam)


def test_the_optimisers():
    played = game(
        generator_learning_rate=0.01,
        discriminator_learning_rate=0.02,
        beta1=0.3,
        beta2=0.4,
        clip_gradient_norm=5.0,
        clip_gradient_value=6.0,
        clip_weights=7.0,
    )
    for optimizer, net, rate, weights in (
        (played.generator_optimizer, played.generator, 0.01, None),
        (played.discriminator_optimizer, played.discriminator, 0.02, 7.0),
    ):
        assert optimizer.learning_rate == optimizer.optimizer.learning_rate == rate
        assert (optimizer.optimizer.adam.beta1, optimizer.optimizer.adam.beta2) == (0.3, 0.4)
        assert optimizer.optimizer.network is net
        assert (optimizer.gradient_norm, optimizer.gradient_value, optimizer.weights) == (5.0, 6.0, weights)
        optimizer.learning_rate = 0.5
        assert optimizer.optimizer.learning_rate == 0.5
        before = net.theta.copy()
        net.dtheta[...] = 1e-3
        optimizer.step()  # the first step of Adam is of the length of its rate, whatever the gradient
        np.testing.assert_allclose(before - net.theta, 0.5, rtol=1e-3)


def test_the_penalties():
    played = game(penalty="r1:weight=3,every=2")
    assert isinstance(played.discriminator_penalty, R1)
    assert (played.discriminator_penalty.weight, played.discriminator_penalty.every) == (3.0, 2)
    assert played.generator_penalty is None
    assert game().discriminator_penalty is None
    published = game(model="writeup-4", as_published=True).generator_penalty
    assert isinstance(published, Reconstruction)
    assert published.weight == 1e-4
    for model in ("writeup-1", "writeup-3", "writeup-5"):
        assert game(model=model, as_published=True).generator_penalty is None
    assert game(model="writeup-4").generator_penalty is None


def test_updates():
    assert {"alternating": alternating_step, "simultaneous": simultaneous_step} == UPDATES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "infogan", "update": "simultaneous"}, r"^update: expected 'alternating' .* layer 3 is BatchNorm"),
        ({"model": "infogan", "penalty": "r1"}, r"^penalty: expected .* got BatchNorm.* as its layer 3"),
        ({"model": "writeup-2", "as_published": True}, r"^as_published: expected False for 'writeup-2'"),
        ({"model": "points"}, r"^data: expected points for model 'points', got images"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(InputError, match=message):
        game(**options)
