"""The stack of a network on the fast floor: gradients of parameters are computed while the gradient goes on back."""

from typing import Any

from ..backend import Array
from ..layers.base import Layer
from ..layers.sequential import Sequential, has_params
from .threads import Later, background
from .twin import LinearTwin


class Stack(Sequential):
    """Compute `Sequential` in the same way forward, and with all threads backward.

    Only dx must wait for the layer above. So this thread computes one dx after the other, and the gradients of the
    parameters, which nobody waits for, are left to the helpers until the end of the pass.
    """

    def backward(self, dy: Array, cache: list[Any], *, param_grads: bool = True) -> Array:
        if not param_grads:
            return self.input_grad(dy, cache)
        with background() as later:
            for layer, layer_cache in zip(self.children[::-1], cache[::-1], strict=True):
                dy = _backward(layer, dy, layer_cache, later)
        return dy

    def add_param_grads(self, dy: Array, cache: list[Any]) -> None:
        first = next((i for i, layer in enumerate(self.children) if has_params(layer)), None)
        if first is None:
            return
        with background() as later:
            for i in range(len(self.children) - 1, first, -1):
                dy = _backward(self.children[i], dy, cache[i], later)
            layer = self.children[first]
            if isinstance(layer, LinearTwin):
                layer.add_param_grads(dy, cache[first], later=later)
            else:
                layer.add_param_grads(dy, cache[first])


def _backward(layer: Layer, dy: Array, cache: Any, later: Later) -> Array:
    return layer.backward(dy, cache, later=later) if isinstance(layer, LinearTwin) else layer.backward(dy, cache)
