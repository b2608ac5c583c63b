"""Parts of one whole: each is done once, errors come through, and no number of threads changes a result."""

import contextlib
import gc
import linecache
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from minigan import InputError, TrainConfig
from minigan.backend import to_host
from minigan.datasets import load_dataset
from minigan.fast import adam, blas, dropout, elementwise, im2col, transform, twin
from minigan.fast import threads as parallel
from minigan.fast.products import batched_matmul, matmul
from minigan.fast.threads import background, equal_slices, parallel_for, slices, threads
from minigan.layers import Dense
from minigan.models import MODELS
from minigan.network import Network
from minigan.training import trainers

SIZES = (
    (parallel, "MIN_TASK_FLOPS"),
    (transform, "COLUMNS"),
    (im2col, "ROWS"),
    (elementwise, "BLOCK"),
    (adam, "PART"),
    (twin, "LEAST"),
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


def test_the_halves_of_a_backward_pass_run_at_the_same_time(rng, monkeypatch):
    monkeypatch.setattr(twin, "LEAST", 5 * 12)  # samples times weights
    net = Network([Dense(3)], (4,), rng=rng)
    y, caches = net.forward(np.ones((5, 4), dtype=np.float32), train=True)
    everyone = threading.Barrier(2, timeout=10)
    halves = net.computed[0].halves

    def meeting(dy, cache):
        input_grad, tasks = halves(dy, cache)
        return lambda: (everyone.wait(), input_grad())[1], [lambda: (everyone.wait(), tasks[0]()), *tasks[1:]]

    monkeypatch.setattr(net.computed[0], "halves", meeting)
    with threads(2):
        assert net.backward(y, caches).shape == (5, 4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_done_in_the_background_is_done_once_and_before_the_end(count):
    done = Counter()
    with threads(count):
        for n in (0, 1, 5, 100):
            with background() as later:
                for start in range(0, n, 3):
                    later([partial(done.update, [(n, i)]) for i in range(start, min(start + 3, n))])
            assert done == Counter((n, i) for i in range(n))
            done.clear()


def test_this_thread_goes_on_while_helpers_work():
    everyone = threading.Barrier(2, timeout=10)
    with threads(2), background() as later:
        later([everyone.wait])
        everyone.wait()


def test_this_thread_does_what_no_helper_has_begun():
    """The only helper waits for this thread, so it can do no more than one of the tasks."""
    who, everyone = [], threading.Barrier(2, timeout=10)

    def meet():
        who.append(threading.get_ident())
        everyone.wait()

    with threads(2), background() as later:
        later([meet, meet])
    assert len(set(who)) == 2


def test_without_helpers_the_background_is_the_foreground():
    seen = []
    with background() as later:
        later([lambda: seen.append(1)])
        assert seen == [1]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_error_in_the_background_is_raised_at_the_end_and_the_threads_live_on(count):
    def fail():
        raise ValueError("in the background")

    done = []
    with threads(count):
        with pytest.raises(ValueError, match="in the background"), background() as later:
            later([fail, lambda: done.append(1)])
        parallel_for(done.append, [2, 3])
    assert set(done) >= {2, 3}


@pytest.mark.parametrize("count", [2, 3])
def test_after_an_error_in_the_foreground_nobody_goes_on(count):
    begun, may_end, done = threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        assert may_end.wait(10)
        done.append("slow")

    def interrupted():
        with background() as later:
            later([slow])
            assert begun.wait(10)
            threading.Timer(0.05, may_end.set).start()
            raise KeyError("here")

    with threads(count):
        with pytest.raises(KeyError, match="here"):
            interrupted()
        assert done == ["slow"]  # the block waited for the task that had begun
        everyone = threading.Barrier(count, timeout=10)
        parallel_for(lambda _: everyone.wait(), range(count))


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


def share_everything(monkeypatch):
    for module, name in SIZES:
        monkeypatch.setattr(module, name, 1 << 10)


def make_trainer(model):
    spec = MODELS[model]
    images = np.random.default_rng(0).integers(256, size=(64, 8, 8), dtype=np.uint8)
    dataset = load_dataset(spec.data[0] if spec.data else images)
    config = TrainConfig(model=model, data=dataset.name, batch_size=16, steps=3, seed=1, device="cpu")
    return trainers.make_trainer(config.resolve(dataset=dataset.name, device="cpu"), dataset)


def weights(trainer, steps):
    for _ in range(steps):
        trainer.step()
    return np.concatenate([net.theta for net in (trainer.generator, trainer.discriminator)])


@pytest.mark.parametrize("model", MODELS)
def test_no_number_of_threads_changes_a_run(model, monkeypatch):
    """Weights after three steps, bit for bit, with parts so small that everything is shared."""
    share_everything(monkeypatch)
    thetas = []
    for count in (1, 2, 5):
        with threads(count):
            thetas.append(weights(make_trainer(model), 3))
    assert np.isfinite(thetas[0]).all()
    assert all(np.array_equal(theta, thetas[0]) for theta in thetas)


# several Python threads


def in_a_thread(function):
    """Call a function in a new Python thread, and return what it returns."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def threads_that_work():
    seen = set()
    parallel_for(lambda _: (seen.add(threading.get_ident()), time.sleep(0.001)), range(20))
    return seen


def test_the_helpers_belong_to_the_thread_that_entered():
    with threads(3):
        assert len(in_a_thread(threads_that_work)) == 1
        assert len(threads_that_work()) == 3


def test_every_thread_may_have_helpers():
    def enter():
        with threads(2):
            assert threading.active_count() == before + 1 + 2 + 1
            return threads_that_work()

    before = threading.active_count()
    with threads(3):
        others = in_a_thread(enter)
        assert len(others) == 2
        assert not others & threads_that_work()


def test_a_helper_has_no_helpers():
    """A block in a helper changes nothing, and what it shares it does itself."""

    def task(_):
        everyone.wait()
        with threads(4):
            counts.append(threading.active_count())
            workers.append((threading.get_ident(), threads_that_work()))

    before, everyone, counts, workers = threading.active_count(), threading.Barrier(3, timeout=10), [], []
    with threads(3):
        parallel_for(task, range(3))
    assert counts == [before + 2] * 3
    assert [seen == {own} for own, seen in workers if own != threading.get_ident()] == [True, True]


def test_an_error_is_raised_when_all_items_are_done():
    """Nobody writes into the arrays of a caller that has left."""
    done = []

    def task(item):
        if item == 0:
            raise ValueError("wrong")
        time.sleep(0.01)
        done.append(item)

    with threads(3):
        with pytest.raises(ValueError, match="wrong"):
            parallel_for(task, range(8))
        assert sorted(done) == list(range(1, 8))


def test_after_an_interrupt_nobody_goes_on(monkeypatch):
    """Ctrl-C outside a task, where the caller waits for the answers."""
    done = []

    class Interrupted(parallel.SimpleQueue):
        def get(self):
            if threading.current_thread() is threading.main_thread() and not interrupted:
                interrupted.append(True)
                raise KeyboardInterrupt
            return super().get()

    def task(item):
        time.sleep(0 if threading.current_thread() is threading.main_thread() else 0.05)
        done.append(item)

    interrupted = []
    monkeypatch.setattr(parallel, "SimpleQueue", Interrupted)
    with threads(3):
        with pytest.raises(KeyboardInterrupt):
            parallel_for(task, range(3))
        assert sorted(done) == [0, 1, 2]


OUR_FILES = (parallel.__file__, blas.__file__, contextlib.__file__)


def interrupted_at(moment, body):
    """Enter a block and leave it, with Ctrl-C before a line of code, and say whether there were so many lines.

    A debugger can also stop at `try:` and at the end of `with _lock:`, but Python does not look for Ctrl-C there.
    """
    lines, entered = 0, set()

    def trace(frame, event, _):
        nonlocal lines
        if frame.f_code.co_filename not in OUR_FILES:
            return None
        here = (id(frame), frame.f_lineno)
        code = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        looked_for = code != "try:" and not (code == "with _lock:" and here in entered)
        entered.add(here)
        if event == "line" and looked_for:
            lines += 1
            if lines == moment:
                raise KeyboardInterrupt
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        with threads(3):
            body()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(old)
    return lines >= moment


def sleep_in_the_background():
    with background() as later:
        later([lambda: time.sleep(0)] * 3)


@pytest.mark.parametrize("share", [lambda: parallel_for(time.sleep, [0, 0, 0]), sleep_in_the_background])
@pytest.mark.parametrize("outer", [False, True])
def test_an_interrupt_at_any_line_leaves_everything_as_it_was(outer, share):
    """With a second thread that is in a block, and without one."""
    before, moment = threading.active_count(), 1
    with threadpool_limits(2, user_api="blas"):
        leave, entered = threading.Event(), threading.Event()
        if outer:
            other = threading.Thread(target=lambda: stay_in_a_block(entered, leave))
            other.start()
            assert entered.wait(10)
        while interrupted_at(moment, share):
            deadline = time.monotonic() + 10
            while threading.active_count() > before + 2 * outer and time.monotonic() < deadline:
                gc.collect()  # the block may be in a circle with the trace
                time.sleep(0.001)  # and a helper whose start was interrupted ends by itself
            assert threading.active_count() == before + 2 * outer, f"moment {moment}"
            assert parallel._here.helpers is None, f"moment {moment}"
            assert blas_threads() == ({1} if outer else {2}), f"moment {moment}"
            moment += 1
        assert moment > 50
        if outer:
            leave.set()
            other.join()
        assert blas_threads() == {2}


def stay_in_a_block(entered, leave):
    with threads(2):
        entered.set()
        leave.wait(60)


# new processes

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on Windows")


def fork(task):
    """Return the exit status of a new process in which ``task`` returned True (0), or False (1), or hung (-14)."""
    with warnings.catch_warnings(action="ignore"):  # Python warns of a fork beside threads
        child = os.fork()
    if child == 0:
        signal.alarm(30)
        status = 2
        try:
            status = 0 if task() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def grown_kilobytes(trainer, steps):
    import resource  # not on Windows

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    weights(trainer, steps)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


@needs_fork
@pytest.mark.parametrize("where", ["in the block", "in a thread without a block", "in a thread with a block"])
def test_a_forked_process_trains_to_the_same_bits(where, monkeypatch):
    """While the main thread is in a block with helpers; the memory of the new process stays as it is."""
    share_everything(monkeypatch)
    expected = weights(make_trainer("mlp"), 20)  # the BLAS of the tests has one thread

    def train():
        inside = parallel._here.helpers is not None
        assert parallel._here.helpers in (None, [])
        assert blas_threads() == ({1} if inside else {2})
        with threads(3):
            trainer = make_trainer("mlp")
            same = np.array_equal(weights(trainer, 20), expected)
            return same and grown_kilobytes(trainer, 20) < 2000

    def fork_in_a_block():
        with threads(2):
            return fork(train)

    with threadpool_limits(2, user_api="blas"), threads(3):
        weights(make_trainer("mlp"), 1)
        if where == "in the block":
            assert fork(train) == 0
        else:
            assert in_a_thread(fork_in_a_block if "with a" in where else lambda: fork(train)) == 0
        assert len(threads_that_work()) == 3
        assert blas_threads() == {1}


@needs_fork
def test_the_block_of_a_forked_process_gives_the_blas_back(monkeypatch):
    """The other thread of the first process, which is in a block too, does not exist in the new one."""
    leave, entered, child = threading.Event(), threading.Event(), None
    with threadpool_limits(2, user_api="blas"):
        other = threading.Thread(target=lambda: stay_in_a_block(entered, leave))
        other.start()
        entered.wait(10)
        with threads(2), warnings.catch_warnings(action="ignore"):
            child = os.fork()
        if child == 0:
            os._exit(0 if blas_threads() == {2} and parallel._here.helpers is None else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert blas_threads() == {1}
        leave.set()
        other.join()
        assert blas_threads() == {2}


@needs_fork
def test_a_signal_may_fork_in_the_middle_of_a_step(monkeypatch):
    """Both processes go on, and both find the right sums."""
    children = []

    def on_signal(*_):
        with warnings.catch_warnings(action="ignore"):
            children.append(os.fork())
        if children[-1] == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)  # ends a process that hangs

    def add(part):
        np.add(total[part], 1, out=total[part])  # not to be done twice
        total[part] += 1

    total = np.zeros((40, 30_000))
    old = signal.signal(signal.SIGALRM, on_signal)
    try:
        with threads(3):
            for _ in range(15):
                before = len(children)
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                rounds = 0
                total[...] = 0
                while len(children) == before or rounds < 3:
                    parallel_for(add, range(len(total)))
                    rounds += 1
                right = (total == 2 * rounds).all()
                if children[-1] == 0:
                    os._exit(0 if right else 1)
                assert right
    finally:
        signal.signal(signal.SIGALRM, old)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0


def test_runs_in_four_threads_are_those_of_one_thread():
    """A few rounds of a program that can do many; it ends with an error when a run differs or hangs."""
    program = Path(__file__).with_name("hammer_threads.py")
    done = subprocess.run(
        [sys.executable, program, "8", "5"], capture_output=True, text=True, timeout=120, cwd=program.parents[1]
    )
    assert "40 runs in 8 rounds, all equal to the same run alone" in done.stdout, done.stderr
