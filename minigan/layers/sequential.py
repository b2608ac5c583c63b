"""Layers in a row, and the chain rule over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array
from ..errors import InputError
from .base import Layer, Shape


class Sequential(Layer):
    """Apply layers one after the other: y = f_L(... f_2(f_1(x))).

    Forward   h_0 = x,  h_l = f_l(h_{l-1}),  y = h_L
    Backward  dh_L = dy,  dh_{l-1} = J_l^T dh_l,  dx = dh_0        the chain rule, from the last layer to the first
    Tangent   h_dot_0 = x_dot,  h_dot_l = J_l h_dot_{l-1},  y_dot = h_dot_L

    The cache is the list of the layers' caches.

    Parameters
    ----------
    layers : sequence of Layer
        At least one.
    """

    built = ("shapes",)

    def __init__(self, layers: Sequence[Layer]) -> None:
        if not layers:
            raise InputError("layers: expected at least one layer, got none")
        self.children = tuple(layers)
        self.piecewise_linear = all(layer.piecewise_linear for layer in layers)
        self.couples_samples = any(layer.couples_samples for layer in layers)

    def build(self, input_shape: Shape) -> Shape:
        self.shapes: list[Shape] = []  # output shape of every layer
        shape = input_shape
        for i, layer in enumerate(self.children):
            try:
                shape = layer.build(shape)
            except InputError as error:
                raise InputError(f"layer {i}: {error}") from None
            self.shapes.append(shape)
        return shape

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, list[Any]]:
        caches = []
        for layer in self.children:
            x, cache = layer.forward(x, train=train, rng=rng)
            caches.append(cache)
        return x, caches

    def backward(self, dy: Array, cache: list[Any], *, param_grads: bool = True) -> Array:
        for layer, layer_cache in zip(self.children[::-1], cache[::-1], strict=True):
            dy = layer.backward(dy, layer_cache, param_grads=param_grads)
        return dy

    def input_grad(self, dy: Array, cache: list[Any]) -> Array:
        for layer, layer_cache in zip(self.children[::-1], cache[::-1], strict=True):
            dy = layer.input_grad(dy, layer_cache)
        return dy

    def add_param_grads(self, dy: Array, cache: list[Any]) -> None:
        """Go back to the first layer that has parameters and stop there, because dx is not needed."""
        first = next((i for i, layer in enumerate(self.children) if has_params(layer)), None)
        if first is None:
            return
        for i in range(len(self.children) - 1, first, -1):
            dy = self.children[i].backward(dy, cache[i])
        self.children[first].add_param_grads(dy, cache[first])

    def jvp(self, x_dot: Array, cache: list[Any]) -> Array:
        for layer, layer_cache in zip(self.children, cache, strict=True):
            x_dot = layer.jvp(x_dot, layer_cache)
        return x_dot

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: list[Any]) -> None:
        """Add d<dh_l, J_l h_dot_{l-1}> for every layer l.

        The backward pass gives dh_l, and the tangents of the forward pass give h_dot_{l-1}.
        """
        tangents = []
        for layer, layer_cache in zip(self.children, cache, strict=True):
            tangents.append(x_dot)
            x_dot = layer.jvp(x_dot, layer_cache)
        for layer, tangent, layer_cache in zip(self.children[::-1], tangents[::-1], cache[::-1], strict=True):
            layer.add_tangent_param_grads(dy, tangent, layer_cache)
            dy = layer.input_grad(dy, layer_cache)

    def update_stats(self, cache: list[Any]) -> None:
        for layer, layer_cache in zip(self.children, cache, strict=True):
            layer.update_stats(layer_cache)

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.children))}])"


def has_params(layer: Layer) -> bool:
    """Return whether the layer, or a layer inside it, has parameters."""
    return any(each.params for each in layer.walk())
