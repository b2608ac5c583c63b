"""Inversion: its gradient, a linear generator with a closed form, and images that are found again."""

import sys

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device
from minigan.editing.inputs import code_length
from minigan.editing.invert import invert, loss, search
from minigan.editing.operators import BlockMeans, Identity, Mask, measure
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers import Dense, Reshape
from minigan.network import Network
from minigan.runs.sampling import generate

LABELS = np.arange(60) % 3
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
DATA = minigan.datasets.Dataset("noise", IMAGES, LABELS)
SHORT = {"model": "mlp", "steps": 2, "batch_size": 6, "latent_dim": 5, "quiet": True}
KNOWN = np.random.default_rng(1).random((8, 8)) < 0.7
OPERATORS = {"identity": Identity(), "mask": Mask(KNOWN), "means": BlockMeans(2)}
every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


def make_run(device="cpu", **options):
    """A run with large random weights, so that its images differ."""
    run = minigan.train(**{**SHORT, "data": DATA, "device": device, **options})
    for network in (run.generator, run.discriminator):
        rng = np.random.default_rng(7)
        network.theta += to_device(rng.standard_normal(network.theta.size, dtype=np.float32) / 5, device)
        network.version += 1
    return run


@pytest.fixture(scope="module")
def run():
    return make_run(conditional="projection")


GAMES = (
    {"conditional": "none", "objective": "non-saturating"},
    {"conditional": "none", "objective": "hinge", "discriminators": 2},
    {"conditional": "projection", "objective": "least-squares"},
    {"conditional": "infogan", "objective": "non-saturating"},
)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: "-".join(map(str, game.values())))
@every_operator
@pytest.mark.parametrize("believe", [0, 0.3])
def test_the_gradient(game, operator, believe, rng):
    """The whole loss, with the prior and what the game says, against finite differences in the noise."""
    run = make_run(**game)
    run.generator, run.discriminator = (net.copy(dtype="float64") for net in (run.generator, run.discriminator))
    x = rng.standard_normal((3, run.generator.input_shape[0]))
    y = rng.uniform(-1, 1, measure(operator, np.zeros((3, 8, 8, 1))).transpose(1, 2, 0, 3).shape)
    noise = x.shape[1] - code_length(run)

    def losses(z):
        return loss(run, np.hstack((z, x[:, noise:])), y, operator, prior=0.2, believe=believe)[0]

    z = np.ascontiguousarray(x[:, :noise])
    _, errors, dx = loss(run, x, y, operator, prior=0.2, believe=believe)
    assert not dx[:, noise:].any()
    dz = dx[:, :noise]
    for check in (check_directional, check_elementwise):
        verdict = check("dz", lambda z: float(losses(z).sum()), z, dz, rng=rng)
        assert verdict.ok, verdict
        assert not check("dz", lambda z: float(losses(z).sum()), z, dz - 0.4 / noise * z, rng=rng).ok  # a canary
    drawn = measure(operator, generate(run.generator, x).reshape(3, 8, 8, 1)).transpose(1, 2, 0, 3)
    size = KNOWN.sum() if operator is OPERATORS["mask"] else drawn[:, :, 0].size
    np.testing.assert_allclose(errors, ((drawn - y) ** 2).sum(axis=(0, 1, 3)) / size)
    if not believe:
        np.testing.assert_allclose(losses(z), errors + 0.2 * (z**2).mean(axis=1))


@every_operator
def test_a_linear_generator_in_closed_form(operator, rng):
    """G(z) = z W: the loss is that of ridge regression, whose normal equations give the minimum."""
    run = make_run(conditional="none")
    run.generator = Network([Dense(64, use_bias=False), Reshape((8, 8, 1))], (5,), rng=rng, dtype="float64")
    run.generator.theta[:] = rng.standard_normal(5 * 64) / 5
    w = measure(operator, run.generator.theta.reshape(5, 8, 8, 1)).reshape(5, -1)
    y = measure(operator, rng.uniform(-1, 1, (4, 8, 8, 1)).astype(np.float32))
    count = (measure(operator, np.ones((1, 8, 8, 1))) ** 2).sum()
    target = y.reshape(4, -1).astype(np.float64)
    expected = np.linalg.solve(w @ w.T / count + 0.1 / 5 * np.eye(5), w @ target.T / count).T
    ends = search(run, y, operator, steps=300, restarts=2, prior=0.1)
    assert ends.latents.shape == (4, 2, 5)
    for r in range(2):
        np.testing.assert_allclose(ends.latents[:, r], expected, atol=1e-4)
    error = ((expected @ w - target) ** 2).sum(axis=1) / count
    np.testing.assert_allclose(ends.errors, np.stack([error] * 2, axis=1), rtol=1e-4)
    np.testing.assert_allclose(ends.losses, ends.errors + 0.1 * (ends.latents**2).mean(axis=2), rtol=1e-12)


@every_operator
def test_images_are_found_again(device, operator):
    run = make_run(device, conditional="projection")
    images = run.sample(4, seed=9)
    y = measure(operator, images[..., None])
    found = invert(run, y, operator=operator, steps=40, restarts=3, prior=0)
    assert found.latents.shape == (4, 5 + 3)
    assert found.images.shape == (4, 8, 8)
    assert found.errors.shape == (4,)
    assert {type(each) for each in found} == {np.ndarray}
    assert {each.dtype.name for each in found} == {"float32"}
    samples = measure(operator, run.sample(2000)[..., None])
    start = ((samples[:, None] - y) ** 2).mean(axis=(2, 3, 4)).min(axis=0)
    assert (found.errors < 0.6 * start).all()
    drawn = generate(run.generator, to_device(found.latents, device))
    np.testing.assert_allclose(found.images, drawn, atol=1e-6)
    codes = found.latents[:, 5:]
    np.testing.assert_array_equal(np.sort(codes), [[0, 0, 1]] * 4)  # still one class each


def test_the_same_seed_gives_the_same_result(run):
    images = run.sample(5, seed=9)
    first, again, other = (invert(run, images, steps=5, seed=seed) for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first.latents - other.latents).max() > 1e-3


def test_an_image_does_not_depend_on_the_others(run, monkeypatch):
    images = run.sample(5, seed=9)
    whole = invert(run, images, steps=8)
    for chunk in (1, 4):
        monkeypatch.setattr(sys.modules["minigan.editing.invert"], "CHUNK", chunk)
        np.testing.assert_allclose(invert(run, images, steps=8).latents, whole.latents, atol=1e-4)
    np.testing.assert_allclose(invert(run, images[2:3], steps=8).latents, whole.latents[2:3], atol=1e-4)


def test_searches_start_in_different_classes_and_the_best_end_counts(run):
    images = measure(Identity(), run.sample(5, seed=9)[..., None])
    ends = search(run, images, Identity(), steps=6, restarts=5, prior=0.01)
    classes = ends.latents[..., 5:].argmax(axis=2)
    assert [len(set(row[:3])) for row in classes] == [3] * 5
    found = invert(run, images, steps=6, restarts=5, prior=0.01)
    best = ends.losses.argmin(axis=1)
    assert len(set(best)) > 1
    np.testing.assert_array_equal(found.latents, ends.latents[np.arange(5), best])
    np.testing.assert_array_equal(found.errors, ends.errors[np.arange(5), best])


def test_weights_do_what_they_say(run):
    images = run.sample(6, seed=9)
    free, bound = (invert(run, images, steps=20, prior=prior) for prior in (0.0, 1.0))
    assert (np.square(bound.latents[:, :5]).sum(axis=1) < np.square(free.latents[:, :5]).sum(axis=1)).all()
    believed = invert(run, images, steps=20, prior=0, believe=1.0)
    assert run.believe(believed.latents).mean() > run.believe(free.latents).mean()
    assert believed.errors.mean() > free.errors.mean()


def test_nothing_given_is_changed(run):
    images = run.sample(3, seed=9)
    before = [each.copy() for each in (images, run.generator.theta, run.generator.dtheta, run.generator.stats)]
    invert(run, images, steps=3, believe=0.1)
    for old, new in zip(before, (images, run.generator.theta, run.generator.dtheta, run.generator.stats), strict=True):
        np.testing.assert_array_equal(old, new)


def test_bytes_and_colour():
    data = np.repeat(IMAGES[..., None], 3, axis=-1)
    run = make_run(data=data, conditional="none")
    found = invert(run, data[:2], steps=2)
    assert found.images.shape == (2, 8, 8, 3)
    np.testing.assert_allclose(found.errors, ((found.images - (data[:2] / 127.5 - 1)) ** 2).mean(axis=(1, 2, 3)), 1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps: expected an integer of at least 1, got 0"),
        ({"restarts": 0}, "restarts: expected an integer from 1 to 2000, got 0"),
        ({"restarts": 2001}, "restarts: expected an integer from 1 to 2000, got 2001"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"prior": -0.1}, "prior: expected a number of at least 0, got -0.1"),
        ({"prior": 1001}, "prior: expected a number from 0 to 1000, got 1001"),
        ({"believe": 1e39}, "believe: expected a number from 0 to 1000, got 1e+39"),
        ({"believe": float("nan")}, "believe: expected a number of at least 0, got nan"),
        ({"images": IMAGES[:2, :4]}, "images: expected images of 8 x 8 x 1, as the model draws, got 4 x 8 x 1"),
        ({"images": IMAGES[:2].astype(np.float32)}, "images: expected uint8 pixels in 0..255 or float32 pixels in"),
        ({"operator": BlockMeans(2)}, "images: expected images of 4 x 4 x 1, got 8 x 8 x 1"),
        ({"operator": BlockMeans(3)}, "factor: expected a number that divides 8 and 8, got 3"),
    ],
)
def test_what_does_not_fit(run, options, message):
    with pytest.raises(InputError) as error:
        invert(run, **{"images": IMAGES[:2], **options})
    assert str(error.value).startswith(message)


def test_runs_that_do_not_fit():
    points = minigan.train(data="ring", steps=1, quiet=True, device="cpu")
    with pytest.raises(InputError, match=r"^run: expected a model that draws images, got one that draws points"):
        invert(points, IMAGES[:1])
    packed = make_run(conditional="none", packing=2)
    with pytest.raises(InputError, match=r"^believe: expected 0, because this discriminator judges several samples "):
        invert(packed, IMAGES[:1], believe=0.1)
