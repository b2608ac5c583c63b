"""Chains of elementwise operations in one pass over memory.

If a chain such as ``dy * maximum(x > 0, slope) * scale`` is written plainly, every operation reads and writes whole
arrays, and memory is slower than arithmetic. On the CPU the plain form therefore runs on blocks of rows that are small
enough for the cache of a core. On a GPU the same chain is one kernel (see `fuse`).

``function.plain`` keeps the plain form as the reference for the tests.
"""

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from ..backend import Array, get_array_module
from ..layers.base import BLOCK_ROWS
from .columns import ColumnKernel
from .fuse import compiles, kernel, kinds_of
from .threads import parallel_for, slices

ROW = 1 << 13  # elements of a row, about; to add a repeated vector to many short rows takes longer
BLOCK = 1 << 18  # elements of an array in one block; with smaller blocks the threads wait for Python's lock

Chain = Callable[..., None]


def repeat_rows(v: Array, n: int) -> Array:
    """Repeat v (C,) for n samples, (N, C), because one loop over N C elements is faster than N loops over C.

    On a GPU this is v itself: every thread finds its element of v.
    """
    return v if compiles(get_array_module(v)) else v[None].repeat(n, axis=0)


COLUMN_SUMS = ColumnKernel(
    "column_sums",
    "const T *x, T *out",
    sums=1,
    each="sum[0] += x[i];",
    column="out[c] = T(out[c] + sum[0]);",
)


def add_column_sums(out: Array, x: Array) -> None:
    """Add the sums of x (..., C) over all axes but the last to ``out`` (C,), as the gradient of a bias needs it."""
    xp = get_array_module(x)
    if compiles(xp):
        COLUMN_SUMS(xp.ascontiguousarray(x), out)
    else:
        out += column_sums(x)


def column_sums(x: Array) -> Array:
    """Sum over all axes but the last, (..., N, C) -> (C,), by the product of a row of ones with a matrix.

    A BLAS computes this product at the speed of memory. Blocks of rows are summed first, as in `sum_over_rows`, because
    a BLAS adds one row after the other.
    """
    xp, rows = get_array_module(x), x.reshape(-1, x.shape[-1])
    if len(rows) < 2 * BLOCK_ROWS:
        return xp.ones(len(rows), dtype=x.dtype) @ rows
    whole, ones = len(rows) // BLOCK_ROWS * BLOCK_ROWS, xp.ones(BLOCK_ROWS, dtype=x.dtype)
    blocks = rows[:whole].reshape(-1, BLOCK_ROWS, x.shape[-1])
    return column_sums(ones @ blocks) + ones[: len(rows) - whole] @ rows[whole:]


def as_rows(x: Array) -> Array:
    """Put k of the M samples into each row, where k divides M and is as large as fits: (..., C) -> (M / k, k, C).

    On a GPU this is x itself, whose rows need no size.
    """
    xp = get_array_module(x)
    if compiles(xp):
        return x
    m, c = x.size // x.shape[-1], x.shape[-1]
    return xp.ascontiguousarray(x).reshape(-1, _divisor(m, ROW // c), c)


@cache
def _divisor(m: int, most: int) -> int:
    """Find the largest divisor of m that is at most ``most``, or 1."""
    return next((k for k in range(most, 1, -1) if m % k == 0), 1)


def elementwise(
    *, outputs: int = 1, stored: int | None = None, summed: Sequence[int] = ()
) -> Callable[[Chain], Callable[..., tuple[Array, ...]]]:
    """Make a chain compute its results block by block on the CPU, and in one kernel on a GPU (see `fuse`).

    The chain takes its inputs and then its outputs, which it fills. They are arrays of rows (P, k, C), arrays (k, C)
    and scalars; the first input is an array of rows. On a GPU the arrays have any shapes that fit together. The
    decorated function takes the inputs alone. It returns the stored outputs and then the sums.

    Parameters
    ----------
    outputs : int
        How many outputs the chain has.
    stored : int, optional
        How many of them, from the first on, are returned; None returns all.
    summed : sequence of int
        Numbers of the outputs whose sums over all samples, (C,), are returned.
    """
    stored = outputs if stored is None else stored

    def decorate(chain: Chain) -> Callable[..., tuple[Array, ...]]:
        @wraps(chain)
        def run(*operands: Any) -> tuple[Array, ...]:
            xp, shape, dtype = get_array_module(operands[0]), operands[0].shape, operands[0].dtype
            if compiles(xp):
                results = [xp.empty(shape, dtype) for _ in range(outputs)]
                kernel(xp, chain, kinds_of(operands), outputs)(*operands, *results)
                return (*results[:stored], *(column_sums(results[i]) for i in summed))
            height = max(1, BLOCK // (shape[1] * shape[2] or 1))
            results = [xp.empty(shape, dtype) for _ in range(stored)]
            blocks = slices(shape[0], height, like=operands[0])
            sums = xp.empty((len(blocks), len(summed), shape[-1]), dtype)

            def compute(number: int) -> None:
                given, filled = ([_rows(each, blocks[number]) for each in arrays] for arrays in (operands, results))
                filled += [xp.empty_like(given[0]) for _ in range(stored, outputs)]
                chain(*given, *filled)
                for total, i in zip(sums[number], summed, strict=True):
                    total[...] = column_sums(filled[i])

            parallel_for(compute, range(len(blocks)))
            return (*results, *sums.sum(axis=0))

        run.plain = chain  # type: ignore[attr-defined]
        return run

    return decorate


def _rows(operand: Any, rows: slice) -> Any:
    return operand[rows] if getattr(operand, "ndim", 0) == 3 else operand
