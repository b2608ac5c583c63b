"""Sums over the rows of a matrix on a GPU, with what is computed from them, in one kernel or two.

A GPU adds up many short columns badly with array operations: an operation that sums over the first axis keeps few of
its cores busy, and every step of the arithmetic around the sum is a kernel of its own. A `ColumnKernel` says in CUDA C
what is added up at each element, and what is computed from the sums once for each column.

The sums are float64, whatever the arrays are, so that a sum over a million rows is exact to the rounding of float32.
They are always taken in the same order.
"""

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from ..backend import Array, get_array_module

THREADS = 512  # in a block, which has up to 32 threads side by side along a row
ROWS = 4096  # rows that one block of threads adds up; for more rows there are several blocks, and a second kernel
BLOCKS = 64  # blocks for one column, at most

TEMPLATE = """
typedef %(T)s T;
#define SUMS %(sums)d
#define THREADS %(threads)d

__device__ void finish(const double *sum, const int c, const long long rows, %(parameters)s) {
    %(column)s
}

// The sums over the rows of one block: they go on to `finish` if the block is the only one, else into `parts`.
extern "C" __global__ void %(name)s(%(parameters)s, double *parts, const long long rows, const int columns) {
    __shared__ double all[SUMS][THREADS];
    const int c = blockIdx.x * blockDim.x + threadIdx.x, t = threadIdx.y * blockDim.x + threadIdx.x;
    double sum[SUMS] = {};
    if (c < columns)
        for (long long row = blockIdx.y * blockDim.y + threadIdx.y; row < rows; row += gridDim.y * blockDim.y) {
            const long long i = row * columns + c;
            %(each)s
        }
    for (int k = 0; k < SUMS; k++) all[k][t] = sum[k];
    for (int half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half)
            for (int k = 0; k < SUMS; k++) all[k][t] += all[k][t + half * blockDim.x];
    }
    if (threadIdx.y > 0 || c >= columns) return;
    for (int k = 0; k < SUMS; k++) sum[k] = all[k][t];
    if (gridDim.y == 1) finish(sum, c, rows, %(names)s);
    else for (int k = 0; k < SUMS; k++) parts[(blockIdx.y * SUMS + k) * columns + c] = sum[k];
}

// Adds up the parts of all blocks.
extern "C" __global__ void %(name)s_parts(
    %(parameters)s, const double *parts, const int blocks, const long long rows, const int columns
) {
    const int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= columns) return;
    double sum[SUMS] = {};
    for (int b = 0; b < blocks; b++)
        for (int k = 0; k < SUMS; k++) sum[k] += parts[(b * SUMS + k) * columns + c];
    finish(sum, c, rows, %(names)s);
}
"""


class ColumnKernel:
    """A kernel for matrices (M, C) that lie without gaps in memory, the last axis first.

    Parameters
    ----------
    name : str
    parameters : str
        In CUDA C: "const T *x, T *total, double eps", where T is the type of the arrays. Pointers are matrices (M, C)
        or vectors (C,), and vectors may be changed; numbers are double or int.
    sums : int
        How many sums there are.
    each : str
        What is added to ``sum[0]``, ... at element ``i`` in column ``c``.
    column : str
        What is done with the totals ``sum[0]``, ... of column ``c``, once; ``rows`` is M.
    """

    def __init__(self, name: str, parameters: str, *, sums: int, each: str, column: str) -> None:
        names = [each.replace("*", " ").split()[-1] for each in parameters.split(",")]
        self.types = [None if "*" in each else each.split()[-2] for each in parameters.split(",")]
        self.name, self.sums = name, sums
        self.fields = {
            "name": name, "parameters": parameters, "names": ", ".join(names),
            "sums": sums, "threads": THREADS, "each": each, "column": column,
        }  # fmt: skip

    def text(self, dtype: Any) -> str:
        """Return the CUDA C of the kernel and of its second part for arrays of this type."""
        return TEMPLATE % (self.fields | {"T": {"f": "float", "d": "double"}[np.dtype(dtype).char]})

    def __call__(self, x: Array, *operands: Any) -> None:
        """Compute the sums over all rows of x (..., C), and what follows from them; ``x`` is the first operand."""
        xp, columns = get_array_module(x), x.shape[-1]
        rows = x.size // columns
        sums, combine = _compile(xp, self, x.dtype.char)
        given = [_argument(kind, each) for kind, each in zip(self.types, (x, *operands), strict=True)]
        width = min(32, 1 << (columns - 1).bit_length())
        blocks = min(BLOCKS, -(-rows // ROWS))
        grid, block = (-(-columns // width), blocks), (width, THREADS // width)
        parts = xp.empty((blocks, self.sums, columns), dtype=np.float64)
        size = np.int64(rows), np.int32(columns)
        sums(grid, block, (*given, parts, *size))
        if blocks > 1:
            combine((-(-columns // THREADS),), (min(columns, THREADS),), (*given, parts, np.int32(blocks), *size))


def _argument(kind: str | None, operand: Any) -> Any:
    if kind is not None:
        return {"double": np.float64, "int": np.int32}[kind](operand)
    assert operand.flags.c_contiguous
    return operand


@cache
def _compile(xp: ModuleType, kernel: ColumnKernel, dtype: str) -> tuple[Any, Any]:
    text = kernel.text(dtype)
    return xp.RawKernel(text, kernel.name), xp.RawKernel(text, f"{kernel.name}_parts")
