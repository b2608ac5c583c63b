"""RandomShift: the shift by a loop over pixels, its adjoint and tangent, and how the offsets are drawn."""

from collections import Counter

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.gradient_check import check_layer
from minigan.layers import RandomShift
from minigan.layers.discriminator.random_shift import shift
from minigan.network import Network

OFFSETS = [pytest.param(*case, id=str(case)) for case in [(0, 0), (1, 0), (0, -1), (-2, 1), (2, 2), (-2, -2)]]


def network(reach, shape, device, fill=-1.0):
    return Network([RandomShift(reach, fill=fill)], shape, rng=np.random.default_rng(0), dtype="float64", device=device)


def by_loop(x, down, right, fill):
    height, width = x.shape[:2]
    y = np.full(x.shape, float(fill))
    for h, w, i, c in np.ndindex(x.shape):
        from_h, from_w = h - down[i], w - right[i]
        if 0 <= from_h < height and 0 <= from_w < width:
            y[h, w, i, c] = x[from_h, from_w, i, c]
    return y


@pytest.mark.parametrize("fill", [-1.0, 0.0, 0.25])
@pytest.mark.parametrize(("down", "right"), OFFSETS)
def test_one_shift(down, right, fill, device, normal):
    x = normal(5, 4, 1, 2)
    y = shift(x, *to_device(np.array([[down], [right]]), device), reach=2, fill=fill)
    np.testing.assert_array_equal(to_host(y), by_loop(to_host(x), [down], [right], fill))


@pytest.mark.parametrize(
    ("size", "channels", "reach"), [((5, 4), 2, 2), ((3, 6), 1, 1), ((2, 2), 3, 4), ((1, 1), 1, 1)]
)
def test_every_image_has_its_own_shift(size, channels, reach, device, normal, rng):
    x = normal(*size, 7, channels)
    down, right = rng.integers(-reach, reach + 1, (2, 7))
    y = shift(x, to_device(down, device), to_device(right, device), reach=reach, fill=-1)
    np.testing.assert_array_equal(to_host(y), by_loop(to_host(x), down, right, -1))


def test_forward_backward_tangent_by_loop(device, normal):
    net = network(2, (5, 4, 2), device, fill=-0.5)
    x, dy, x_dot = (normal(5, 4, 9, 2) for _ in range(3))
    y, caches = net.forward(x, train=True, rng=np.random.default_rng(3))
    down, right = (to_host(a) for a in caches.layers[0])
    assert len(set(zip(down.tolist(), right.tolist(), strict=True))) > 3
    np.testing.assert_array_equal(to_host(y), by_loop(to_host(x), down, right, -0.5))
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), by_loop(to_host(dy), -down, -right, 0))
    np.testing.assert_array_equal(to_host(net.jvp(x_dot, caches)), by_loop(to_host(x_dot), down, right, 0))


@pytest.mark.parametrize("train", [True, False])
def test_gradients(train, device):
    for check in check_layer(RandomShift(2), (5, 4, 2), train=train, device=device):
        assert check.ok, check


@pytest.mark.parametrize("reach", [1, 2])
def test_all_offsets_are_equally_likely(reach, device, normal):
    """(2 reach + 1)^2 of them; each count within five sigma of its mean."""
    net, n = network(reach, (1, 1, 1), device), 10_000
    x = get_array_module(net.theta).zeros((1, 1, n, 1), dtype="float64")
    _, caches = net.forward(x, train=True, rng=np.random.default_rng(0))
    seen = Counter(zip(*(to_host(a).tolist() for a in caches.layers[0]), strict=True))
    cells = (2 * reach + 1) ** 2
    assert set(seen) == {(i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)}
    sigma = (n / cells * (1 - 1 / cells)) ** 0.5
    assert max(abs(count - n / cells) for count in seen.values()) < 5 * sigma


def test_identity_in_eval(device, normal):
    net, x, dy = network(2, (5, 4, 2), device), normal(5, 4, 3, 2), normal(5, 4, 3, 2)
    y, caches = net.forward(x, train=False)
    for got, expected in ((y, x), (net.backward(dy, caches), dy), (net.jvp(dy, caches), dy)):
        np.testing.assert_array_equal(to_host(got), to_host(expected))


def test_one_seed_gives_one_shift(device, normal):
    net, x, rng = network(2, (5, 4, 2), device), normal(5, 4, 8, 2), np.random.default_rng(7)
    first, second = (to_host(net.forward(x, train=True, rng=rng)[0]) for _ in range(2))
    np.testing.assert_array_equal(to_host(net.forward(x, train=True, rng=np.random.default_rng(7))[0]), first)
    assert (first != second).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(dtype, device, normal):
    x = normal(3, 3, 2, 1, dtype=dtype)
    down, right = to_device(np.array([[1, 0], [0, -1]]), device)
    assert shift(x, down, right, reach=1, fill=-1).dtype == dtype


def test_training_without_rng(device, normal):
    with pytest.raises(InputError, match=r"^rng: expected a Generator, since RandomShift draws shifts .* got None"):
        network(1, (3, 3, 1), device).forward(normal(3, 3, 2, 1), train=True)


def test_refuses_inputs(rng):
    with pytest.raises(InputError, match=r"^layer 0: RandomShift: expected an input of shape \(H, W, C\), got \(4,\)"):
        Network([RandomShift(1)], (4,), rng=rng)


@pytest.mark.parametrize("reach", [0, -1, 1.0, True, None])
def test_refuses_reach(reach):
    with pytest.raises(InputError, match=r"^reach: expected an integer of at least 1"):
        RandomShift(reach)


@pytest.mark.parametrize("fill", [None, "black", float("nan"), float("inf")])
def test_refuses_fill(fill):
    with pytest.raises(InputError, match=f"^fill: expected a finite number, got {fill!r}$"):
        RandomShift(1, fill=fill)


def test_fill_is_keyword_only():
    with pytest.raises(TypeError):
        RandomShift(1, 0.0)


def test_repr():
    assert repr(RandomShift(2)) == "RandomShift(2, fill=-1)"
    assert repr(RandomShift(1, fill=0.5)) == "RandomShift(1, fill=0.5)"
