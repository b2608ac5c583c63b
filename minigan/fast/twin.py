"""The base of all twins: a layer that computes what one plain layer, or two neighbours, would compute."""

from collections.abc import Callable
from typing import Any

from ..backend import Array
from ..layers.base import Layer
from ..layers.sequential import Sequential
from .threads import parallel_map


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
    """A twin of a dense layer or a convolution, which can compute both halves of its backward pass at the same time."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.layer = layer

    @property
    def w(self) -> Array:
        """The weight of the plain layer."""
        return self.layer.w

    @property
    def dw(self) -> Array:
        """The gradient of that weight."""
        return self.layer.dw

    def both_halves(self, dy: Array, input_grad: Callable[[], Array], add_param_grads: Callable[[], None]) -> Array:
        """Call both halves, at the same time if they are long and there are threads, and return dx."""
        flops = dy.size // dy.shape[-1] * sum(getattr(self.layer, name).size for name in self.params)
        dx, _ = parallel_map((input_grad, add_param_grads), flops=flops)
        assert dx is not None
        return dx
