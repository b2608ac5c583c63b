"""The states of all ranks in one, and the part of each."""

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.datasets import Dataset
from minigan.distributed import ALONE, run_ranks
from minigan.training.rank_states import join, part
from minigan.training.state import put, take
from minigan.training.trainer import Trainer


def make(communicator):
    images = np.random.default_rng(0).uniform(-1, 1, (25, 8, 8)).astype(np.float32)
    config = TrainConfig(model="mlp", conditional="none", batch_size=12, latent_dim=3)
    return Trainer(config.resolve(dataset="array", device="cpu"), Dataset("array", images), communicator)


def after_a_step(communicator):
    trainer = make(communicator)
    trainer.step()
    return trainer, take(trainer)


def test_what_belongs_to_a_rank():
    """All else is the same on all ranks, and is kept once."""
    trainers, states = zip(*run_ranks(3, after_a_step), strict=True)
    for state in states:
        assert state.numbers == states[0].numbers
        assert {name: array.tolist() for name, array in state.arrays.items()} == {
            name: array.tolist() for name, array in states[0].arrays.items()
        }
    [alone] = run_ranks(1, lambda communicator: after_a_step(communicator)[1])
    assert set(states[0].arrays) - set(alone.arrays) == {"order_1", "order_2"}
    assert set(states[0].numbers) - set(alone.numbers) == {"other_streams"}
    orders, streams = set(), set()
    for trainer in trainers:
        arrays, numbers = part(trainer.communicator, *states[0])
        assert (set(arrays), set(numbers)) == (set(alone.arrays), set(alone.numbers))
        assert numbers["streams"] == {name: rng.bit_generator.state for name, rng in trainer.streams.items()}
        np.testing.assert_array_equal(arrays["order"], trainer.batches.order)
        np.testing.assert_array_equal(arrays["generator_theta"], trainers[0].generator.theta)
        orders.add(tuple(arrays["order"]))
        streams.add(str(numbers["streams"]))
    assert len(orders) == len(streams) == 3


def test_alone_nothing_changes():
    arrays, numbers = {"order": np.arange(3)}, {"streams": {}}
    joined = join(ALONE, arrays, numbers)
    assert joined[0] is arrays
    assert joined[1] is numbers
    assert part(ALONE, arrays, numbers) == (arrays, numbers)


@pytest.mark.parametrize(("wrote", "reads"), [(1, 2), (2, 1), (3, 2)])
def test_another_number_of_ranks_is_refused(wrote, reads):
    state = run_ranks(wrote, after_a_step)[0][1]
    with pytest.raises(InputError, match=rf"^ranks: expected {reads}, as many as the run has now, got .* of {wrote}"):
        run_ranks(reads, lambda communicator: put(make(communicator), state))


@pytest.mark.parametrize("others", [7, None, {}, [3]])
def test_a_damaged_state_is_refused_before_anything_changes(others):
    """By the ranks whose part is damaged: the streams of rank 1 say nothing to rank 0."""
    state = run_ranks(2, after_a_step)[0][1]
    state.numbers["other_streams"] = others

    def work(communicator):
        trainer = make(communicator)
        before = trainer.generator.theta.copy()
        try:
            put(trainer, state)
        except InputError:
            np.testing.assert_array_equal(trainer.generator.theta, before)
            raise

    with pytest.raises(InputError, match=r"^(ranks|streams): expected"):
        run_ranks(2, work)


def test_a_missing_order_is_refused():
    state = run_ranks(2, after_a_step)[0][1]
    del state.arrays["order_1"]
    with pytest.raises(InputError, match=r"^order: expected int64"):
        run_ranks(2, lambda communicator: put(make(communicator), state))
