"""Masks drawn in blocks: the same as in one piece, on any number of threads, and none repeats another."""

import numpy as np
import pytest
import strict_cupy

from minigan.backend import device_of, to_host
from minigan.fast import dropout
from minigan.fast.dropout import DRAWS, bernoulli_in_blocks
from minigan.fast.threads import threads
from minigan.layers.dropout import bernoulli


def draws(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("block", [4, 64, 1 << 18])
@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 5, 9)])
def test_blocks_draw_what_one_piece_draws(shape, block, p, device, normal, monkeypatch):
    monkeypatch.setattr(dropout, "DRAWS", block)
    like, generators = normal(1), (draws(3), draws(3))
    got, expected = (
        f(rng, p, shape, like=like) for f, rng in zip((bernoulli_in_blocks, bernoulli), generators, strict=True)
    )
    assert device_of(got) == device
    assert got.dtype == bool
    np.testing.assert_array_equal(to_host(got), to_host(expected))
    assert generators[0].bit_generator.state == generators[1].bit_generator.state


def test_blocks_are_independent_and_the_same_on_any_number_of_threads():
    assert DRAWS % 4 == 0
    shape = (4 * DRAWS + 5,)
    drawn = bernoulli_in_blocks(draws(), 0.5, shape, like=np.empty(0))
    blocks = drawn[: 4 * DRAWS].reshape(4, DRAWS)
    agreeing = [(blocks[i] == blocks[j]).mean() for i in range(4) for j in range(i)]
    np.testing.assert_allclose(agreeing, 0.5, atol=5 * 0.5 / DRAWS**0.5)
    with threads(3):
        np.testing.assert_array_equal(bernoulli_in_blocks(draws(), 0.5, shape, like=np.empty(0)), drawn)


def test_it_stays_on_the_device(monkeypatch):
    like = strict_cupy.install(monkeypatch).zeros(1)
    with strict_cupy.count() as counts:
        bernoulli_in_blocks(draws(), 0.5, (1000,), like=like)
    assert (counts.synchronisations, counts.uploads) == (0, 0)
