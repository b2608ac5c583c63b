"""The layer protocol: what every layer promises, and the two rules behind it.

**Forward is pure.** It returns its cache and remembers nothing. Several passes through one layer can therefore be alive
at once (real and fake images through D), and running statistics move only when `update_stats` is called.

**Pixels first.** The last two axes are always (N, C): a dense activation is (N, C), an image activation is
(H, W, N, C). Sizes without the batch axis, as in ``input_shape``, are (C,) and (H, W, C).

Shape letters: N batch, H W in, OH OW out, C channels in, F channels out, KH KW kernel.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..backend import Array
from ..errors import UnboundLayerError

Shape = tuple[int, ...]


class Layer(ABC):
    """A differentiable map y = f(x; params), its derivative, and the transpose of its derivative.

    With J = dy/dx at the point that ``cache`` remembers, a layer defines three maps:

    ==================  ==============================================
    ``input_grad``      dx = J^T dy
    ``jvp``             y_dot = J x_dot
    ``add_param_grads`` dparam += (dy/dparam)^T dy, for each parameter
    ==================  ==============================================

    For every layer ``<dy, jvp(x_dot)> == <input_grad(dy), x_dot>`` to rounding: the adjoint identity.

    A layer gets its arrays from the `Network` that holds it: parameter ``w`` is ``layer.w`` with gradient
    ``layer.dw``, a running statistic is ``layer.running_mean``. A layer on its own that needs arrays raises
    ``UnboundLayerError``.
    """

    params: tuple[str, ...] = ()  # names of learned arrays
    stats: tuple[str, ...] = ()  # names of running statistics: saved, never learned
    children: tuple["Layer", ...] = ()  # layers inside this one, each with arrays of its own
    array_shapes: dict[str, Shape] = {}  # noqa: RUF012 - shape of every array in params and stats; `build` sets it anew
    piecewise_linear = False  # whether J is the same all around almost every x
    couples_samples = False  # whether, in training, y of a sample depends on the other samples of its batch

    def build(self, input_shape: Shape) -> Shape:
        """Fix the sizes: set ``array_shapes`` and return the output shape.

        Raises ``InputError`` when the layer cannot take ``input_shape``.
        """
        return input_shape

    def initialize(self, rng: np.random.Generator) -> None:
        """Write the initial values into the arrays, in place; ``rng`` draws on the host."""
        for child in self.children:
            child.initialize(rng)

    @abstractmethod
    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Any]:
        """Return (y, cache). Only layers that draw need ``rng``, and only when ``train``."""

    @abstractmethod
    def input_grad(self, dy: Array, cache: Any) -> Array:
        """Return dx = J^T dy, with the shape of x."""

    @abstractmethod
    def jvp(self, x_dot: Array, cache: Any) -> Array:
        """Return y_dot = J x_dot, with the shape of y: the directional derivative along the tangent x_dot."""

    def add_param_grads(self, dy: Array, cache: Any) -> None:  # noqa: B027 - layers without parameters add none
        """Add (dy/dparam)^T dy to the gradient of every parameter."""

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Any) -> None:  # noqa: B027 - as above
        """Add to the gradient of every parameter that of the number <dy, jvp(x_dot)>, with dy and x_dot held fixed.

        Only piecewise linear layers need it: there J depends on the parameters, not on x, and this is all that a
        gradient penalty asks for (see `Network.add_tangent_grads`).
        """

    def backward(self, dy: Array, cache: Any, *, param_grads: bool = True) -> Array:
        """Add the gradients of the parameters, unless ``param_grads`` is False, and return dx."""
        if param_grads:
            self.add_param_grads(dy, cache)
        return self.input_grad(dy, cache)

    def update_stats(self, cache: Any) -> None:  # noqa: B027 - layers without running statistics update none
        """Move the running statistics towards those of the pass that made ``cache``."""

    def walk(self) -> Iterator["Layer"]:
        """Yield every layer inside this one, and this one last: the order of their arrays in ``theta``."""
        for child in self.children:
            yield from child.walk()
        yield self

    def copy(self) -> Self:
        """Return a layer with the same options, and copies of the children."""
        return self.with_children([child.copy() for child in self.children])

    def with_children(self, children: Sequence["Layer"]) -> Self:
        """Return a copy of this layer, on the same arrays, that holds other children."""
        twin = copy.copy(self)
        twin.children = tuple(children)
        return twin

    if not TYPE_CHECKING:  # so that mypy still finds a misspelled attribute

        def __getattr__(self, name: str) -> Any:
            """Explain why an array is missing; Python calls this only for attributes that do not exist."""
            if (
                name in self.params + self.stats
                or name.removeprefix("d") in self.params
                or name in ("geometry", "shape", "columns")
            ):
                raise UnboundLayerError(f"{self!r} has no {name!r} yet: put it in a Network, which fixes its sizes")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SymmetricLayer(Layer):
    """A layer whose Jacobian is symmetric, J = J^T: the tangent map is the input gradient."""

    def jvp(self, x_dot: Array, cache: Any) -> Array:
        return self.input_grad(x_dot, cache)


def sum_over_rows(x: Array) -> Array:
    """Sum over all axes but the last: (..., N, C) -> (C,), as the gradient of a bias needs it."""
    return x.reshape(-1, x.shape[-1]).sum(axis=0)
