"""One plan, two floors: a whole step of both players on the plain floor and on the fast floor, in float64."""

import numpy as np
import pytest

from minigan import TrainConfig
from minigan.backend import to_device, to_host
from minigan.layers import Dropout
from minigan.models import GANS, get_model_spec
from minigan.objectives import OBJECTIVES, PENALTIES
from minigan.objectives.codes import draw_codes
from minigan.objectives.conditional import CONDITIONALS, get_conditional
from minigan.training import UPDATES, make_game, make_networks

CLOSE = 1e-10  # of the largest number in each array
CLASSES = 3


def one_step(config, shape, *, batch, device="cpu"):
    """Return what one step of this configuration computes and leaves behind, by name."""
    config = TrainConfig(batch_size=batch, **config).resolve(dataset="numbers", device=device)
    conditional = get_conditional(config.conditional)
    length = CLASSES + conditional.continuous if conditional else 0
    rngs = [np.random.default_rng(seed) for seed in range(5)]
    networks = make_networks(config, shape, codes=length, rng=rngs[0], dtype="float64")
    game = make_game(config, networks, rng=rngs[1])
    assert game.generator.fast == game.discriminator.fast != config.plain
    draws = rngs[2]
    for net in (game.generator, game.discriminator):  # zero biases and unit gains would mask mistakes
        net.theta += to_device(0.05 * draws.standard_normal(net.theta.size), device)
    x_real = to_device(np.tanh(draws.standard_normal((*shape[:-1], batch, shape[-1]))), device)
    z = draws.standard_normal((batch, *game.generator.input_shape))
    if conditional:
        codes = draw_codes(rngs[3], batch, np.full(CLASSES, 1 / CLASSES), continuous=conditional.continuous).astype(
            float
        )
        z[:, -length:] = codes
        game.objective = conditional(game.objective, to_device(codes, device), weight=config.code_weight)
    x_fake, caches = game.generator.forward(to_device(z, device), train=True, rng=rngs[4])
    result = UPDATES[config.update](game, x_real, x_fake, caches, rng=rngs[4])
    arrays = {"x_fake": x_fake, **result._asdict()}
    for name, net in (("G", game.generator), ("D", game.discriminator)):
        arrays |= {f"{name} dtheta": net.dtheta, f"{name} theta": net.theta, f"{name} stats": net.stats}
    return {name: to_host(array) for name, array in arrays.items()}


def assert_floors_agree(config, shape, *, batch=4, device="cpu"):
    plain, fast = (one_step({**config, "plain": each}, shape, batch=batch, device=device) for each in (True, False))
    for name, expected in plain.items():
        assert fast[name].dtype == np.float64
        np.testing.assert_allclose(
            fast[name], expected, rtol=0, atol=CLOSE * np.abs(expected).max(initial=0), err_msg=name
        )
    for name in ("G dtheta", "D dtheta"):
        assert np.abs(plain[name]).max() > 0, name


def shape_of(model, size=8):
    return get_model_spec(model).example_shape(size)


def takes_simultaneous(model):
    return not any(layer.couples_samples for layer in get_model_spec(model).discriminator(shape_of(model)))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("model", GANS)
def test_every_model_and_objective(model, objective):
    for update in UPDATES if takes_simultaneous(model) else ("alternating",):
        config = {"model": model, "objective": objective, "update": update, "packing": 1}
        assert_floors_agree(config, shape_of(model))


@pytest.mark.parametrize("model", [name for name, spec in GANS.items() if spec.published and name != "writeup-2"])
def test_as_published(model):
    for update in UPDATES if takes_simultaneous(model) else ("alternating",):
        assert_floors_agree({"model": model, "as_published": True, "update": update}, shape_of(model))


@pytest.mark.parametrize("model", ["hybrid", "dcgan", "writeup-1"])  # the last has the convolutions of infogan
def test_convolutions_at_the_size_of_digits(model):
    """The fast floor chooses by size how to compute a convolution, so small images alone are not enough."""
    assert_floors_agree({"model": model, "augment_shift": 2}, shape_of(model, 28))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("model", ["mlp", "hybrid", "dcgan", "points"])
def test_every_penalty(model, penalty):
    for update in UPDATES:
        config = {"model": model, "penalty": penalty, "update": update, "packing": 1}
        assert_floors_agree(config, shape_of(model))


@pytest.mark.parametrize("conditional", CONDITIONALS)
@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_every_conditional_game(model, conditional):
    assert_floors_agree({"model": model, "conditional": conditional}, shape_of(model))


@pytest.mark.parametrize(
    "options",
    [
        {"model": "dcgan", "discriminators": 3, "combine": "max", "penalty": "r1"},
        {"model": "infogan", "discriminators": 2},
        {"model": "hybrid", "spectral_norm": True, "minibatch_std": True},
        {"model": "dcgan", "spectral_norm": True, "penalty": "wgan-gp"},
        {"model": "points", "packing": 2, "instance_noise": 0.3, "real_label": 0.9, "label_flip": 0.2},
        {"model": "mlp", "clip_gradient_norm": 0.1, "clip_weights": 0.05, "augment_shift": 2},
    ],
    ids=str,
)
def test_options(options, device):
    assert_floors_agree(options, shape_of(options["model"]), device=device)


@pytest.mark.parametrize("model", GANS)
def test_every_model_steps_on_the_plain_floor_of_every_device(model, device):
    """Masks of dropout are drawn on the device, so only the models without it can be held equal to the CPU."""
    shape = shape_of(model)
    here = one_step({"model": model, "plain": True, "packing": 1}, shape, batch=4, device=device)
    assert all(np.isfinite(array).all() for array in here.values())
    if not any(isinstance(layer, Dropout) for layer in get_model_spec(model).discriminator(shape)):
        for name, expected in one_step({"model": model, "plain": True, "packing": 1}, shape, batch=4).items():
            np.testing.assert_allclose(here[name], expected, rtol=0, atol=CLOSE * np.abs(expected).max(initial=0))


def test_a_difference_is_seen():
    """Canary: the gradients of two objectives for G do not pass for each other; those of D are the same."""
    config = {"model": "mlp", "plain": True}
    plain = one_step(config, (8, 8, 1), batch=4)
    other = one_step({**config, "objective": "minimax"}, (8, 8, 1), batch=4)
    assert np.abs(other["G dtheta"] - plain["G dtheta"]).max() > 1e3 * CLOSE * np.abs(plain["G dtheta"]).max()
    np.testing.assert_array_equal(other["D dtheta"], plain["D dtheta"])
