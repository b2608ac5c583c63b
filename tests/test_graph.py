"""Steps that a GPU replays: what the host gives to them, and the same numbers as without a graph.

Only a GPU, or an emulated one that can record, replays anything. Everywhere else the tests see that nothing of what the
host changes in a step is outside `feed`.
"""

import numpy as np
import pytest
from test_state import GAMES, STEPS, assert_equal, make, steps

import minigan
from minigan import InputError, StaleCacheError, TrainConfig
from minigan.backend import array_module, feed, feed_numbers, on_tape, to_device, to_host
from minigan.datasets import Dataset, load_dataset
from minigan.training.graph import Graphs, Measure
from minigan.training.state import put, take

RECORDABLE = [name for name in GAMES if name not in ("plain", "spectral norm")]
strict = pytest.mark.parametrize("device", ["strict"], indirect=True)
GPU = pytest.param("cupy", marks=pytest.mark.gpu)


@pytest.fixture(scope="module")
def digits():
    full = load_dataset("mnist-5k")
    return Dataset("mnist-5k", full.images[:61], full.labels[:61])  # an epoch ends within the steps


class Draws:
    """A tape that remembers what it was asked for."""

    def __init__(self):
        self.all = []

    def feed(self, draw):
        self.all.append(draw)
        return to_device(draw(), "cuda")


class HostOnly:
    """In the place of `Graphs`: it takes one step of each kind, and then does only what the host does for a replay."""

    def __init__(self):
        self.tapes = {}

    def take(self, kind, step):
        if kind in self.tapes:
            for draw in self.tapes[kind].all:
                draw()
            return (np.float32(0),) * 4
        self.tapes[kind] = Draws()
        with on_tape(self.tapes[kind]):
            return step()


@strict
@pytest.mark.parametrize("name", RECORDABLE)
def test_everything_that_the_host_changes_is_fed(name, digits, device):
    """Random streams, the order of the data and all counters go on as if the steps had been taken."""
    whole, host = (make(GAMES[name], digits, device) for _ in range(2))
    host.graphs = HostOnly()
    for trainer in (whole, host):
        steps(trainer, 0, 5)
    a, b = take(whole), take(host)
    assert a.numbers == b.numbers
    np.testing.assert_array_equal(a.arrays["order"], b.arrays["order"])


@strict
@pytest.mark.parametrize("name", RECORDABLE)
def test_every_step_of_a_kind_is_fed_alike(name, digits, device):
    """Values of the same shapes and types, and in the second step as in the first."""
    trainer = make(GAMES[name], digits, device)
    seen = []
    for _ in range(2):
        tape = Draws()
        with on_tape(tape):
            if name == "vae":
                trainer._climb()
            else:
                trainer._play((False,) * trainer.config.discriminator_steps)
        seen.append([(value.shape, value.dtype) for value in (draw() for draw in tape.all)])
    assert seen[0] == seen[1]


def test_feed_without_a_tape(device):
    fed = feed(lambda: np.arange(3), device)
    np.testing.assert_array_equal(to_host(fed), [0, 1, 2])
    assert type(fed) is array_module(device).ndarray
    assert feed_numbers(lambda: (1.5, 2), "float32") == (1.5, 2)


@strict
def test_numbers_on_a_tape(device):
    tape = Draws()
    with on_tape(tape):
        one, two = feed_numbers(lambda: (1.5, 2), "float32")
    assert [one.shape, one.dtype, float(one), float(two)] == [(), np.float32, 1.5, 2.0]
    assert len(tape.all) == 1
    assert feed_numbers(lambda: (3,), "float32") == (3,)  # the tape ends with the block


@strict
def test_the_tape_ends_with_an_error(device):
    with pytest.raises(ZeroDivisionError), on_tape(Draws()):
        raise ZeroDivisionError
    assert feed_numbers(lambda: (3,), "float32") == (3,)


@strict
def test_measured_size(device):
    measure = Measure()
    with on_tape(measure):
        feed(lambda: np.zeros(65, dtype=np.float32), device)  # 260 bytes, so two places of 256
        feed(lambda: to_device(np.zeros(1000), device), device)  # is there already
        feed_numbers(lambda: (1, 2), "float32")
    assert measure.size == 512 + 256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"plain": True}, "with plain, because the plain Adam moves its moments to a new place in every step"),
        ({"spectral_norm": True}, "with spectral_norm, because CuPy records no product of a matrix and a vector"),
        ({"distributed": True}, "with distributed, because the processes exchange gradients through the host"),
    ],
)
def test_what_no_graph_can_hold(options, message):
    with pytest.raises(InputError, match=rf"^graph: expected False {message}, got True$"):
        TrainConfig(graph=True, **options)


def test_on_the_cpu():
    with pytest.raises(InputError, match=r"^graph: expected False on a CPU, because only a GPU replays a graph, got T"):
        minigan.train(graph=True, device="cpu", steps=1)


@pytest.fixture
def gpu(device):
    """CuPy, if it can record."""
    xp = array_module(device)
    stream = xp.cuda.Stream(non_blocking=True)
    try:
        stream.begin_capture()
        stream.end_capture()
    except xp.cuda.runtime.CUDARuntimeError as error:
        if b"Emulated" in xp.cuda.runtime.getDeviceProperties(0)["name"]:
            pytest.skip(f"this emulated device records nothing: {error}")
        raise
    return xp


on_gpu = pytest.mark.parametrize("device", [GPU], indirect=True)


@on_gpu
@pytest.mark.parametrize("name", RECORDABLE)
def test_the_same_numbers_as_without_a_graph(name, digits, gpu):
    eager, replayed = (make(GAMES[name] | {"graph": graph}, digits, "cuda") for graph in (False, True))
    assert_close(steps(replayed, 0, STEPS), steps(eager, 0, STEPS))
    assert replayed.graphs.recorded
    a, b = take(eager), take(replayed)
    assert a.numbers == b.numbers
    for each in ("generator", "discriminator"):
        assert getattr(eager, each).version == getattr(replayed, each).version
    for key, array in a.arrays.items():
        assert_close(b.arrays[key], array)


def assert_close(a, b):
    """Equal on an emulated device; cuBLAS may sum in another order with another handle, and steps make more of it."""
    if b"Emulated" in array_module("cuda").cuda.runtime.getDeviceProperties(0)["name"]:
        np.testing.assert_array_equal(a, b)
    else:
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-3)


@on_gpu
def test_the_state_is_put_back_into_a_trainer_with_graphs(digits, gpu):
    options = GAMES["lazy r1"] | {"graph": True}
    trainer = make(options, digits, "cuda")
    steps(trainer, 0, 4)
    state = take(trainer)
    seen = steps(trainer, 4, STEPS)
    end = take(trainer)
    put(trainer, state)
    assert steps(trainer, 4, STEPS) == seen
    assert_equal(take(trainer), end)
    other = make(options, digits, "cuda")
    put(other, state)
    assert_close(steps(other, 4, STEPS), seen)


@on_gpu
def test_a_pass_before_a_replay_is_stale_after_it(digits, gpu):
    trainer = make(GAMES["mlp"] | {"graph": True}, digits, "cuda")
    steps(trainer, 0, 3)
    z = gpu.zeros((2, *trainer.generator.input_shape), dtype="float32")
    y, caches = trainer.generator.forward(z, train=True, rng=trainer.layer_draws)
    steps(trainer, 3, 4)
    with pytest.raises(StaleCacheError):
        trainer.generator.backward(gpu.ones_like(y), caches)


@on_gpu
def test_memory_of_others_between_replays(digits, gpu):
    """Arrays that are made and freed between two replays do not share memory with the graph."""
    trainers = [make(GAMES["two steps of D"] | {"graph": True}, digits, "cuda") for _ in range(2)]
    for i in range(STEPS):
        steps(trainers[0], i, i + 1)
        others = [gpu.full(size, np.nan, dtype="float32") for size in (1, 100, 10_000, 1_000_000)]
        steps(trainers[1], i, i + 1)
        del others
        gpu.get_default_memory_pool().free_all_blocks()
    assert_equal(take(trainers[0]), take(trainers[1]))


@on_gpu
def test_results_of_earlier_replays_stay(gpu):
    graphs, values = Graphs([]), iter(range(5))
    x = gpu.zeros(3, dtype="float32")

    def step():
        nonlocal x
        (number,) = feed_numbers(lambda: (next(values),), "float32")
        x += number
        return x.sum(), number * 2

    seen = [graphs.take("add", step) for _ in range(5)]
    assert [(float(a), float(b)) for a, b in seen] == [(0, 0), (3, 2), (9, 4), (18, 6), (30, 8)]


@on_gpu
def test_what_the_host_asks_for_in_a_replay(digits, gpu):
    emu = pytest.importorskip("emu", reason="only the emulated device counts requests; on a GPU a graph has many")
    trainer = make(GAMES["hybrid"] | {"graph": True}, digits, "cuda")
    steps(trainer, 0, 3)
    asked = [kind for kind, *_ in emu.trace(trainer.step)[1]]
    assert asked == ["H2D", "event", "D2D", "graph", "launch"]  # the values, indices of the batch, graph, results


@on_gpu
def test_a_step_that_cannot_be_recorded(gpu):
    graphs, a = Graphs([]), gpu.ones((3, 3), dtype="float32")
    graphs.take("product", lambda: [(a @ a).sum()])
    with pytest.raises(InputError, match=r"^graph: expected a step that CuPy can record, got: calling cuBLAS API dur"):
        graphs.take("product", lambda: [(a @ a).sum()])
    assert float((a @ a).sum()) == 27  # nothing records any more
    with pytest.raises(ZeroDivisionError):
        graphs.take("product", lambda: [a / (1 // 0)])
    assert not graphs.stream.is_capturing()


@on_gpu
def test_a_step_that_asks_for_more(gpu):
    graphs, sizes = Graphs([]), iter((10, 10_000))

    def step():
        n = next(sizes)
        return [feed(lambda: np.zeros(n), "cuda").sum()]

    graphs.take("grows", step)
    with pytest.raises(InputError, match=r"^graph: expected steps of one kind that ask the host for the same, got one"):
        graphs.take("grows", step)


@on_gpu
def test_a_run_and_its_resumption(digits, gpu, tmp_path):
    options = {"data": digits, "model": "hybrid", "batch_size": 8, "device": "cuda", "graph": True, "quiet": True}
    whole = minigan.train(steps=8, evaluate_every=4, log_every=1, **options)
    minigan.train(steps=5, log_every=1, out=tmp_path / "run", **options)
    run = minigan.train(resume=tmp_path / "run", steps=8, data=digits)
    assert run.config.graph
    assert_close(to_host(run.generator.theta), to_host(whole.generator.theta))
    assert [record["d_loss"] for record in run.history] == [record["d_loss"] for record in whole.history]
    back = minigan.train(resume=tmp_path / "run", steps=9, data=digits, device="cpu")
    assert not back.config.graph
