"""What communicators promise: the rank that is alone, the mean over ranks, and sums with defined bits."""

import itertools

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.distributed import ALONE, average, run_ranks
from minigan.distributed.communicator import flat, sum_in_order


def test_alone(device, normal):
    v = normal(5)
    before = to_host(v).copy()
    for operation in (ALONE.sum_, ALONE.broadcast, lambda v: average(ALONE, v)):
        operation(v)
        np.testing.assert_array_equal(to_host(v), before)
    thing = {"any": "thing"}
    assert ALONE.gather(thing) == [thing]
    assert (ALONE.rank, ALONE.size, ALONE.abort()) == (0, 1, None)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_average(size, device, normal):
    vectors = [normal(2, 3) for _ in range(size)]
    expected = np.mean([to_host(v) for v in vectors], axis=0)
    run_ranks(size, lambda ranks: average(ranks, vectors[ranks.rank]))
    for v in vectors:
        np.testing.assert_allclose(to_host(v), expected, rtol=1e-15, atol=1e-15)


def test_the_order_of_a_sum_matters_and_is_that_of_the_arrays(rng):
    arrays = list(rng.standard_normal((3, 1000)).astype(np.float32))
    total = sum_in_order(arrays)
    np.testing.assert_array_equal(total, (arrays[0] + arrays[1]) + arrays[2])
    assert any((sum_in_order(order) != total).any() for order in itertools.permutations(arrays))
    assert total is not arrays[0]


def test_flat_is_a_view(device, normal):
    x = normal(3, 4)
    flat(x)[5] = 7.0
    assert to_host(x)[1, 1] == 7
    with pytest.raises(InputError, match=r"^array: expected a contiguous array, got shape \(4, 3\) with other strides"):
        flat(x.T)
