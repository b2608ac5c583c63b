"""What the trainers of a game and of an autoencoder have in common."""

import numpy as np
import pytest

from minigan import TrainConfig
from minigan.datasets import Dataset
from minigan.distributed import ALONE
from minigan.distributed.in_process import run_ranks
from minigan.training.trainers import make_trainer

IMAGES = np.random.default_rng(1).integers(0, 256, (20, 8, 8), np.uint8)

every_kind = pytest.mark.parametrize("model", ["hybrid", "vae"])  # both have batch norm in G


def trainer(model, communicator=ALONE, **options):
    config = TrainConfig(model=model, batch_size=8, conditional="none", **options)
    return make_trainer(config.resolve(dataset="noise", device="cpu"), Dataset("noise", IMAGES), communicator)


@every_kind
def test_both_rates_decay(model):
    t = trainer(model, learning_rate=0.02, generator_learning_rate=0.01, learning_rate_decay="linear")
    t.step(0.75)
    assert t.generator_optimizer.learning_rate == 0.01 / 4
    assert t.discriminator_optimizer.learning_rate == 0.02 / 4


@every_kind
@pytest.mark.parametrize("synchronised", [False, True])
def test_ranks_agree_after_a_step(model, synchronised):
    """On the running statistics too, although each rank saw other samples; then the average of G follows."""

    def work(communicator):
        t = trainer(model, communicator, distributed=True, synchronised_batch_norm=synchronised, average_decay=0.5)
        before = t.generator.stats.copy()
        t.step()
        assert (t.generator.stats != before).all()
        w = 0.9  # 1 - min(0.5, 1 / 10), of the first update
        np.testing.assert_allclose(t.average.network.stats, before + w * (t.generator.stats - before), rtol=1e-5)
        networks = (t.generator, t.discriminator, t.average.network)
        return [array for net in networks for array in (net.theta, net.stats)], t.batches.next()

    (first, x), (second, y) = run_ranks(2, work)
    assert (x != y).any()
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
