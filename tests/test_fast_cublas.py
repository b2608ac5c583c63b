"""Products with a handle of our own: the numbers of ``matmul``, whichever way the matrices lie in memory."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from minigan import DeviceError
from minigan.backend import array_module, get_array_module, to_host
from minigan.fast.cublas import Products, multiply

on_gpu = pytest.mark.parametrize("device", [pytest.param("cupy", marks=pytest.mark.gpu)], indirect=True)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

LAYOUTS = {  # of a matrix (m, n), made from one that is large enough
    "by rows": lambda x, m, n: get_array_module(x).ascontiguousarray(x[:m, :n]),
    "by columns": lambda x, m, n: get_array_module(x).ascontiguousarray(x[:n, :m]).T,
    "part": lambda x, m, n: x[:m, :n],
    "part by columns": lambda x, m, n: x[:n, :m].T,
    "every second": lambda x, m, n: x[: 2 * m : 2, : 2 * n : 2],
}
SIZES = [(5, 7, 3), (1, 7, 3), (5, 1, 3), (5, 7, 1), (1, 7, 1), (1, 1, 3), (5, 1, 1), (64, 33, 17)]


@pytest.fixture
def make_products(device):
    """`Products`, where there is a cuBLAS that can be called; an emulated device may have none."""
    try:
        Products()
    except DeviceError as error:
        if b"Emulated" in array_module(device).cuda.runtime.getDeviceProperties(0)["name"]:
            pytest.skip(str(error))
        raise
    return Products


def tolerance(dtype):
    return {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-4}


@every_dtype
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_outside_a_block(size, dtype, device, normal):
    m, k, n = size
    a, b = normal(m, k, dtype=dtype), normal(k, n, dtype=dtype)
    out = get_array_module(a).empty((m, n), dtype=dtype)
    multiply(a, b, out)
    np.testing.assert_allclose(to_host(out), to_host(a) @ to_host(b), **tolerance(dtype))
    multiply(a, b, out, add=True)
    np.testing.assert_allclose(to_host(out), 2 * (to_host(a) @ to_host(b)), **tolerance(dtype))


@on_gpu
@every_dtype
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_layout(size, dtype, device, normal, make_products):
    (m, k, n), xp, products = size, array_module(device), make_products()
    large = [normal(128, 128, dtype=dtype) for _ in range(3)]
    for name_a, make_a in LAYOUTS.items():
        for name_b, make_b in LAYOUTS.items():
            for name_out, make_out in LAYOUTS.items():
                a, b = make_a(large[0], m, k), make_b(large[1], k, n)
                out = make_out(xp.full_like(large[2], np.nan), m, n)
                with products.on(xp.cuda.get_current_stream()):
                    multiply(a, b, out)
                    once = to_host(out)
                    multiply(a, b, out, add=True)
                multiply(a, b, out, add=True)
                expected = to_host(a) @ to_host(b)
                case = f"{name_a} @ {name_b} -> {name_out}"
                np.testing.assert_allclose(once, expected, err_msg=case, **tolerance(dtype))
                np.testing.assert_allclose(to_host(out), 3 * expected, err_msg=case, **tolerance(dtype))


@on_gpu
def test_nothing_around_the_result_is_written(device, normal, make_products):
    xp, products = array_module(device), make_products()
    whole = xp.full((8, 8), 7, dtype="float64")
    with products.on(xp.cuda.get_current_stream()):
        multiply(normal(4, 5), normal(5, 3), whole[2:6, 1:4])
    whole[2:6, 1:4] = 7
    assert (to_host(whole) == 7).all()


@on_gpu
def test_several_handles_and_streams(device, normal, make_products):
    """The workspace is given again with every stream, and two handles do not disturb each other."""
    xp, a, b = array_module(device), normal(9, 8), normal(8, 7)
    handles, streams = [make_products() for _ in range(2)], [xp.cuda.Stream(non_blocking=True) for _ in range(2)]
    xp.cuda.Device().synchronize()
    for products in handles:
        for stream in streams:
            with stream, products.on(stream):
                out = xp.empty((9, 7))
                multiply(a, b, out)
                stream.synchronize()
            np.testing.assert_allclose(to_host(out), to_host(a) @ to_host(b), rtol=1e-12)


def test_the_handle_is_used_only_inside_the_block():
    products, used = object.__new__(Products), []
    products._handle, products._workspace = None, SimpleNamespace(nbytes=0, data=SimpleNamespace(ptr=0))
    products._call = lambda name, *arguments: used.append(name)
    products.multiply = lambda a, b, out, *, add: used.append("product")
    a, out = np.ones((2, 2)), np.empty((2, 2))
    with products.on(SimpleNamespace(ptr=0)):
        multiply(a, a, out)
    with pytest.raises(ZeroDivisionError), products.on(SimpleNamespace(ptr=0)):
        raise ZeroDivisionError
    del used[3:]
    assert used == ["SetStream_v2", "SetWorkspace_v2", "product"]
    multiply(a, a, out)
    assert used[3:] == []
    assert (out == 2).all()


def test_an_error_of_cublas():
    products = object.__new__(Products)
    products._functions = {"GemmEx": lambda *arguments: 13}
    with pytest.raises(DeviceError, match=r"^graph: expected cublasGemmEx to succeed, got status 13$"):
        products._call("GemmEx")


@pytest.mark.parametrize("device", ["strict"], indirect=True)
def test_a_library_that_cannot_be_called(device, monkeypatch):
    module = SimpleNamespace(cublas=SimpleNamespace(__file__="/nowhere/cublas.so"))
    monkeypatch.setitem(sys.modules, "cupy.cublas", module)
    with pytest.raises(DeviceError, match=r"^graph: expected a cuBLAS that can be called, got none: .*nowhere"):
        Products()
