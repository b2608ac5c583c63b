"""The random streams: rank 0 draws what one process draws, and other ranks draw something else."""

import itertools

import numpy as np
import pytest

from minigan.training.streams import SHARED, STREAMS, make_streams


def first(streams):
    return {name: tuple(stream.random(4)) for name, stream in streams.items()}


@pytest.mark.parametrize("seed", [0, 1, 2**70])
def test_rank_0_has_the_children_of_the_seed(seed):
    seeds = np.random.SeedSequence(seed).spawn(7)
    children = {name: np.random.default_rng(s) for name, s in zip(STREAMS, seeds, strict=True)}
    assert first(make_streams(seed)) == first(make_streams(seed, 0)) == first(children)


def test_only_weights_and_clusters_are_shared():
    ranks = [first(make_streams(3, rank)) for rank in range(4)]
    for a, b in itertools.combinations(ranks, 2):
        assert {name for name in STREAMS if a[name] == b[name]} == {"weights", "clusters"} == SHARED
    draws = [drawn for rank in ranks for name, drawn in rank.items() if name not in SHARED]
    assert len(set(draws)) == len(draws) == 20


def test_a_rank_is_reproducible():
    assert first(make_streams(5, 3)) == first(make_streams(5, 3)) != first(make_streams(6, 3))
