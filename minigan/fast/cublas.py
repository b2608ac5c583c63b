"""Matrix products on a GPU: they can be added to what is there, and recorded as a part of a graph.

CuPy's ``matmul`` can do neither. To add a product, `multiply` calls cuBLAS with beta = 1.

CuPy 14 refuses to call cuBLAS on a stream that records: each of its calls first gives the stream to the handle, and
``cublas.setStream`` raises NotImplementedError there (CuPy issue 6290). cuBLAS itself permits it, if the factors alpha
and beta lie on the host, and if the caller gives it a workspace that stays where it is (cuBLAS documentation, section
"CUDA Graphs Support"). So `Products` has a handle and a workspace of its own. It calls the cuBLAS that CuPy has loaded,
and asks for what CuPy would ask for: ``cublasGemmEx`` with the same layouts, types and algorithm.

The layouts and results were compared with CuPy's on an emulated device, whose cuBLAS is made of OpenBLAS. No GPU was
at hand.
"""

import ctypes
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import finalize

from ..backend import Array, array_module, get_array_module
from ..errors import DeviceError
from .fuse import compiles

SMALL, LARGE = 4 << 20, 32 << 20  # bytes of workspace, as cuBLAS takes by default: before Hopper, and from it on
HOPPER = 90  # compute capability 9.0
TYPES = {"float32": (ctypes.c_float, 0, 68), "float64": (ctypes.c_double, 1, 70)}  # CUDA_R_..., CUBLAS_COMPUTE_...
NUMBER, POINTER = ctypes.c_int, ctypes.c_void_p
GEMM_EX: list[Any] = [
    POINTER, *[NUMBER] * 5, POINTER, POINTER, NUMBER, NUMBER, POINTER, NUMBER, NUMBER, POINTER, POINTER, *[NUMBER] * 4
]  # fmt: skip
FUNCTIONS = ("Create_v2", "Destroy_v2", "SetStream_v2", "SetWorkspace_v2", "GemmEx")
DEFAULT_TENSOR_OP = 99  # CuPy's choice of an algorithm, by which cuBLAS chooses


class Here(threading.local):
    """What belongs to one Python thread: what multiplies inside a block of `Products.on`, or None."""

    products: "Products | None" = None


_here = Here()


def multiply(a: Array, b: Array, out: Array, *, add: bool = False) -> None:
    """Compute ``out = a @ b`` for matrices, or ``out += a @ b`` if ``add``; on a GPU both are one request.

    Inside a block of `Products.on` this is done with the handle of `Products`.
    """
    xp = get_array_module(a)
    single = out.shape == (1, 1)  # CuPy computes a single number without cuBLAS
    if _here.products is not None and not single:
        _here.products.multiply(a, b, out, add=add)
    elif not add:
        xp.matmul(a, b, out=out)
    elif compiles(xp) and not single:
        handle = xp.cuda.device.get_cublas_handle()
        _multiply(partial(xp.cuda.cublas.gemmEx, handle), a, b, out, add=True)
    else:
        out += xp.matmul(a, b)


def _multiply(gemm_ex: Callable[..., Any], a: Array, b: Array, out: Array, *, add: bool) -> None:
    """Compute ``out = a @ b`` or ``out += a @ b`` by cublasGemmEx; the matrices may lie in memory in any way.

    cuBLAS reads memory by columns. To it a matrix that lies by rows is its own transpose, so it gets out^T = b^T a^T.
    As in CuPy, a matrix of one row or column counts as one by rows for ``a``, and as one by columns for ``b``.
    """
    xp, (m, k), n = get_array_module(a), a.shape, b.shape[1]
    if not out.flags.c_contiguous:
        product = xp.ascontiguousarray(out)
        _multiply(gemm_ex, a, b, product, add=add)
        out[...] = product
        return
    if not (a.flags.c_contiguous or a.flags.f_contiguous):
        a = xp.ascontiguousarray(a.T).T
    if not (b.flags.c_contiguous or b.flags.f_contiguous):
        b = xp.ascontiguousarray(b)
    a_by_columns, b_by_columns = not a.flags.c_contiguous, b.flags.f_contiguous
    number, kind, compute = TYPES[str(out.dtype)]
    alpha, beta = number(1), number(1 if add else 0)
    gemm_ex(
        int(b_by_columns), int(a_by_columns), n, m, k,
        ctypes.addressof(alpha), b.data.ptr, kind, k if b_by_columns else n, a.data.ptr, kind, m if a_by_columns else k,
        ctypes.addressof(beta), out.data.ptr, kind, n, compute, DEFAULT_TENSOR_OP,
    )  # fmt: skip


class Products:
    """A cuBLAS handle with a workspace.

    Raises
    ------
    DeviceError
        If the cuBLAS that CuPy has loaded cannot be called.
    """

    def __init__(self) -> None:
        xp = array_module("cuda")
        recent = int(xp.cuda.Device().compute_capability) >= HOPPER
        self._workspace = xp.empty(LARGE if recent else SMALL, dtype=xp.uint8)
        self._handle = ctypes.c_void_p()
        try:  # what CuPy's module lacks is looked up in the libraries that it was linked with
            library = ctypes.CDLL(importlib.import_module("cupy.cublas").cublas.__file__)
            self._functions = {name: getattr(library, f"cublas{name}") for name in FUNCTIONS}
        except (OSError, AttributeError) as error:
            raise DeviceError(f"graph: expected a cuBLAS that can be called, got none: {error}") from None
        self._functions["GemmEx"].argtypes = GEMM_EX
        self._call("Create_v2", ctypes.byref(self._handle))
        finalize(self, self._functions["Destroy_v2"], self._handle).atexit = False

    @contextmanager
    def on(self, stream: Any) -> Iterator[None]:
        """Let `multiply` use this handle on a stream inside the block."""
        size = ctypes.c_size_t(self._workspace.nbytes)
        self._call("SetStream_v2", self._handle, ctypes.c_void_p(stream.ptr))  # this takes a workspace away
        self._call("SetWorkspace_v2", self._handle, _pointer(self._workspace), size)
        _here.products = self
        try:
            yield
        finally:
            _here.products = None

    def multiply(self, a: Array, b: Array, out: Array, *, add: bool = False) -> None:
        """Compute ``out = a @ b`` for matrices, or ``out += a @ b`` if ``add``."""
        _multiply(partial(self._call, "GemmEx", self._handle), a, b, out, add=add)

    def _call(self, name: str, *arguments: Any) -> None:
        status = self._functions[name](*arguments)
        if status != 0:
            raise DeviceError(f"graph: expected cublas{name} to succeed, got status {status}")


def _pointer(x: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(x.data.ptr)
