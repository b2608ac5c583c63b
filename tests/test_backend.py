"""The array-module switch: which device is taken, and what is said where CuPy is missing or broken."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import strict_cupy

import minigan
from minigan import DeviceError, InputError, backend
from minigan.backend import (
    array_module,
    cuda_problem,
    device_of,
    get_array_module,
    resolve_device,
    synchronize,
    to_device,
    to_host,
)


@pytest.fixture
def fake(monkeypatch):
    """fake(name=function, ...): the stand-in for CuPy with some of its functions replaced."""
    cuda_problem.cache_clear()

    def install(**replaced):
        cupy = strict_cupy.install(monkeypatch)
        for name, function in replaced.items():
            monkeypatch.setattr(cupy, name, function)
        return cupy

    yield install
    cuda_problem.cache_clear()


def raises(error):
    def function(*args, **kwargs):
        raise error

    return function


# choosing a device


def test_cuda_works(fake):
    fake()
    assert cuda_problem() is None
    assert resolve_device("auto") == resolve_device("cuda") == "cuda"
    assert resolve_device("cpu") == "cpu"


def test_cupy_missing(fake, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import cupy -> ModuleNotFoundError
    assert resolve_device("auto") == "cpu"
    with pytest.raises(
        DeviceError,
        match=r"device: expected a working GPU for 'cuda', got none: CuPy is not installed .*'\.\[cuda13\]'",
    ):
        resolve_device("cuda")


def test_no_driver_or_device(fake):
    """CuPy imports on a machine without a GPU."""
    fake(is_available=lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(DeviceError, match="CuPy is installed, but no CUDA driver or device answers"):
        resolve_device("cuda")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("libcublas.so.12: cannot open shared object file\nand more lines"), "libcublas.so.12: cannot"),
        (RuntimeError("CUDA_ERROR_NO_BINARY_FOR_GPU"), "CUDA_ERROR_NO_BINARY_FOR_GPU"),
        (MemoryError(), "MemoryError"),
        (OSError("   \n"), "OSError"),
    ],
)
def test_a_library_is_missing(error, said, fake):
    """is_available() is True, but the first allocation or product fails."""
    fake(ones=raises(error))
    assert resolve_device("auto") == "cpu"
    with pytest.raises(DeviceError, match=f"the GPU or a CUDA library fails: {said}") as caught:
        resolve_device("cuda")
    assert "\n" not in str(caught.value)


def test_is_available_itself_fails(fake):
    fake(is_available=raises(RuntimeError("cudaErrorInsufficientDriver")))
    assert resolve_device("auto") == "cpu"
    with pytest.raises(DeviceError, match="cudaErrorInsufficientDriver"):
        resolve_device("cuda")


def test_a_device_that_computes_nonsense(fake):
    cupy = fake()
    fake(ones=lambda shape, dtype: cupy.zeros(shape, dtype=dtype))
    assert resolve_device("auto") == "cpu"
    with pytest.raises(DeviceError, match=r"1\+1\+1\+1 is not 4"):
        resolve_device("cuda")


def test_the_probe_runs_once(fake):
    asked = []
    fake(is_available=lambda: asked.append(1) or True)
    for _ in range(3):
        resolve_device("auto")
    assert len(asked) == 1


def test_cpu_asks_nothing(fake):
    fake(is_available=raises(AssertionError("asked")), ones=raises(AssertionError("asked")))
    assert resolve_device("cpu") == "cpu"
    assert cuda_problem.cache_info().misses == 0


@pytest.mark.parametrize("name", ["gpu", "CPU", "cuda:0", "", None, 0])
def test_refuses_other_names(name):
    with pytest.raises(InputError, match="device: expected 'auto', 'cpu' or 'cuda', got"):
        resolve_device(name)


# the module comes from the data


def test_get_array_module(device):
    host, there = np.zeros(2), to_device(np.zeros(2), device)
    assert get_array_module() is get_array_module(host) is get_array_module(3.0, None) is np
    assert get_array_module(there) is get_array_module(host, there) is array_module(device)
    assert array_module(device).__name__ == ("numpy" if device == "cpu" else "cupy")


def test_to_device_and_back(device):
    host = np.arange(6, dtype="float32").reshape(2, 3)
    there = to_device(host, device)
    assert device_of(there) == device
    assert there.dtype == "float32"
    back = to_host(there)
    assert isinstance(back, np.ndarray)
    np.testing.assert_array_equal(back, host)
    if device == "cpu":
        assert there is host
        assert back is host
    else:
        there += 1
        np.testing.assert_array_equal(host, np.arange(6).reshape(2, 3))


def test_synchronize(fake):
    fake()
    with strict_cupy.count() as counts:
        synchronize("cpu")
        assert counts.synchronisations == 0
        synchronize("cuda")
        assert counts.synchronisations == 1


# importing


def test_import_loads_no_heavy_module():
    """Plots, downloads and the GPU are loaded where they are needed: `import minigan` stays quick."""
    code = "import sys, minigan; print([m for m in ('matplotlib', 'cupy', 'pooch', 'torch') if m in sys.modules])"
    root = Path(minigan.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_only_the_backend_imports_cupy():
    package = Path(backend.__file__).parent
    guilty = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if path.name != "backend.py"
        and any(line.lstrip().startswith(("import cupy", "from cupy")) for line in path.read_text().splitlines())
    ]
    assert guilty == []
