"""The ledger of `minigan bench --profile`, with a clock that the tests set."""

import numpy as np
import pytest

from minigan.commands.bench import ledger
from minigan.commands.bench.ledger import REST, add, booked, count_in, present_row, shared_out, size_of, take


@pytest.fixture
def wait(monkeypatch):
    """wait(seconds) moves the clock of the ledger."""
    now = [100.0]
    monkeypatch.setattr(ledger, "perf_counter", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def seconds(times):
    return {row: pytest.approx(each) for row, each in times.items() if each}


def test_a_moment_belongs_to_the_innermost_call(wait):
    inner = booked(wait, "inner")

    def work():
        wait(1)
        inner(2)
        wait(4)

    outer = booked(work, "outer")

    def step():
        wait(8)
        outer()
        inner(16)

    assert seconds(take(step)) == {REST: 8, "outer": 5, "inner": 18}
    assert seconds(take(step)) == {REST: 8, "outer": 5, "inner": 18}, "new times for each step"


def test_a_call_inside_another_row_may_stay_there(wait):
    inner = booked(wait, "inner", lambda result, s: (s, 10 * s), inner=False)
    outer = booked(lambda: inner(2), "outer")

    def step():
        outer()
        inner(1)

    assert seconds(take(step)) == {"outer": 2, "inner": 1}
    counts = count_in(step)
    assert list(counts) == ["inner"]
    assert counts["inner"].tolist() == [1, 10]


def test_counting_ends_with_the_step():
    def step():
        add("counted", 1, 2)
        raise KeyError

    with pytest.raises(KeyError):
        count_in(step)
    add("counted", 5, 5)
    assert count_in(lambda: add("counted", 1, 2))["counted"].tolist() == [1, 2]
    assert not count_in(lambda: None)


def test_an_error_closes_the_row(wait):
    def fail():
        wait(1)
        raise KeyError

    def step():
        with pytest.raises(KeyError):
            booked(fail, "failed")()
        assert present_row() == REST
        wait(2)

    assert seconds(take(step)) == {"failed": 1, REST: 2}


def test_the_time_of_threads_is_shared_out(wait):
    """Two threads that work for 6 seconds together take 3; a third of them is each thread's own row."""

    def parallel_for(task, items):
        for item in items:
            task(item)
        wait(-3)

    def task(item):
        wait(1)
        booked(wait, "products", lambda result, s: (7 * s, 0))(2)

    step = booked(lambda: shared_out(parallel_for)(task, [0, 1]), "elementwise")

    def work():
        wait(10)
        step()
        wait(5)

    assert seconds(take(work)) == {REST: 15, "elementwise": 1, "products": 2}
    assert count_in(work)["products"].tolist() == [28, 0]


def test_threads_within_threads(wait):
    parallel_for = shared_out(lambda task, items: [task(item) for item in items])
    products = booked(wait, "products")

    def task(item):
        wait(1)
        parallel_for(products, [item, item])

    book = take(lambda: parallel_for(task, [1, 2]))
    assert seconds(book) == {REST: 2, "products": 6}


def test_nothing_to_do_takes_no_time(wait):
    assert seconds(take(lambda: shared_out(lambda task, items: None)(print, []))) == {}


def test_an_error_in_a_task_leaves_the_row_as_it_was(wait):
    def parallel_for(task, items):
        for item in items:
            task(item)

    def fail(item):
        wait(1)
        raise KeyError

    def step():
        with pytest.raises(KeyError):
            booked(shared_out(parallel_for), "elementwise")(fail, [0, 1])
        assert present_row() == REST
        wait(2)

    assert seconds(take(step)) == {"elementwise": 1, REST: 2}


def test_size_of_counts_every_array_once():
    x = np.zeros((4, 8), dtype=np.float32)
    y = np.zeros(3)
    assert size_of(x, (x, [y, None]), 5, x.reshape(-1)) == x.nbytes + y.nbytes
    assert size_of(x[:2], x.reshape(8, 4)) == x.nbytes
