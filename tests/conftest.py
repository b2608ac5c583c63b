"""Fixtures for every test: the devices, and arrays made on the host and moved there."""

import os
from collections.abc import Callable, Iterator

# Before NumPy loads: on arrays as small as these, threads only wait for each other.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pytest
import strict_cupy

from minigan import backend

REQUIRE_GPU = os.environ.get("MINIGAN_REQUIRE_GPU") == "1"


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
        problem = backend.cuda_problem()
        if problem and REQUIRE_GPU:
            pytest.fail(f"MINIGAN_REQUIRE_GPU=1, but {problem}")
        if problem:
            pytest.skip(problem)
        yield "cuda"
    backend.cuda_problem.cache_clear()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1234)


@pytest.fixture
def normal(rng: np.random.Generator, device: backend.Device) -> Callable[..., backend.Array]:
    """normal(*shape, dtype="float64"): standard normal numbers on the device of the test."""

    def draw(*shape: int, dtype: str = "float64") -> backend.Array:
        return backend.to_device(rng.standard_normal(shape).astype(dtype), device)

    return draw
