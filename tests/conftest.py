"""Fixtures for every test: the devices, and arrays made on the host and moved there."""

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

# Before NumPy loads: on arrays as small as these, threads only wait for each other.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pytest
import strict_cupy

from minigan import backend
from minigan.fast.memory import retain_heap

retain_heap()  # as `minigan.train` does: a fifth of the time of a test that trains

REQUIRE_GPU = os.environ.get("MINIGAN_REQUIRE_GPU") == "1"


def left_out(config: pytest.Config) -> dict[str, str]:
    """Return the marks whose tests are not collected here, and why."""
    reasons = {}
    asked_for = REQUIRE_GPU or re.search(r"\bgpu\b", config.option.markexpr)
    if not asked_for and (problem := backend.cuda_problem()):
        reasons["gpu"] = problem
    if importlib.util.find_spec("torch") is None:
        reasons["parity"] = "PyTorch is not installed"
    return reasons


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"left out: {mark} tests ({reason})" for mark, reason in left_out(config).items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marks = left_out(config)
    deselected = [item for item in items if any(item.get_closest_marker(mark) for mark in marks)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in set(deselected)]


@pytest.fixture(params=["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[backend.Device]:
    """Run the test three times: on NumPy, on the strict stand-in for CuPy, and on CuPy where there is a GPU."""
    backend.cuda_problem.cache_clear()
    if request.param == "numpy":
        yield "cpu"
    elif request.param == "strict":
        strict_cupy.install(monkeypatch)
        yield "cuda"
    else:
        need_gpu()
        yield "cuda"
    backend.cuda_problem.cache_clear()


def need_gpu() -> None:
    """Skip the test where CuPy cannot compute, and fail it where a GPU is required."""
    problem = backend.cuda_problem()
    if problem and REQUIRE_GPU:
        pytest.fail(f"MINIGAN_REQUIRE_GPU=1, but {problem}")
    if problem:
        pytest.skip(problem)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1234)


@pytest.fixture
def normal(rng: np.random.Generator, device: backend.Device) -> Callable[..., backend.Array]:
    """normal(*shape, dtype="float64"): standard normal numbers on the device of the test."""

    def draw(*shape: int, dtype: str = "float64") -> backend.Array:
        return backend.to_device(rng.standard_normal(shape).astype(dtype), device)

    return draw


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The matplotlib figures that a test writes."""
    from matplotlib.figure import Figure

    figures: list[Any] = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: figures.append(self) or savefig(self, *args, **kw))
    return figures
