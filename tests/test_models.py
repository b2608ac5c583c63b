"""Every model: its sizes, its ranges, its number of parameters, and the gradients of the small ones."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_game
from minigan.layers import RandomShift
from minigan.models import IMAGE_MODELS, MODELS, build_networks, default_model, get_model_spec
from minigan.objectives import OBJECTIVES

PARAMETERS = {  # at 28 x 28 x 1; infogan's are those of the paper
    "mlp": (576_016, 533_505),
    "hybrid": (443_233, 533_505),
    "conv": (443_233, 410_417),
    "dcgan": (2_280_896, 212_865),
    "infogan": (6_622_593, 6_558_017),
    "writeup-1": (759_681, 138_689),
    "writeup-2": (14_391_809, 1_460_225),
    "writeup-3": (2_280_896, 212_865),
    "writeup-4": (130_576, 117_121),
    "writeup-5": (412_889, 1_011_458),
}
RIVAL = {"vae": (414_561, 418_384)}  # not a GAN: an encoder is in the place of D
POINTS = {"points": (33_666, 33_537), "dirac": (2, 2)}  # of dimension 2
CONVOLUTIONAL = ("hybrid", "conv", "dcgan", "infogan")

every_image_model = pytest.mark.parametrize("model", IMAGE_MODELS)
every_point_model = pytest.mark.parametrize("model", POINTS)


def build(model, image_shape=(28, 28, 1), seed=0, **options):
    return build_networks(model, image_shape, rng=np.random.default_rng(seed), **options)


def test_models():
    assert list(MODELS) == [
        "conv", "hybrid", "mlp", "dcgan", "infogan", *(f"writeup-{i}" for i in range(1, 6)), "vae", "points", "dirac",
    ]  # fmt: skip
    assert set(MODELS) == set(PARAMETERS) | set(RIVAL) | set(POINTS)
    for name, spec in MODELS.items():
        assert spec.name == name
        assert spec.source
        assert get_model_spec(name) is spec
    with pytest.raises(InputError, match=r"model: expected one of conv, hybrid, mlp, .*points, dirac, got 'biggan'"):
        get_model_spec("biggan")


@every_image_model
def test_parameters_shapes_and_ranges(model):
    g, d = build(model)
    assert (g.theta.size, d.theta.size) == PARAMETERS[model]
    assert g.input_shape == (MODELS[model].latent_dim,)
    assert g.output_shape == d.input_shape == (28, 28, 1)
    assert d.output_shape == (1,)
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, *g.input_shape), dtype=np.float32)
    for train in (True, False):
        x, _ = g.forward(z, train=train, rng=rng)
        logits, _ = d.forward(x, train=train, rng=rng)
        assert x.shape == (28, 28, 3, 1)
        assert logits.shape == (3, 1)
        assert x.dtype == logits.dtype == np.float32
        assert np.isfinite(logits).all()
        assert x.std() > 0
    x, _ = g.forward(100 * z, train=False)
    assert np.abs(x).max() <= 1


@pytest.mark.parametrize("model", RIVAL)
def test_parameters_of_an_autoencoder(model):
    g, e = build(model)
    assert (g.theta.size, e.theta.size) == RIVAL[model]
    assert e.output_shape == (2 * MODELS[model].latent_dim,)


@every_point_model
@pytest.mark.parametrize("dimension", [1, 2])
def test_points(model, dimension, device):
    g, d = build(model, (dimension,), device=device)
    if dimension == 2:
        assert (g.theta.size, d.theta.size) == POINTS[model]
    assert g.output_shape == d.input_shape == (dimension,)
    z = to_device(np.random.default_rng(1).standard_normal((3, *g.input_shape), dtype=np.float32), device)
    x, _ = g.forward(z, train=True)
    logits, _ = d.forward(x, train=True)
    assert (x.shape, logits.shape) == ((3, dimension), (3, 1))


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@every_point_model
def test_gradients_of_the_players_on_points(model, objective, device):
    for check in check_game(*build(model, (2,), device=device), objective, batch=5):
        assert check.ok, check


def test_images_and_points_are_told_apart():
    for model in MODELS:
        images = model not in POINTS
        with pytest.raises(InputError, match=f"data: expected .* for model '{model}', got "):
            build(model, (2,) if images else (28, 28, 1))
    with pytest.raises(InputError, match=r"augment_shift: expected 0 for points, .* got 2"):
        build("points", (2,), augment_shift=2)


def test_default_model():
    assert [default_model(data) for data in ("mnist", "ring", "grid", "some/ring")] == [
        "conv", "points", "points", "conv",
    ]  # fmt: skip
    assert default_model("mnist", pairs=False) == "hybrid"
    assert default_model("ring", pairs=False) == "points"


@pytest.mark.parametrize("model", ["mlp", "hybrid"])
def test_logits_are_not_squashed(model):
    """D ends in a logit: far beyond (0, 1), where a sigmoid at its end could not go."""
    _, d = build(model, (8, 8, 1))
    d.theta *= 100
    logits, _ = d.forward(np.ones((8, 8, 4, 1), dtype=np.float32), train=False)
    assert np.abs(logits).min() > 1


@every_image_model
def test_colour_images_of_another_size(model, device):
    g, d = build(model, (32, 32, 3), latent_dim=5, device=device)
    assert g.input_shape == (5,)
    assert g.output_shape == d.input_shape == (32, 32, 3)
    rng = np.random.default_rng(1)
    z = to_device(rng.standard_normal((2, 5), dtype=np.float32), device)
    x, caches_g = g.forward(z, train=True, rng=rng)
    logits, caches_d = d.forward(x, train=True, rng=rng)
    assert x.shape == (32, 32, 2, 3)
    assert logits.shape == (2, 1)
    assert np.abs(to_host(x)).max() <= 1
    dx = d.backward(logits, caches_d, param_grads=False)
    g.add_param_grads(dx, caches_g)
    assert float(to_host(abs(g.dtheta).max())) > 0


@pytest.mark.parametrize("image_shape", [(30, 30, 1), (28, 30, 1), (30, 28, 3)])
@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_refuses_sizes_it_cannot_make(model, image_shape):
    h, w, _ = image_shape
    with pytest.raises(
        InputError,
        match=f"data: expected images whose height and width are multiples of 4 for model '{model}', got {h} x {w}",
    ):
        build(model, image_shape)


def test_mlp_makes_any_size():
    g, d = build("mlp", (5, 7, 2))
    assert g.output_shape == d.input_shape == (5, 7, 2)


@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_augment_shift_comes_first(model):
    _, plain = build(model, (8, 8, 1))
    _, shifted = build(model, (8, 8, 1), augment_shift=3)
    assert isinstance(shifted.layers[0], RandomShift)
    assert shifted.layers[0].reach == 3
    assert [type(layer) for layer in shifted.layers[1:]] == [type(layer) for layer in plain.layers]
    assert not any(isinstance(layer, RandomShift) for layer in plain.layers)
    np.testing.assert_array_equal(shifted.theta, plain.theta)  # the same seed, the same weights


@pytest.mark.parametrize("model", ["mlp", "hybrid", "dcgan"])
def test_same_seed_same_weights(model, device):
    one, same, other = (build(model, (8, 8, 1), seed=seed, device=device) for seed in (3, 3, 4))
    for player in (0, 1):
        np.testing.assert_array_equal(to_host(one[player].theta), to_host(same[player].theta))
        assert (to_host(one[player].theta) != to_host(other[player].theta)).any()
        assert one[player].device == device


def test_weights_are_the_same_on_every_device(device):
    for here, there in zip(build("hybrid", (8, 8, 1), device=device), build("hybrid", (8, 8, 1)), strict=True):
        np.testing.assert_array_equal(to_host(here.theta), there.theta)
        np.testing.assert_array_equal(to_host(here.stats), there.stats)


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("augment_shift", [0, 2])
@pytest.mark.parametrize("model", ["mlp", "hybrid"])
def test_gradients_of_both_players(model, augment_shift, objective, device):
    g, d = build(model, (8, 8, 1), latent_dim=6, augment_shift=augment_shift, device=device)
    for check in check_game(g, d, objective, batch=5):
        assert check.ok, check


@pytest.mark.parametrize("model", ["dcgan"])
def test_gradients_of_the_convolutional_players(model):
    g, d = build(model, (4, 4, 1), latent_dim=6)
    for check in check_game(g, d, OBJECTIVES["non-saturating"], batch=5):
        assert check.ok, check
