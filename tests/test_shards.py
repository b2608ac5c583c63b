"""Shards: equal parts of the data, that together are the data."""

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets.shards import shard, share_of_batch, unshard


@pytest.mark.parametrize(("count", "size"), [(7, 1), (8, 2), (9, 2), (11, 3), (3, 3)])
def test_shards_are_equal_and_together_the_data(count, size, rng):
    samples = rng.integers(255, size=(count, 2, 2)).astype(np.uint8)
    shards = [shard(samples, rank, size) for rank in range(size)]
    kept = count - count % size
    assert {len(each) for each in shards} == {count // size}
    for i in range(kept):
        np.testing.assert_array_equal(shards[i % size][i // size], samples[i])
    np.testing.assert_array_equal(unshard(shards), samples[:kept])
    assert all(np.shares_memory(each, samples) for each in shards)


def test_one_rank_has_everything(rng):
    samples = rng.standard_normal((5, 2))
    np.testing.assert_array_equal(shard(samples, 0, 1), samples)


def test_more_ranks_than_samples():
    with pytest.raises(InputError, match=r"^data: expected at least one sample for each of 4 ranks, got 3"):
        shard(np.zeros((3, 2)), 0, 4)


@pytest.mark.parametrize(
    ("batch_size", "size", "packing", "share"), [(64, 1, 1, 64), (1, 1, 1, 1), (6, 3, 1, 2), (24, 2, 3, 12)]
)
def test_share_of_batch(batch_size, size, packing, share):
    assert share_of_batch(batch_size, size, packing=packing) == share


@pytest.mark.parametrize(
    ("batch_size", "size", "packing", "said"),
    [
        (65, 2, 1, "a multiple of 2 for 2 ranks, at least 4, got 65"),
        (64, 3, 1, "a multiple of 3 for 3 ranks, at least 6, got 64"),
        (3, 3, 1, "a multiple of 3 for 3 ranks, at least 6, got 3"),
        (2, 4, 1, "a multiple of 4 for 4 ranks, at least 8, got 2"),
        (10, 2, 2, "a multiple of 4 for 2 ranks, at least 4, got 10"),
        (8, 2, 3, "a multiple of 6 for 2 ranks, at least 6, got 8"),
    ],
)
def test_a_batch_that_cannot_be_shared_out(batch_size, size, packing, said):
    with pytest.raises(InputError, match=f"^batch_size: expected {said}"):
        share_of_batch(batch_size, size, packing=packing)
