"""Operators: exact adjoints and inverses, values by hand, and the nearest images that agree with what is known."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_host
from minigan.editing.operators import BlockMeans, Identity, Mask, agree, measure, spread

KNOWN = np.random.default_rng(5).random((8, 12)) < 0.6
OPERATORS = {"identity": Identity(), "mask": Mask(KNOWN), "means of 2": BlockMeans(2), "means of 4": BlockMeans(4)}
every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


@every_operator
def test_the_adjoint_is_exact(operator, normal):
    x = normal(8, 12, 3, 2)
    ax = operator.apply(x)
    y = normal(*ax.shape)
    left, right = float((ax * y).sum()), float((x * operator.adjoint(y)).sum())
    assert left == pytest.approx(right, rel=1e-12)
    assert abs(left) > 0.1


@every_operator
def test_the_inverse_is_that_of_moore_and_penrose(operator, normal):
    x = normal(8, 12, 3, 2)
    y = operator.apply(x)
    np.testing.assert_allclose(to_host(operator.apply(operator.inverse(y))), to_host(y), atol=1e-14)
    # A^+ A is the projection on the rows of A: what is left of x is not seen, and is orthogonal to what is seen
    seen = operator.inverse(y)
    assert float(abs(operator.apply(x - seen)).max()) < 1e-14
    assert float((seen * (x - seen)).sum()) == pytest.approx(0, abs=1e-12)


@every_operator
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_type_and_device_stay(operator, normal, dtype):
    x = normal(8, 12, 3, 2, dtype=dtype)
    before = x.copy()
    y = operator.apply(x)
    for each in (y, operator.adjoint(y), operator.inverse(y)):
        assert each.dtype == dtype
        assert get_array_module(each) is get_array_module(x)
    np.testing.assert_array_equal(to_host(x), to_host(before))


def test_by_hand():
    image = np.arange(16.0).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(measure(BlockMeans(2), image)[0, ..., 0], [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_array_equal(measure(BlockMeans(4), image)[0, ..., 0], [[7.5]])
    two = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(
        spread(BlockMeans(2), two)[0, ..., 0], [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    )
    known = np.ones((4, 4), dtype=bool)
    known[1, 2] = False
    expected = image.copy()
    expected[0, 1, 2] = 0
    np.testing.assert_array_equal(measure(Mask(known), image), expected)


@every_operator
def test_images_that_agree_are_the_nearest_ones(operator, rng):
    truth, guess = rng.standard_normal((2, 3, 8, 12, 2))
    y = measure(operator, truth)
    found = agree(operator, guess, y)
    np.testing.assert_allclose(measure(operator, found), y, atol=1e-13)
    # Pythagoras: |guess - truth|^2 = |guess - found|^2 + |found - truth|^2, for every truth that agrees
    parts = [((a - b) ** 2).sum() for a, b in ((guess, truth), (guess, found), (found, truth))]
    assert parts[0] == pytest.approx(parts[1] + parts[2], rel=1e-12)


def test_a_mask_keeps_known_pixels_bit_by_bit(rng):
    truth, guess = rng.standard_normal((2, 3, 8, 12, 1), dtype=np.float32)
    found = agree(Mask(KNOWN), guess, measure(Mask(KNOWN), truth))
    np.testing.assert_array_equal(found[:, KNOWN], truth[:, KNOWN])
    np.testing.assert_array_equal(found[:, ~KNOWN], guess[:, ~KNOWN])
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("known", "got"),
    [
        (np.ones((4, 4), dtype=bool), "all known"),
        (np.zeros((4, 4), dtype=bool), "none known"),
        (np.ones((4, 4)), r"float64 of shape \(4, 4\)"),
        (np.ones((4, 4, 1), dtype=bool), r"bool of shape \(4, 4, 1\)"),
        ([[True]], "list"),
    ],
)
def test_a_mask_that_is_none(known, got):
    with pytest.raises(InputError, match=f"^known: expected .*, got {got}$"):
        Mask(known)


@pytest.mark.parametrize("factor", [1, 0, -2, 2.0, True, "2"])
def test_a_factor_that_is_none(factor):
    with pytest.raises(InputError, match=r"^factor: expected an integer of at least 2, got "):
        BlockMeans(factor)


def test_a_factor_that_does_not_divide():
    with pytest.raises(InputError, match=r"^factor: expected a number that divides 8 and 12, got 3$"):
        measure(BlockMeans(3), np.zeros((1, 8, 12, 1)))
