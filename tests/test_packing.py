"""Packing: neighbours on one channel axis, real and fake never in one pack, and everything that a layer promises.

Every sample here depends on its batch mates by design, so that the checks of `test_every_layer` are made here instead.
"""

from dataclasses import replace

import numpy as np
import pytest
import strict_cupy

import minigan
from minigan import InputError, TrainConfig
from minigan.backend import get_array_module, to_device, to_host
from minigan.gradient_check import check_game, check_layer, check_network
from minigan.layers import Dense, Flatten, LeakyReLU, PackSamples, RandomShift
from minigan.models import build_networks
from minigan.network import Network
from minigan.objectives import OBJECTIVES
from minigan.optimizers import SGD
from minigan.training import Game, discriminator_step

SHAPES = [(3,), (2, 4, 3)]
SHORT = {"steps": 3, "batch_size": 8, "log_every": 1, "quiet": True, "device": "cpu"}


def by_loop(x, m):
    """Literally: sample j of pack p stands in channels j C ... j C + C - 1."""
    n, c = x.shape[-2:]
    y = np.zeros((*x.shape[:-2], n // m, m * c), dtype=x.dtype)
    for p in range(n // m):
        for j in range(m):
            y[..., p, j * c : (j + 1) * c] = x[..., p * m + j, :]
    return y


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_against_a_loop_and_back(shape, m, device, normal):
    net = Network([PackSamples(m)], shape, rng=np.random.default_rng(0), dtype="float64", device=device)
    x = normal(*shape[:-1], 6, shape[-1])
    strided = get_array_module(x).ascontiguousarray(x.T).T
    before = to_host(x).copy()
    for each in (x, strided):
        y, caches = net.forward(each, train=True)
        np.testing.assert_array_equal(to_host(y), by_loop(before, m))
        np.testing.assert_array_equal(to_host(net.backward(y, caches)), before)
        np.testing.assert_array_equal(to_host(net.jvp(each, caches)), by_loop(before, m))
    np.testing.assert_array_equal(to_host(x), before)
    assert net.output_shape == (*shape[:-1], m * shape[-1])


@pytest.mark.parametrize("m", [1, 2, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape, m, device):
    for check in check_layer(PackSamples(m), shape, batch=8, device=device):
        assert check.ok, check
    layers = [Flatten()] if len(shape) == 3 else []
    net = Network([PackSamples(m), *layers, Dense(4), LeakyReLU(negative_slope=0.2), Dense(1)], shape,
                  rng=np.random.default_rng(0), device=device)  # fmt: skip
    for check in check_network(net, batch=8):
        assert check.ok, check


def test_float32_stays_and_the_host_never_waits(monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    net = Network([PackSamples(2)], (3,), rng=rng, device="cuda")
    x = cupy.asarray(rng.standard_normal((4, 3), dtype="float32"))
    with strict_cupy.count() as counts:
        y, caches = net.forward(x, train=True)
        dx = net.backward(y, caches)
    assert counts.synchronisations == 0
    assert y.dtype == dx.dtype == net.jvp(x, caches).dtype == "float32"


@pytest.mark.parametrize("samples", [0, -1, 2.0, True])
def test_refuses_samples(samples):
    with pytest.raises(InputError, match="samples: expected an integer of at least 1"):
        PackSamples(samples)


def test_refuses_a_batch_that_does_not_divide(rng):
    net = Network([PackSamples(4)], (2,), rng=rng)
    with pytest.raises(InputError, match=r"x: expected a multiple of 4 samples for PackSamples\(4\), got 6"):
        net.forward(np.zeros((6, 2), np.float32), train=True)
    assert repr(PackSamples(4)) == "PackSamples(4)"


def test_it_stands_behind_the_shift():
    _, d = build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0), augment_shift=1, packing=3)
    assert [type(layer) for layer in d.layers[:2]] == [RandomShift, PackSamples]
    assert d.input_shape == (8, 8, 1)
    _, plain = build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0), packing=1)
    assert not any(isinstance(layer, PackSamples) for layer in plain.layers)


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize(("model", "shape"), [("points", (2,)), ("mlp", (8, 8, 1))])
def test_gradients_of_both_players(model, shape, objective):
    networks = build_networks(model, shape, rng=np.random.default_rng(0), packing=3)
    for check in check_game(*networks, objective, batch=6):
        assert check.ok, check


def test_a_pack_is_all_real_or_all_fake(device):
    """With 6 and 6 samples in packs of 4 the third pack of a joint batch would be mixed; apart, it is refused."""
    d = Network([PackSamples(3), Dense(1)], (2,), rng=np.random.default_rng(0), device=device)
    real, fake = (to_device(np.full((6, 2), x, np.float32), device) for x in (1, -1))
    assert d.couples_samples
    game = Game(None, d, None, SGD(d, learning_rate=1e-30), OBJECTIVES["non-saturating"])
    _, logits_real, logits_fake = discriminator_step(game, real, fake)
    assert logits_real.shape == logits_fake.shape == (2, 1)
    w = to_host(d.layers[1].w).sum()
    np.testing.assert_allclose(to_host(logits_real), np.full((2, 1), w), rtol=1e-5)
    np.testing.assert_allclose(to_host(logits_fake), np.full((2, 1), -w), rtol=1e-5)
    d = Network([PackSamples(4), Dense(1)], (2,), rng=np.random.default_rng(0), device=device)
    with pytest.raises(InputError, match="multiple of 4 samples"):
        discriminator_step(replace(game, discriminator=d), real, fake)


@pytest.mark.parametrize("penalty", [None, "r1"])
@pytest.mark.parametrize("data", ["ring", np.zeros((16, 8, 8), np.uint8)], ids=["ring", "images"])
def test_train_sample_save_load(data, penalty, device, tmp_path):
    options = {"model": "mlp"} if isinstance(data, np.ndarray) else {}
    run = minigan.train(data=data, packing=4, penalty=penalty, **{**SHORT, "device": device}, **options)
    assert np.isfinite(run.history["d_loss"]).all()
    loaded = minigan.load(run.save(tmp_path / "model.npz"))
    assert loaded.config.packing == 4
    np.testing.assert_array_equal(to_host(loaded.discriminator.theta), to_host(run.discriminator.theta))
    np.testing.assert_allclose(loaded.sample(3), run.sample(3), atol=1e-5)  # the generator knows no packs


def test_refusals():
    with pytest.raises(InputError, match="packing: expected a divisor of the batch size 64, got 3"):
        TrainConfig(packing=3)
    with pytest.raises(InputError, match="packing: expected an integer of at least 1, got 0"):
        TrainConfig(packing=0)
    with pytest.raises(InputError, match=r"update: expected 'alternating' .* got 'simultaneous'; layer 0 is PackSamples"):
        minigan.train(data="ring", packing=2, update="simultaneous", **SHORT)
