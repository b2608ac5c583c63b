"""Dropout: how often it drops, what it leaves in the mean, and that one seed gives one mask."""

import numpy as np
import pytest
import strict_cupy

from minigan import InputError
from minigan.backend import device_of, get_array_module, to_host
from minigan.fast import dropout as fast_module
from minigan.gradient_check import check_layer
from minigan.layers import Dropout, LeakyReLU
from minigan.layers import dropout as layer_module
from minigan.layers.dropout import bernoulli, host_words, keep_probability
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
    np.testing.assert_allclose(y[~dropped], 1 / keep_probability(rate), rtol=1e-12)


@pytest.mark.parametrize("rate", [0.25, 0.6])
def test_the_mean_is_kept(rate, device, normal):
    net, x, passes = network(rate, (3, 2, 4), device=device), normal(3, 2, 5, 4), 400
    rng = draws()
    total = sum(net.forward(x, train=True, rng=rng)[0] for _ in range(passes))
    sigma = np.abs(to_host(x)) * (rate / (1 - rate) / passes) ** 0.5
    assert (np.abs(to_host(total) / passes - to_host(x)) < 5 * sigma).all()


@pytest.mark.parametrize("rate", [0.3, 0.9, 0.99, 0.999, 0.9999, 0.99998])
@pytest.mark.parametrize("before", [[], [LeakyReLU(negative_slope=0.2)]], ids=["alone", "after LeakyReLU"])
@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_the_mean_is_kept_exactly_at_every_rate(fast, before, rate, monkeypatch):
    """If each of the 65,536 random words comes once, the mean of y is x, up to the rounding of float64."""
    every = np.arange(65536, dtype=np.uint16)
    for module in (layer_module, fast_module):
        monkeypatch.setattr(module, "host_words", lambda seed, start, count: every[start : start + count])
    net = Network([*before, Dropout(rate=rate)], (1,), rng=draws(), dtype="float64", fast=fast)
    x = np.full((65536, 1), 3.0)
    y, caches = net.forward(x, train=True, rng=draws())
    for values in (y, net.backward(x, caches), net.jvp(x, caches)):
        np.testing.assert_allclose(values.mean(), 3, rtol=1e-12)


@pytest.mark.parametrize(("rate", "kept"), [
    (0, 65536), (0.25, 49152), (0.5, 32768), (0.3, 45875), (0.9, 6554), (0.9999, 7), (1 - 2**-16, 1), (1e-6, 65536),
])  # fmt: skip
def test_keep_probability(rate, kept):
    assert keep_probability(rate) == kept / 65536
    assert Dropout(rate=rate).p == kept / 65536


@pytest.mark.parametrize("rate", [0.99999, 1 - 2**-40])
def test_refuses_a_rate_that_keeps_nothing(rate):
    with pytest.raises(InputError) as caught:
        Dropout(rate=rate)
    assert str(caught.value) == (
        f"rate: expected at most 1 - 2^-16 = 0.9999847, so that an element can be kept, got {rate!r}"
    )


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(dtype, device, normal):
    net, x = network(0.3, dtype=dtype, device=device), normal(4, 50, dtype=dtype)
    y, caches = net.forward(x, train=True, rng=draws())
    assert y.dtype == net.backward(y, caches).dtype == dtype


def test_training_without_rng(device, normal):
    net, x = network(0.5, device=device), normal(4, 50)
    with pytest.raises(
        InputError, match=r"^rng: expected a Generator, since Dropout draws a mask in training, got None$"
    ):
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
    with pytest.raises(InputError, match=r"^rate: expected a number in \[0, 1\)"):
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


@pytest.mark.parametrize("start", [0, 4, 100, 996])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 64])
def test_host_words_go_on_from_any_multiple_of_4(start, count):
    whole = host_words(7, 0, 1100)
    assert whole.dtype == np.uint16
    np.testing.assert_array_equal(host_words(7, start, count), whole[start : start + count])
    assert len(whole) == 1100
    assert len(np.unique(whole[:200])) > 190  # and no word comes again and again


def test_host_words_are_uniform_in_each_quarter_of_a_draw():
    """Of each 64 bits four words are made; each has every bit set half of the time, and its own mean."""
    words = host_words(3, 0, 40_000).reshape(-1, 4)
    bits = (words[:, :, None] >> np.arange(16, dtype=np.uint16)) & 1
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=5 * 0.5 / 100)
    np.testing.assert_allclose(words.mean(axis=0), 2**15, atol=5 * 2**16 / 12**0.5 / 100)
    assert (host_words(4, 0, 100) != words.ravel()[:100]).any()


@pytest.mark.parametrize("count", [0, 1, 16384, 21845, 65535, 65536])
def test_p_counts_words(count):
    """Exactly the words below 65536 p, of the seed that the host's generator gives."""
    words = host_words(int(draws(2).integers(2**63)), 0, 3000).reshape(30, 100)
    np.testing.assert_array_equal(bernoulli(draws(2), count / 65536, (30, 100), like=np.empty(0)), words < count)


@pytest.mark.parametrize("rate", [0.3, 0.75])
def test_value_and_gradient_with_a_known_mask(rate, device, normal):
    """y = x m / p, dx = dy m / p, y_dot = x_dot m / p, for m drawn with p = 1 - rate, rounded."""
    net, (x, dy) = network(rate, device=device), (normal(4, 50) for _ in range(2))
    p = keep_probability(rate)
    mask = to_host(bernoulli(draws(9), p, (4, 50), like=x))
    y, caches = net.forward(x, train=True, rng=draws(9))
    for got, given in ((y, x), (net.backward(dy, caches), dy), (net.jvp(dy, caches), dy)):
        np.testing.assert_allclose(to_host(got), np.where(mask, to_host(given), 0) / p, rtol=1e-14)


def test_generator_of():
    rng = draws()
    assert Dropout(rate=0.5).generator_of(rng, train=True) is rng
    assert Dropout(rate=0.5).generator_of(rng, train=False) is None
    assert Dropout(rate=0).generator_of(rng, train=True) is None
    assert Dropout(rate=0).generator_of(None, train=True) is None
    with pytest.raises(InputError, match=r"^rng: expected a Generator"):
        Dropout(rate=0.5).generator_of(None, train=True)


def test_bernoulli_stays_on_the_device(monkeypatch):
    like = strict_cupy.install(monkeypatch).zeros(1)
    with strict_cupy.count() as counts:
        bernoulli(draws(), 0.5, (1000,), like=like)
    assert (counts.synchronisations, counts.uploads) == (0, 0)
