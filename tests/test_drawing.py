"""One picture at a time: threads that draw at once make the same pictures, and leave matplotlib as it was."""

import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import matplotlib
import numpy as np
import pytest

from minigan.runs import drawing
from minigan.runs.drawing import one_at_a_time
from minigan.runs.figures import draw_points, save_animation, save_losses

HISTORY = {name: np.linspace(0.1, 0.9, 5) for name in ("step", "d_loss", "g_loss", "d_real", "d_fake")}
SNAPSHOTS = [(step, np.full((4, 8, 8), step / 3)) for step in range(3)]


def draw(folder):
    folder.mkdir()
    save_losses(HISTORY, folder / "losses.png")
    save_animation(SNAPSHOTS, folder / "a.gif")
    return draw_points(np.eye(2)).tobytes(), [(folder / name).read_bytes() for name in ("losses.png", "a.gif")]


def test_pictures_in_four_threads_are_those_of_one_thread(tmp_path):
    alone, before, interval = draw(tmp_path / "alone"), dict(matplotlib.rcParams), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(draw, [tmp_path / str(i) for i in range(4)]))
    finally:
        sys.setswitchinterval(interval)
    assert together == [alone] * 4
    assert dict(matplotlib.rcParams) == before


def test_two_functions_never_draw_at_once_but_one_may_call_the_other():
    inside, most = [], []

    @one_at_a_time
    def first():
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.01)
        inside.pop()

    @one_at_a_time
    def second():
        """Draw twice."""
        first()
        first()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(function) for function in (first, second) * 4]:
            future.result()
    assert set(most) == {1}
    assert second.__doc__ == "Draw twice."


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on Windows")
def test_a_process_that_was_forked_beside_a_picture_can_draw():
    drawn, begun = threading.Event(), threading.Event()

    @one_at_a_time
    def slow():
        begun.set()
        drawn.wait(10)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(slow)
        begun.wait(10)
        threading.Timer(0.1, drawn.set).start()
        with warnings.catch_warnings(action="ignore"):  # Python warns of a fork beside threads
            child = os.fork()
        if child == 0:
            free = []  # another thread of the new process, because a lock lets its owner in again
            other = threading.Thread(target=lambda: free.append(drawing._drawing.acquire(timeout=5)))
            other.start()
            other.join()
            os._exit(0 if free == [True] and drawn.is_set() else 1)
        assert os.waitpid(child, 0)[1] == 0
