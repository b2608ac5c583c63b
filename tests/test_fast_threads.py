"""Parts of one whole: each is done once, errors come through, and no number of threads changes a result."""

import sys
import threading
import time
from collections import Counter

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from minigan import InputError, TrainConfig
from minigan.backend import to_host
from minigan.datasets import load_dataset
from minigan.fast import adam, dropout, elementwise, im2col, transform
from minigan.fast import threads as parallel
from minigan.fast.threads import batched_matmul, equal_slices, matmul, parallel_for, parallel_map, slices, threads
from minigan.layers import Dense
from minigan.models import MODELS
from minigan.network import Network
from minigan.training.trainer import Trainer

SIZES = (
    (parallel, "MIN_TASK_FLOPS"),
    (transform, "COLUMNS"),
    (im2col, "ROWS"),
    (elementwise, "BLOCK"),
    (adam, "BLOCK"),
    (dropout, "DRAWS"),
)


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("items", [0, 1, 2, 100])
def test_every_item_is_done_once(count, items):
    done = Counter()
    with threads(count):
        parallel_for(lambda item: done.update([item]), range(items))
    assert done == Counter(range(items))


@pytest.mark.parametrize("attempt", range(3))
def test_no_item_is_lost_or_done_twice_however_the_threads_take_turns(attempt):
    """Many short items on many threads, of which each may be interrupted at any place."""
    interval = sys.getswitchinterval()
    done = [[] for _ in range(9)]
    ours = threading.local()
    places = iter(done)

    def task(item):
        if not hasattr(ours, "place"):
            with lock:
                ours.place = next(places)
        ours.place.append(item)

    lock = threading.Lock()
    sys.setswitchinterval(1e-6)
    try:
        with threads(9):
            parallel_for(task, range(3000))
    finally:
        sys.setswitchinterval(interval)
    assert sorted(item for place in done for item in place) == list(range(3000))


def test_items_are_handed_out_by_something_that_threads_may_share(monkeypatch):
    """An iterator may not be: on a Python without its global lock two threads would get one item."""
    takers = set()

    class Watched(parallel.deque):
        def popleft(self):
            takers.add(threading.get_ident())
            return super().popleft()

    monkeypatch.setattr(parallel, "deque", Watched)
    everyone = threading.Barrier(3, timeout=10)
    with threads(3):
        parallel_for(lambda _: everyone.wait(), range(3))
    assert len(takers) == 3


def test_the_work_is_shared():
    everyone = threading.Barrier(3, timeout=10)  # opens when three threads are at work at once
    with threads(3):
        parallel_for(lambda _: everyone.wait(), range(3))


@pytest.mark.parametrize("flops", [0, parallel.MIN_TASK_FLOPS])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_parallel_map_returns_in_order(count, flops):
    with threads(count):
        for n in range(5):
            tasks = [lambda i=i: time.sleep(0.001 * (4 - i)) or i for i in range(n)]
            assert parallel_map(tasks, flops=flops) == list(range(n))


def test_short_tasks_are_not_handed_over():
    with threads(3):
        seen = parallel_map([threading.get_ident] * 10, flops=parallel.MIN_TASK_FLOPS - 1)
    assert set(seen) == {threading.get_ident()}


def test_the_halves_of_a_backward_pass_run_at_the_same_time(rng, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_TASK_FLOPS", 5 * 15)  # samples times parameters
    net = Network([Dense(3)], (4,), rng=rng)
    y, caches = net.forward(np.ones((5, 4), dtype=np.float32), train=True)
    everyone = threading.Barrier(2, timeout=10)
    for name in ("input_grad", "add_param_grads"):
        half = getattr(net.computed[0], name)
        monkeypatch.setattr(net.computed[0], name, lambda *args, half=half: (everyone.wait(), half(*args))[1])
    with threads(2):
        assert net.backward(y, caches).shape == (5, 4)


def test_nothing_is_shared_outside():
    seen = set()
    parallel_for(lambda _: seen.add(threading.get_ident()), range(10))
    assert seen == {threading.get_ident()}


def test_tasks_may_share_in_turn():
    done = Counter()
    with threads(3):
        parallel_for(lambda i: parallel_for(lambda j: done.update([(i, j)]), range(5)), range(6))
    assert done == Counter((i, j) for i in range(6) for j in range(5))


@pytest.mark.parametrize("wrong", range(6))
def test_an_error_comes_through_and_the_threads_live_on(wrong):
    def task(item):
        time.sleep(0.001)
        if item == wrong:
            raise ValueError(f"item {item}")

    with threads(2):
        with pytest.raises(ValueError, match=f"item {wrong}"):
            parallel_for(task, range(6))
        everyone = threading.Barrier(2, timeout=10)
        parallel_for(lambda _: everyone.wait(), range(2))


def test_the_threads_end_with_the_block():
    before = threading.active_count()
    with threads(4):
        assert threading.active_count() == before + 3
        with threads(8):
            assert threading.active_count() == before + 3
    assert threading.active_count() == before


def test_the_blas_computes_on_one_thread_inside():
    before = blas_threads()
    with threads(2):
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_the_default_is_what_the_blas_would_use():
    assert blas_threads() == {1}, "the tests run on one BLAS thread"
    before = threading.active_count()
    with threads():
        assert threading.active_count() == before


def test_a_gpu_changes_nothing():
    before = threading.active_count()
    with threads(2, device="cuda"):
        assert threading.active_count() == before


@pytest.mark.parametrize("count", [0, -1, 1.5, "2"])
def test_a_bad_count_is_refused(count):
    with pytest.raises(InputError, match="count"), threads(count):
        pass


def test_parts(device, normal):
    like = normal(1)
    on_cpu = device == "cpu"
    assert slices(10, 4, like=like) == ([slice(0, 4), slice(4, 8), slice(8, 10)] if on_cpu else [slice(0, 10)])
    assert slices(0, 4, like=like) == []
    flops = parallel.MIN_TASK_FLOPS // 4
    assert [p.stop - p.start for p in equal_slices(9, flops, like=like)] == ([3, 3, 3] if on_cpu else [9])
    assert len(equal_slices(4, flops, like=like)) == 1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("shape", [(700, 90, 300), (300, 90, 700), (3, 0, 4), (0, 3, 4), (1, 1, 1)])
def test_matmul(shape, count, device, normal, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_TASK_FLOPS", 1 << 18)
    m, k, n = shape
    a, transposed = normal(m, k), normal(n, k).T
    with threads(count):
        np.testing.assert_allclose(to_host(matmul(a, transposed)), to_host(a) @ to_host(transposed), atol=1e-12)


@pytest.mark.parametrize("count", [1, 3])
def test_batched_matmul(count, device, normal, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_TASK_FLOPS", 1 << 12)
    a, b, out = normal(9, 30, 20), normal(9, 20, 25), normal(9, 30, 25)
    with threads(count):
        batched_matmul(a, b, out=out)
        np.testing.assert_array_equal(to_host(batched_matmul(a, b)), to_host(out))
    np.testing.assert_allclose(to_host(out), to_host(a) @ to_host(b), atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_no_number_of_threads_changes_a_run(model, monkeypatch):
    """Weights after three steps, bit for bit, with parts so small that everything is shared."""
    for module, name in SIZES:
        monkeypatch.setattr(module, name, 1 << 10)
    spec = MODELS[model]
    images = np.random.default_rng(0).integers(256, size=(64, 8, 8), dtype=np.uint8)
    dataset = load_dataset(spec.data[0] if spec.data else images)
    thetas = []
    for count in (1, 2, 5):
        config = TrainConfig(model=model, data=dataset.name, batch_size=16, steps=3, seed=1, device="cpu")
        trainer = Trainer(config.resolve(dataset=dataset.name, device="cpu"), dataset)
        with threads(count):
            for _ in range(3):
                trainer.step()
        thetas.append(np.concatenate([net.theta for net in (trainer.generator, trainer.discriminator)]))
    assert np.isfinite(thetas[0]).all()
    assert all(np.array_equal(theta, thetas[0]) for theta in thetas)
