"""The layer protocol: what every layer promises, and the two rules behind it.

**Forward is pure.** It returns its cache and remembers nothing. So several passes through one layer can exist at the
same time (real and fake images through D), and running statistics change only when `update_stats` is called.

**Pixels first.** The last two axes are always (N, C): a dense activation is (N, C), an image activation is
(H, W, N, C). Sizes without the batch axis, as in ``input_shape``, are (C,) and (H, W, C).

Shape letters: N samples of a batch; H, W pixels of the input; OH, OW pixels of the output; C channels of the input;
F channels of the output; KH, KW the kernel.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..backend import Array
from ..errors import UnboundLayerError

Shape = tuple[int, ...]

BLOCK_ROWS = 1 << 10  # rows in one partial sum


class Layer(ABC):
    """A differentiable map y = f(x; params), its derivative, and the transpose of its derivative.

    With J = dy/dx at the point that ``cache`` remembers, a layer defines three maps:

    ==================  ==============================================
    ``input_grad``      dx = J^T dy
    ``jvp``             y_dot = J x_dot
    ``add_param_grads`` dparam += (dy/dparam)^T dy, for each parameter
    ==================  ==============================================

    Every layer fulfils the adjoint identity ``<dy, jvp(x_dot)> == <input_grad(dy), x_dot>`` up to rounding.

    A layer gets its arrays from the `Network` that holds it: parameter ``w`` is ``layer.w`` with gradient
    ``layer.dw``, a running statistic is ``layer.running_mean``. A layer that needs arrays raises ``UnboundLayerError``
    when it is used outside a network.
    """

    params: tuple[str, ...] = ()  # names of learned arrays
    stats: tuple[str, ...] = ()  # names of running statistics: saved, never learned
    children: tuple["Layer", ...] = ()  # layers inside this one; each has its own arrays
    array_shapes: dict[str, Shape] = {}  # noqa: RUF012 - shape of every array in params and stats; `build` sets it anew
    built: tuple[str, ...] = ()  # names of what `build` sets besides
    piecewise_linear = False  # whether J is constant near almost every x
    couples_samples = False  # whether, in training, the output of a sample depends on the other samples

    def build(self, input_shape: Shape) -> Shape:
        """Fix the sizes: set ``array_shapes`` and return the output shape.

        Raises
        ------
        InputError
            If the layer cannot take ``input_shape``.
        """
        return input_shape

    def initialize(self, rng: np.random.Generator) -> None:
        """Write the initial values into the arrays; ``rng`` draws them on the host."""
        for child in self.children:
            child.initialize(rng)

    @abstractmethod
    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Any]:
        """Return y, and the cache that the other methods need.

        Parameters
        ----------
        x : array of shape (N, C) or (H, W, N, C)
        train : bool
            Whether the pass belongs to training, in which dropout and noise are active and batch norm uses the batch.
        rng : numpy.random.Generator, optional
            Needed in training by the layers that draw random numbers.
        """

    @abstractmethod
    def input_grad(self, dy: Array, cache: Any) -> Array:
        """Return dx = J^T dy, with the shape of x."""

    @abstractmethod
    def jvp(self, x_dot: Array, cache: Any) -> Array:
        """Return y_dot = J x_dot, with the shape of y: the directional derivative along the tangent x_dot."""

    def add_param_grads(self, dy: Array, cache: Any) -> None:  # noqa: B027 - layers without parameters add none
        """Add (dy/dparam)^T dy to the gradient of every parameter."""

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Any) -> None:  # noqa: B027 - as above
        """Add the gradient of the number <dy, jvp(x_dot)> to that of every parameter, with dy and x_dot fixed.

        Only piecewise linear layers need this method. Their J depends on the parameters but not on x, so this is all
        that a gradient penalty needs (see `Network.add_tangent_grads`).
        """

    def backward(self, dy: Array, cache: Any, *, param_grads: bool = True) -> Array:
        """Add the gradients of the parameters, unless ``param_grads`` is False, and return dx."""
        if param_grads:
            self.add_param_grads(dy, cache)
        return self.input_grad(dy, cache)

    def update_stats(self, cache: Any) -> None:  # noqa: B027 - layers without running statistics update none
        """Move the running statistics towards those of the pass that made ``cache``."""

    def walk(self) -> Iterator["Layer"]:
        """Yield every layer inside this one, then this one; their arrays have the same order in ``theta``."""
        for child in self.children:
            yield from child.walk()
        yield self

    def copy(self) -> Self:
        """Return a layer with the same options and with copies of the children."""
        return self.with_children([child.copy() for child in self.children])

    def with_children(self, children: Sequence["Layer"]) -> Self:
        """Return a copy of this layer that uses the same arrays and holds other children."""
        twin = copy.copy(self)
        twin.children = tuple(children)
        return twin

    if not TYPE_CHECKING:  # so that mypy still finds a misspelled attribute

        def __getattr__(self, name: str) -> Any:
            """Explain why an array is missing; Python calls this only for attributes that do not exist."""
            if name in {*self.params, *self.stats, *("d" + param for param in self.params), *self.built}:
                raise UnboundLayerError(
                    f"{self!r}: expected a layer in a Network, got a layer alone, without {name!r}; "
                    "put it in a Network first"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SymmetricLayer(Layer):
    """A layer with a symmetric Jacobian, J = J^T, so the tangent map is the same as the input gradient."""

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return self.input_grad(x_dot, cache)


def sum_over_rows(x: Array) -> Array:
    """Sum over all axes but the last: (..., N, C) -> (C,), as the gradient of a bias needs it.

    Every addition rounds, and a long sum of float32 numbers collects many roundings. So each block of 1,024 rows is
    summed first, then the sums of the blocks are summed in the same way.
    """
    rows = x.reshape(-1, x.shape[-1])
    if len(rows) < 2 * BLOCK_ROWS:
        return rows.sum(axis=0)
    whole = len(rows) // BLOCK_ROWS * BLOCK_ROWS
    blocks = rows[:whole].reshape(-1, BLOCK_ROWS, x.shape[-1])
    return sum_over_rows(blocks.sum(axis=1)) + rows[whole:].sum(axis=0)
