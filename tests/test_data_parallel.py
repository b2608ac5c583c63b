"""Data-parallel training: the ranks do together what one process does alone."""

import itertools

import numpy as np
import pytest
from mpi_job import resolved, samples, train_rank, vectors

from minigan import InputError
from minigan.backend import to_host
from minigan.datasets import Dataset
from minigan.datasets.batches import Batches
from minigan.distributed import ALONE, run_ranks
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    LeakyReLU,
    Reshape,
    SynchronisedBatchNorm,
    Tanh,
    with_synchronised_batch_norm,
)
from minigan.network import Network
from minigan.objectives import NonSaturating
from minigan.objectives.codes import draw_noise
from minigan.optimizers import SGD, Adam, Clipped, DataParallel
from minigan.optimizers.clipping import clip_gradient_norm
from minigan.training import UPDATES, Game, discriminator_step, generator_step, make_game, make_networks
from minigan.training.state import put, take
from minigan.training.streams import make_streams
from minigan.training.trainer import Trainer

SHAPE = (8, 8, 1)
STEPS = 3


class Postponed:
    """An optimiser that leaves the gradient where it is."""

    def __init__(self, optimizer):
        self.optimizer, self.network = optimizer, optimizer.network

    def step(self):
        pass


def take_mean(vectors):
    total = vectors[0].copy()
    for vector in vectors[1:]:
        total += vector
    for vector in vectors:
        vector[...] = total / len(vectors)


def make_rank(config, rank, size):
    """Return a game that knows no other rank, a stream of real samples and noise, and what the layers draw from."""
    streams, share = make_streams(config.seed, rank), config.batch_size // size
    game = make_game(config, make_networks(config, SHAPE, rng=streams["weights"]), rng=streams["soft labels"])
    own = samples()[: 41 - 41 % size][rank::size]
    batches = Batches(own, share, rng=streams["order"], device="cpu")
    draws = ((batches.next(), draw_noise(streams["noise"], share, config.latent_dim, "cpu")) for _ in itertools.count())
    return game, draws, streams["layers"]


def shards_in_one_thread(size, **options):
    """The same ranks without a communicator: each finds its gradient, one after the other, and all take the mean."""
    config = resolved(**options)
    ranks = [make_rank(config, rank, size) for rank in range(size)]
    optimizers = {}
    for game, _, _ in ranks:
        for player in ("discriminator", "generator"):
            optimizers.setdefault(player, []).append(getattr(game, f"{player}_optimizer"))
            setattr(game, f"{player}_optimizer", Postponed(optimizers[player][-1]))

    def move(player):
        take_mean([each.network.dtheta for each in optimizers[player]])
        for each in optimizers[player]:
            each.step()

    for _ in range(config.steps):
        passes = []
        for game, draws, rng in ranks:
            x_real, z = next(draws)
            x_fake, caches = game.generator.forward(z, train=True, rng=rng)
            passes.append((x_fake, caches))
            discriminator_step(game, x_real, x_fake, rng=rng)
        move("discriminator")
        for (game, _, rng), (x_fake, caches) in zip(ranks, passes, strict=True):
            generator_step(game, x_fake, caches, rng=rng)
        move("generator")
        for player in ("generator", "discriminator"):
            take_mean([getattr(game, player).stats for game, _, _ in ranks])
    return [vectors(game) for game, _, _ in ranks]


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, 2), ({"model": "dcgan"}, 3), ({"model": "hybrid", "clip_gradient_norm": 0.01}, 4)],
    ids=str,
)
def test_ranks_are_the_same_shards_in_one_thread(options, size):
    """To the bit, with dropout in the one model and clipping in the other."""
    ranks = run_ranks(size, lambda communicator: train_rank(communicator, **options))
    for got, expected in zip(ranks, shards_in_one_thread(size, **options), strict=True):
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    for rank, vector in itertools.product(ranks, range(4)):
        np.testing.assert_array_equal(rank[vector], ranks[0][vector])  # all ranks have the same


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_the_same_seed_on_as_many_ranks_is_the_same_run(update):
    options = {"model": "hybrid", "update": update}
    first, again = (run_ranks(3, lambda c: train_rank(c, **options)) for _ in range(2))
    for a, b in zip(itertools.chain(*first), itertools.chain(*again), strict=True):
        np.testing.assert_array_equal(a, b)
    another = run_ranks(3, lambda c: train_rank(c, **options, seed=5))
    assert (first[0][0] != another[0][0]).any()


def test_one_rank_is_a_run_without_ranks():
    [rank] = run_ranks(1, train_rank)
    for a, b in zip(rank, train_rank(ALONE), strict=True):
        np.testing.assert_array_equal(a, b)


CLUSTERED = {"model": "hybrid", "conditional": "clusters", "clusters": 2, "recluster": 2, "steps": 8}


def make_trainer(communicator, **options):
    return Trainer(resolved(**options), Dataset("array", samples()), communicator)


@pytest.mark.parametrize("size", [2, 3])
def test_ranks_agree_on_the_classes(size):
    """The first clusters are those of one process; later ones come from the features of all shards."""

    def work(communicator):
        trainer = make_trainer(communicator, **CLUSTERED)
        found = [trainer.classes.labels]
        for i in range(8):
            trainer.step(i / 8)
            found.append(trainer.classes.labels)
        np.testing.assert_array_equal(trainer.batches.labels, found[-1][communicator.rank :: size])
        return found, trainer.shares, trainer.reclustered

    kept = 41 - 41 % size
    first = make_trainer(ALONE, **CLUSTERED).classes.labels[:kept]
    ranks = run_ranks(size, work)
    for found, shares, reclustered in ranks:
        assert reclustered == 2
        np.testing.assert_array_equal(found[0], first)
        np.testing.assert_array_equal(found, ranks[0][0])
        np.testing.assert_array_equal(shares, np.bincount(found[-1], minlength=2) / kept)


def test_features_of_shards_come_in_the_order_of_the_data(monkeypatch):
    seen = []
    monkeypatch.setattr("minigan.training.trainer.features", lambda network, x: x[3, 3])  # one pixel of each sample
    again = "minigan.training.trainer.find_clusters_again"
    monkeypatch.setattr(again, lambda classes, features, rng: (seen.append(features), classes)[1])
    run_ranks(2, lambda communicator: make_trainer(communicator, **CLUSTERED).step(0.3))
    assert len(seen) == 2
    for features in seen:
        np.testing.assert_array_equal(features[:, 0], samples()[:40, 3, 3])


@pytest.mark.parametrize("options", [CLUSTERED, {"model": "dcgan", "steps": 8}], ids=["clusters", "dropout"])
def test_ranks_go_on_from_their_states(options):
    """To the bit; each rank takes its own part of the state of all."""

    def steps(trainer, begin, end):
        for i in range(begin, end):
            trainer.step(i / 8)
        return take(trainer)

    whole = run_ranks(2, lambda communicator: steps(make_trainer(communicator, **options), 0, 8))
    states = run_ranks(2, lambda communicator: steps(make_trainer(communicator, **options), 0, 4))

    def go_on(communicator):
        trainer = make_trainer(communicator, **options)
        put(trainer, states[0])
        return steps(trainer, 4, 8)

    for state in (*run_ranks(2, go_on), whole[1]):
        assert state.numbers == whole[0].numbers
        for name, array in state.arrays.items():
            np.testing.assert_array_equal(array, whole[0].arrays[name], err_msg=name)


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(InputError, match=r"^batch_size: expected a multiple of 5 for 5 ranks, at least 10, got 12"):
        run_ranks(5, make_trainer)
    with pytest.raises(InputError, match=r"^batch_size: expected a multiple of 8 for 2 ranks, at least 8, got 12"):
        run_ranks(2, lambda communicator: make_trainer(communicator, model="mlp", packing=4))


def one_batch(n):
    """For each step the real samples and the noise of the whole batch, in float64."""
    rng = np.random.default_rng(2)
    return [(rng.uniform(-1, 1, (8, 8, n, 1)), rng.standard_normal((n, 6))) for _ in range(STEPS)]


def game_with_two_batch_norms(config, communicator):
    """The plan of dcgan, in small and with batch norm in both players."""
    generator = [
        *(Dense(24, use_bias=False), Reshape((2, 2, 6)), BatchNorm(), LeakyReLU(negative_slope=0.2)),
        *(Conv2DTranspose(3, 4, stride=2, use_bias=False), BatchNorm(), LeakyReLU(negative_slope=0.2)),
        *(Conv2DTranspose(1, 4, stride=2), Tanh()),
    ]
    discriminator = [
        *(Conv2D(4, 4, stride=2), LeakyReLU(negative_slope=0.2)),
        *(Conv2D(6, 4, stride=2, use_bias=False), BatchNorm(), LeakyReLU(negative_slope=0.2)),
        *(Flatten(), Dense(1)),
    ]
    if config.synchronised_batch_norm:
        generator, discriminator = (with_synchronised_batch_norm(n, communicator) for n in (generator, discriminator))
    rng = np.random.default_rng(0)
    nets = [Network(*each, rng=rng, dtype="float64") for each in ((generator, (6,)), (discriminator, SHAPE))]
    optimizers = [DataParallel(Adam(net, learning_rate=2e-4), communicator) for net in nets]
    return Game(*nets, *optimizers, NonSaturating())


def make_full_game(config, communicator):
    rng = np.random.default_rng(0)
    networks = make_networks(config, SHAPE, rng=rng, communicator=communicator, dtype="float64")
    return make_game(config, networks, rng=rng)


def train_on(communicator, make=make_full_game, **options):
    """Train on samples r, r + K, ... of each batch in float64, and return the weights and the statistics."""
    config = resolved(**options)
    game = make(config, communicator)
    for x_real, z in one_batch(12):
        x, own = (np.ascontiguousarray(a[..., communicator.rank :: communicator.size, :]) for a in (x_real, z))
        x_fake, caches = game.generator.forward(own, train=True)
        UPDATES[config.update](game, x, x_fake, caches)
    return vectors(game)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"make": game_with_two_batch_norms},
        {"model": "hybrid", "update": "simultaneous"},
        {"model": "mlp", "penalty": "r1:weight=2"},
        {"model": "hybrid", "plain": True, "clip_gradient_norm": 0.1},
    ],
    ids=["two batch norms", "simultaneous", "penalty", "clipped"],
)
def test_with_synchronised_batch_norm_ranks_are_one_process(options, size):
    """On the same samples, after three steps: 1e-12 in float64."""
    whole = train_on(ALONE, **options)
    for synchronised in (True, False):
        ranks = run_ranks(size, lambda c, s=synchronised: train_on(c, synchronised_batch_norm=s, **options))
        errors = [max(abs(a - b).max(initial=0) for a, b in zip(rank, whole, strict=True)) for rank in ranks]
        if synchronised:
            assert max(errors) <= 1e-12
            assert all((a == b).all() for rank in ranks for a, b in zip(rank, ranks[0], strict=True))
        else:
            assert min(errors) > 1e-6


def test_where_batch_norm_is_synchronised():
    def kinds(communicator, shape=SHAPE, **options):
        rng = np.random.default_rng(0)
        nets = make_networks(resolved(**options), shape, rng=rng, communicator=communicator)[:2]
        return [{type(each) for layer in net.layers for each in layer.walk()} & {SynchronisedBatchNorm} for net in nets]

    on = {"synchronised_batch_norm": True}
    assert run_ranks(2, lambda c: kinds(c, **on)) == 2 * [[{SynchronisedBatchNorm}] * 2]
    assert run_ranks(2, lambda c: kinds(c, **on, discriminators=2)) == 2 * [[{SynchronisedBatchNorm}] * 2]
    assert run_ranks(2, kinds) == 2 * [[set(), set()]]
    assert kinds(ALONE, **on) == [set(), set()]
    with pytest.raises(
        InputError, match=r"^synchronised_batch_norm: expected False for .points., which has no batch norm"
    ):
        run_ranks(2, lambda c: kinds(c, (2,), **on, model="points", packing=1))


# the wrapper by itself


def make_net(device, seed=0):
    net = Network([Dense(2)], (3,), rng=np.random.default_rng(seed), dtype="float64", device=device)
    net.dtheta[...] = 1.0 + seed
    return net


def test_all_ranks_start_with_the_weights_of_rank_0(device):
    nets = [make_net(device, seed) for seed in range(3)]
    expected = to_host(nets[0].theta).copy()
    versions = [net.version for net in nets]
    run_ranks(3, lambda ranks: DataParallel(SGD(nets[ranks.rank], learning_rate=1), ranks))
    for net, version in zip(nets, versions, strict=True):
        np.testing.assert_array_equal(to_host(net.theta), expected)
        assert net.version > version  # a pass from before is stale


def test_the_mean_gradient_is_clipped(device):
    """Not the gradient of each rank."""
    nets = [make_net(device, seed) for seed in range(2)]
    start = to_host(nets[0].theta).copy()

    def work(ranks):
        optimizer = Clipped(SGD(nets[ranks.rank], learning_rate=0.5), gradient_norm=0.7)
        DataParallel(optimizer, ranks).step()

    run_ranks(2, work)
    twin = make_net("cpu")
    twin.dtheta[...] = 1.5
    clip_gradient_norm(twin, 0.7)
    for net in nets:
        np.testing.assert_allclose(to_host(net.theta), start - 0.5 * twin.dtheta, rtol=1e-14)


def test_it_hands_on_the_network_and_the_rate():
    sgd = SGD(make_net("cpu"), learning_rate=0.3)
    parallel = DataParallel(sgd, ALONE)
    assert parallel.network is sgd.network
    parallel.learning_rate = 0.1
    assert parallel.learning_rate == sgd.learning_rate == 0.1
