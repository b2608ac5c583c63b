"""The chain rule over layers in a row: what a `Network` and a `Branches` do with their layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array
from .base import Layer


def forward(
    layers: Sequence[Layer], x: Array, *, train: bool, rng: np.random.Generator | None
) -> tuple[Array, list[Any]]:
    """h_0 = x,  h_l = f_l(h_{l-1}); return y = h_L and what every layer remembers."""
    caches = []
    for layer in layers:
        x, cache = layer.forward(x, train=train, rng=rng)
        caches.append(cache)
    return x, caches


def backward(
    layers: Sequence[Layer], dy: Array, caches: Sequence[Any], *, param_grads: bool, input_grad: bool
) -> Array | None:
    """dh_L = dy,  dh_{l-1} = J_l^T dh_l; return dx = dh_0, or None.

    Without ``input_grad`` the walk ends at the first layer that has parameters.
    """
    last = 0 if input_grad else next((i for i, layer in enumerate(layers) if layer.params), len(layers))
    for i in range(len(layers) - 1, last - 1, -1):
        need_dx = input_grad or i > last
        dy = layers[i].backward(dy, caches[i], param_grads=param_grads, input_grad=need_dx)
    return dy if input_grad else None


def jvp(layers: Sequence[Layer], x_dot: Array, caches: Sequence[Any]) -> Array:
    """h_dot_l = J_l h_dot_{l-1}; return y_dot = h_dot_L."""
    for layer, cache in zip(layers, caches, strict=True):
        x_dot = layer.jvp(x_dot, cache)
    return x_dot


def add_tangent_grads(layers: Sequence[Layer], x_dot: Array, dy: Array, caches: Sequence[Any]) -> None:
    """Add the gradient of <dy, J x_dot> to that of every parameter, layer by layer: d<dh_l, J_l h_dot_{l-1}>."""
    tangents = []
    for layer, cache in zip(layers, caches, strict=True):
        tangents.append(x_dot)
        x_dot = layer.jvp(x_dot, cache)
    for layer, tangent, cache in zip(layers[::-1], tangents[::-1], caches[::-1], strict=True):
        layer.add_tangent_param_grads(dy, tangent, cache)
        dy = layer.input_grad(dy, cache)


def update_stats(layers: Sequence[Layer], caches: Sequence[Any]) -> None:
    """Let every layer move its running statistics."""
    for layer, cache in zip(layers, caches, strict=True):
        layer.update_stats(cache)
