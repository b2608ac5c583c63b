"""Matrix products in parts, which the threads share."""

from functools import partial

from ..backend import Array, get_array_module
from .cublas import multiply
from .threads import Task, equal_slices, parallel_for, run


def matmul(a: Array, b: Array) -> Array:
    """Return a (M, K) @ b (K, N), shared between the threads."""
    y = get_array_module(a).empty((a.shape[0], b.shape[1]), dtype=a.dtype)
    run(product_parts(a, b, y))
    return y


def product_parts(a: Array, b: Array, y: Array, *, add: bool = False) -> list[Task]:
    """Cut y = a (M, K) @ b (K, N) into tasks for `run`: by rows or by columns, whichever are more.

    Parameters
    ----------
    a, b, y : arrays
        y is written.
    add : bool
        Whether the product is added to y. Then it is cut by rows, which lie together in memory.
    """
    (m, k), n = a.shape, b.shape[1]
    if add or m > n:
        return [partial(multiply, a[rows], b, y[rows], add=add) for rows in equal_slices(m, k * n, like=a)]
    return [partial(multiply, a, b[:, columns], y[:, columns]) for columns in equal_slices(n, k * m, like=a)]


def batched_matmul(a: Array, b: Array, *, out: Array | None = None) -> Array:
    """Return a[r] @ b[r] for every r: a (R, M, K), b (R, K, N) -> (R, M, N), in a new array or in ``out``."""
    xp, (r, m, k), n = get_array_module(a), a.shape, b.shape[2]
    product = xp.empty((r, m, n), dtype=a.dtype) if out is None else out

    def multiply(some: slice) -> None:
        xp.matmul(a[some], b[some], out=product[some])

    parallel_for(multiply, equal_slices(r, m * k * n, like=a))
    return product
