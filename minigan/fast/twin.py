"""The base of all twins: a layer that computes what one plain layer, or two neighbours, would compute."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from ..backend import Array
from ..layers.base import Layer
from ..layers.sequential import Sequential
from .threads import Later, Task, background, run

LEAST = 2_000_000  # multiplications from which a product is worth a thread of its own


class Twin(Layer):
    """A layer that uses the arrays of plain layers, its ``originals``.

    A subclass defines ``forward``, the two halves of the backward pass, and everything else that its originals do
    together.
    """

    how: str  # how it computes, in a word or two, for `Network.summary`

    def __init__(self, *originals: Layer) -> None:
        self.originals = originals
        both = Sequential(originals)
        self.piecewise_linear, self.couples_samples = both.piecewise_linear, both.couples_samples
        self.params = tuple(name for layer in originals for name in layer.params)

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.originals))


class LinearTwin(Twin):
    """A twin with a matrix product, which can compute both halves of its backward pass at the same time.

    A subclass defines ``halves``.
    """

    def __init__(self, layer: Any, *others: Layer) -> None:
        super().__init__(layer, *others)
        self.layer = layer

    @property
    def w(self) -> Array:
        """The weight of the plain layer."""
        return self.layer.w

    @property
    def dw(self) -> Array:
        """The gradient of that weight."""
        return self.layer.dw

    @abstractmethod
    def halves(self, dy: Array, cache: Any) -> tuple[Callable[[], Array], list[Task]]:
        """Return a function that computes dx, and tasks that together add the gradients of the parameters."""

    def backward(self, dy: Array, cache: Any, *, param_grads: bool = True, later: Later | None = None) -> Array:
        """Return dx; with ``later``, other threads may add the gradients of the parameters (see `Stack`)."""
        if later is None:
            with background() as later:
                return self.backward(dy, cache, param_grads=param_grads, later=later)
        input_grad, tasks = self.halves(dy, cache)
        if param_grads:
            self._share(tasks, dy, later)
        return input_grad()

    def input_grad(self, dy: Array, cache: Any) -> Array:
        return self.halves(dy, cache)[0]()

    def add_param_grads(self, dy: Array, cache: Any, *, later: Later = run) -> None:
        self._share(self.halves(dy, cache)[1], dy, later)

    def _share(self, tasks: list[Task], dy: Array, later: Later) -> None:
        """Hand the tasks over, or do them here if they are short."""
        if dy.size // dy.shape[-1] * self.w.size >= LEAST:
            later(tasks)
        else:
            for task in tasks:
                task()
