"""The layer protocol: what every layer promises, and the two rules behind it.

**Forward is pure.** It returns its cache and remembers nothing, so several passes through one layer (real and
fake images through D) can be alive at once, and running statistics move only when `update_stats` is called.

**Pixels first.** The last two axes are always (N, C): a dense activation is (N, C), an image activation is
(H, W, N, C). Sizes without the batch axis, as in ``input_shape``, are (C,) and (H, W, C).

Shape letters: N batch, H W in, OH OW out, C channels in, F channels out, KH KW kernel.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from ..fast.threads import WRITE_COST, equal_slices, parallel_for, parallel_map

Shape = tuple[int, ...]


class Layer(ABC):
    """A differentiable map y = f(x; params), its derivative, and the derivative's transpose.

    With J = dy/dx at the point that ``cache`` remembers:

    ==================  ==============================================
    ``input_grad``      dx = J^T dy
    ``jvp``             y_dot = J x_dot
    ``add_param_grads`` dparam += (dy/dparam)^T dy, for each parameter
    ==================  ==============================================

    ``<dy, jvp(x_dot)> == <input_grad(dy), x_dot>`` to rounding, for every layer: the adjoint identity.

    A layer gets its arrays from the `Network` that holds it: parameter ``w`` is ``layer.w`` with gradient
    ``layer.dw``, a running statistic is ``layer.running_mean``.
    """

    params: tuple[str, ...] = ()  # names of learned arrays
    stats: tuple[str, ...] = ()  # names of running statistics: saved, never learned
    piecewise_linear = False  # in x: the Jacobian is the same all around almost every x
    couples_samples = False  # whether, in training, a sample's y depends on the others of its batch

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        """Fix the sizes; return the output shape and the shape of every array in ``params`` and ``stats``.

        Raises ``InputError`` when the layer cannot take ``input_shape``.
        """
        return input_shape, {}

    def bind_arrays(self) -> None:  # noqa: B027 - a layer that holds no others has nobody to hand them on to
        """Learn that the arrays are there now, new ones in every copy; a layer of layers hands them on."""

    def initialize(self, rng: np.random.Generator) -> None:  # noqa: B027 - layers without arrays need none
        """Write the initial values into the layer's arrays, in place; ``rng`` draws on the host."""

    @abstractmethod
    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Any]:
        """Return (y, cache). ``rng`` is needed only by layers that draw, and only when ``train``."""

    @abstractmethod
    def input_grad(self, dy: Array, cache: Any) -> Array:
        """Return dx = J^T dy, with the shape of x."""

    @abstractmethod
    def jvp(self, x_dot: Array, cache: Any) -> Array:
        """Return y_dot = J x_dot, with the shape of y: the directional derivative along the tangent x_dot."""

    def add_param_grads(self, dy: Array, cache: Any) -> None:  # noqa: B027 - layers without parameters add none
        """Add (dy/dparam)^T dy to the gradient of every parameter."""

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Any) -> None:  # noqa: B027 - as above
        """Add to the gradient of every parameter that of <dy, jvp(x_dot)>, a number, with dy and x_dot held fixed.

        Only for layers that are piecewise linear: J depends on the parameters, not on x, so that this is all that
        a gradient penalty needs (see `Network.add_tangent_grads`).
        """

    def backward(self, dy: Array, cache: Any, *, param_grads: bool, input_grad: bool) -> Array | None:
        """Do either half of the backward pass, or both; return dx. A layer overrides it to share work between them."""
        dx = (lambda: self.input_grad(dy, cache)) if input_grad else None
        return self._halves(dy, dx, (lambda: self.add_param_grads(dy, cache)) if param_grads else None)

    def _halves(self, dy: Array, dx: Callable[[], Array] | None, grads: Callable[[], None] | None) -> Array | None:
        """Do the halves that are wanted, at the same time where they are long and there are threads; return dx."""
        work = dy.size // dy.shape[-1] * sum(getattr(self, name).size for name in self.params)
        results = parallel_map([half for half in (dx, grads) if half], work=work)
        return results[0] if dx else None

    def update_stats(self, cache: Any) -> None:  # noqa: B027 - layers without running statistics update none
        """Move the running statistics towards those of the pass that made ``cache``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SymmetricLayer(Layer):
    """A layer whose Jacobian is symmetric, J = J^T: the tangent map is the input gradient."""

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return self.input_grad(x_dot, cache)


def repeat_rows(v: Array, n: int) -> Array:
    """Repeat v (C,) for n samples, (N, C): one loop over N C elements is faster than N loops over C."""
    return v[None].repeat(n, axis=0)


def sum_over_rows(x: Array) -> Array:
    """Sum over all axes but the last: (..., N, C) -> (C,), the sum a bias gradient or a batch mean needs.

    As the product of a row of ones with a matrix, which both BLAS and cuBLAS do at the speed of memory.
    """
    rows = x.reshape(-1, x.shape[-1])
    return get_array_module(x).ones(len(rows), dtype=x.dtype) @ rows


def add_bias(y: Array, b: Array) -> None:
    """y += b for the bias b (C,) of an image y (H, W, N, C), in place."""
    row = repeat_rows(b, y.shape[2])

    def add(rows: slice) -> None:
        y[rows] += row

    parallel_for(add, equal_slices(len(y), WRITE_COST * y.size // len(y), like=y))
