"""Branches: several independent stacks of layers over one input, such as the members of a team of discriminators."""

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...backend import Array, get_array_module
from ...errors import InputError
from ...fast.fused import fuse
from .. import chain
from ..base import Layer, Shape


class DiscriminatorEnsemble(Layer):
    """K stacks f_1 ... f_K over one input, their outputs side by side: (..., N, C) -> (..., N, F_1 + ... + F_K).

    Forward   y = (f_1(x), ..., f_K(x))                  on the channel axis
    Backward  dx = sum_k J_k^T dy_k                      y = (y_1, ..., y_K), so dy = (dy_1, ..., dy_K), and x is shared
              parameters of stack k: its own, from dy_k
    Tangent   y_dot = (J_1 x_dot, ..., J_K x_dot)

    No parameter belongs to two stacks: from a sum of losses of one y_k each, stack k learns as if it were alone. All
    draw their initial weights, one stack after the other, and in training each its own dropout masks.

    A parameter ``w`` of layer i in stack k is this layer's ``w_k_i``.

    Parameters
    ----------
    branches : at least one stack, each of at least one layer; the layer works on copies, ``branch.stacks``. Stacks of
        images must end in one size; ``InputError`` otherwise
    """

    def __init__(self, branches: Sequence[Sequence[Layer]]) -> None:
        if not branches or not all(branches):
            raise InputError(f"branches: expected stacks of at least one layer each, got {branches!r}")
        self.stacks = [list(stack) for stack in branches]
        layers = [layer for stack in self.stacks for layer in stack]
        self.piecewise_linear = all(layer.piecewise_linear for layer in layers)
        self.couples_samples = any(layer.couples_samples for layer in layers)

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        # copies of this layer share their stacks, which remember sizes
        self.stacks = [[copy.copy(layer) for layer in stack] for stack in self.stacks]
        self.units = [fuse(stack) for stack in self.stacks]
        outputs, shapes = [], {}
        for k, stack in enumerate(self.stacks):
            shape = input_shape
            for i, layer in enumerate(stack):
                try:
                    shape, sizes = layer.build(shape)
                except InputError as error:
                    raise InputError(f"branch {k}, layer {i}: {error}") from None
                shapes.update({f"{name}_{k}_{i}": size for name, size in sizes.items()})
            outputs.append(shape)
        if len({shape[:-1] for shape in outputs}) > 1:
            raise InputError(f"branches: expected outputs that differ in channels alone, got {outputs}")
        self.params = tuple(own for own, layer, name in self._arrays() if name in layer.params)
        self.stats = tuple(own for own, layer, name in self._arrays() if name in layer.stats)
        self.columns = list(pairwise(np.cumsum([0, *(shape[-1] for shape in outputs)]).tolist()))
        return (*outputs[0][:-1], self.columns[-1][1]), shapes

    def _arrays(self) -> Iterator[tuple[str, Layer, str]]:
        """Yield the name here of every array, the layer that it belongs to, and its name there."""
        for k, stack in enumerate(self.stacks):
            for i, layer in enumerate(stack):
                for name in layer.params + layer.stats:
                    yield f"{name}_{k}_{i}", layer, name

    def bind_arrays(self) -> None:
        for own, layer, name in self._arrays():
            setattr(layer, name, getattr(self, own))
            if name in layer.params:
                setattr(layer, "d" + name, getattr(self, "d" + own))
        for stack in self.stacks:
            for layer in stack:
                layer.bind_arrays()

    def initialize(self, rng: np.random.Generator) -> None:
        for stack in self.stacks:
            for layer in stack:
                layer.initialize(rng)

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[list[Any]]]:
        ys, caches = zip(*(chain.forward(units, x, train=train, rng=rng) for units in self.units), strict=True)
        return get_array_module(x).concatenate(ys, axis=-1), list(caches)

    def _each(self, dy: Array, caches: list[list[Any]]) -> Iterator[tuple[list[Layer], Array, list[Any]]]:
        """Yield the layers of every stack, dy_k and the stack's caches."""
        xp = get_array_module(dy)
        for units, (first, end), cache in zip(self.units, self.columns, caches, strict=True):
            yield units, xp.ascontiguousarray(dy[..., first:end]), cache

    def backward(self, dy: Array, cache: list[list[Any]], *, param_grads: bool, input_grad: bool) -> Array | None:
        dx = [
            chain.backward(units, dy_k, caches, param_grads=param_grads, input_grad=input_grad)
            for units, dy_k, caches in self._each(dy, cache)
        ]
        return sum(dx[1:], start=dx[0]) if input_grad else None  # type: ignore[arg-type]

    def input_grad(self, dy: Array, cache: list[list[Any]]) -> Array:
        return self.backward(dy, cache, param_grads=False, input_grad=True)

    def add_param_grads(self, dy: Array, cache: list[list[Any]]) -> None:
        self.backward(dy, cache, param_grads=True, input_grad=False)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: list[list[Any]]) -> None:
        for units, dy_k, caches in self._each(dy, cache):
            chain.add_tangent_grads(units, x_dot, dy_k, caches)

    def jvp(self, x_dot: Array, cache: list[list[Any]]) -> Array:
        y_dots = [chain.jvp(units, x_dot, caches) for units, caches in zip(self.units, cache, strict=True)]
        return get_array_module(x_dot).concatenate(y_dots, axis=-1)

    def update_stats(self, cache: list[list[Any]]) -> None:
        for units, caches in zip(self.units, cache, strict=True):
            chain.update_stats(units, caches)

    def __repr__(self) -> str:
        """Name the kinds of layers alone: with their options K stacks would fill a page."""
        stacks = [f"[{', '.join(type(layer).__name__ for layer in stack)}]" for stack in self.stacks]
        same = len(set(map(repr, self.stacks))) == 1
        return f"Branches({len(stacks)} * [{stacks[0]}])" if same else f"Branches([{', '.join(stacks)}])"
