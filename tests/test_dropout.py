"""Dropout: how often it drops, what it leaves in the mean, and that one seed gives one mask."""

import numpy as np
import pytest
import strict_cupy

from minigan import InputError
from minigan.backend import device_of, get_array_module, to_host
from minigan.fast.threads import threads
from minigan.gradient_check import check_layer
from minigan.layers import Dropout
from minigan.layers.dropout import DRAWS, bernoulli
from minigan.network import Network


def network(rate, shape=(50,), dtype="float64", device="cpu"):
    return Network([Dropout(rate=rate)], shape, rng=np.random.default_rng(0), dtype=dtype, device=device)


def draws(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("rate", [0.01, 0.25, 0.5, 0.9])
def test_frequency_and_scale(rate, device):
    net = network(rate, device=device)
    n = 20_000
    x = get_array_module(net.theta).ones((n // 50, 50), dtype="float64")
    y = to_host(net.forward(x, train=True, rng=draws())[0])
    dropped = y == 0
    assert abs(dropped.mean() - rate) < 5 * (rate * (1 - rate) / n) ** 0.5
    np.testing.assert_allclose(y[~dropped], 1 / (1 - rate), rtol=1e-12)


@pytest.mark.parametrize("rate", [0.25, 0.6])
def test_the_mean_is_kept(rate, device, normal):
    net, x, passes = network(rate, (3, 2, 4), device=device), normal(3, 2, 5, 4), 400
    rng = draws()
    total = sum(net.forward(x, train=True, rng=rng)[0] for _ in range(passes))
    sigma = np.abs(to_host(x)) * (rate / (1 - rate) / passes) ** 0.5
    assert (np.abs(to_host(total) / passes - to_host(x)) < 5 * sigma).all()


def test_elements_drop_independently(device):
    """Neighbours along either axis agree as often as two coins do: rate^2 + (1 - rate)^2."""
    net = network(0.3, (100,), device=device)
    x = get_array_module(net.theta).ones((200, 100), dtype="float64")
    kept = to_host(net.forward(x, train=True, rng=draws())[0]) > 0
    for axis in (0, 1):
        agree = np.diff(kept.astype(int), axis=axis) == 0
        assert abs(agree.mean() - 0.58) < 5 * (0.58 * 0.42 / agree.size * 2) ** 0.5


def test_identity_in_eval(device, normal):
    net, x, dy = network(0.5, device=device), normal(4, 50), normal(4, 50)
    y, caches = net.forward(x, train=False)
    np.testing.assert_array_equal(to_host(y), to_host(x))
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), to_host(dy))


def test_rate_0_is_the_identity_and_draws_nothing(device, normal):
    net, x, rng = network(0, device=device), normal(4, 50), draws()
    np.testing.assert_array_equal(to_host(net.forward(x, train=True, rng=rng)[0]), to_host(x))
    assert rng.bit_generator.state == draws().bit_generator.state


def test_one_seed_gives_one_mask(device, normal):
    net, x, rng = network(0.5, device=device), normal(4, 50), draws(7)
    first, second = (to_host(net.forward(x, train=True, rng=rng)[0]) for _ in range(2))
    again = to_host(net.forward(x, train=True, rng=draws(7))[0])
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


@pytest.mark.parametrize("shape", [(9,), (3, 2, 4)])
@pytest.mark.parametrize("rate", [0, 0.2, 0.7])
@pytest.mark.parametrize("train", [True, False])
def test_gradients_with_the_mask_held(rate, shape, train, device):
    for check in check_layer(Dropout(rate=rate), shape, train=train, device=device):
        assert check.ok, check


def test_the_gradient_meets_the_same_mask(device, normal):
    net, x = network(0.5, device=device), normal(4, 50)
    y, caches = net.forward(x, train=True, rng=draws())
    dx = net.backward(get_array_module(x).ones_like(x), caches)
    np.testing.assert_allclose(to_host(dx * x), to_host(y), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(dtype, device, normal):
    net, x = network(0.3, dtype=dtype, device=device), normal(4, 50, dtype=dtype)
    y, caches = net.forward(x, train=True, rng=draws())
    assert y.dtype == net.backward(y, caches).dtype == dtype


def test_training_without_rng(device, normal):
    net, x = network(0.5, device=device), normal(4, 50)
    with pytest.raises(InputError, match="rng: Dropout in training draws a mask; pass forward"):
        net.forward(x, train=True)
    net.forward(x, train=False)


def test_the_mask_is_drawn_on_the_device(monkeypatch, rng):
    cupy = strict_cupy.install(monkeypatch)
    net = network(0.5, dtype="float32", device="cuda")
    x = cupy.asarray(rng.standard_normal((4, 50), dtype="float32"))
    with strict_cupy.count() as counts:
        y, caches = net.forward(x, train=True, rng=draws())
        net.backward(y, caches)
    assert (counts.synchronisations, counts.uploads) == (0, 0)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_refuses_rate(rate):
    with pytest.raises(InputError, match=r"rate: expected a number in \[0, 1\)"):
        Dropout(rate=rate)


def test_rate_is_keyword_only():
    with pytest.raises(TypeError):
        Dropout(0.5)


def test_repr():
    assert repr(Dropout(rate=0.25)) == "Dropout(rate=0.25)"


@pytest.mark.parametrize("p", [0.0, 0.001, 0.1, 0.5, 0.75, 0.999, 1.0])
def test_bernoulli_frequency(p, device, normal):
    drawn = bernoulli(draws(), p, (100, 300), like=normal(1))
    assert drawn.dtype == bool
    assert drawn.shape == (100, 300)
    assert device_of(drawn) == device
    assert abs(to_host(drawn).mean() - p) <= 5 * (p * (1 - p) / 30_000) ** 0.5 + 1e-5


def test_bernoulli_is_seeded_and_moves_on(device, normal):
    like, rng = normal(1), draws(5)
    first, second = (to_host(bernoulli(rng, 0.5, (1000,), like=like)) for _ in range(2))
    np.testing.assert_array_equal(to_host(bernoulli(draws(5), 0.5, (1000,), like=like)), first)
    assert 400 < (first != second).sum() < 600


def test_the_host_generator_holds_the_whole_state(device, normal):
    like, rng = normal(1), draws(5)
    bernoulli(rng, 0.5, (10,), like=like)
    saved = rng.bit_generator.state
    expected = to_host(bernoulli(rng, 0.5, (1000,), like=like))
    resumed = np.random.default_rng()
    resumed.bit_generator.state = saved
    np.testing.assert_array_equal(to_host(bernoulli(resumed, 0.5, (1000,), like=like)), expected)


def test_blocks_of_draws_are_independent_and_the_same_on_any_number_of_threads():
    shape = (4 * DRAWS + 5,)
    drawn = bernoulli(draws(), 0.5, shape, like=np.empty(0))
    blocks = drawn[: 4 * DRAWS].reshape(4, DRAWS)
    agreeing = [(blocks[i] == blocks[j]).mean() for i in range(4) for j in range(i)]
    np.testing.assert_allclose(agreeing, 0.5, atol=5 * 0.5 / DRAWS**0.5)
    with threads(3):
        np.testing.assert_array_equal(bernoulli(draws(), 0.5, shape, like=np.empty(0)), drawn)


def test_bernoulli_stays_on_the_device(monkeypatch):
    like = strict_cupy.install(monkeypatch).zeros(1)
    with strict_cupy.count() as counts:
        bernoulli(draws(), 0.5, (1000,), like=like)
    assert (counts.synchronisations, counts.uploads) == (0, 0)
