"""Several discriminators as one layer: independent stacks of layers with the same input."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...backend import Array, get_array_module
from ...errors import InputError
from ..base import Layer, Shape
from ..sequential import Sequential

Caches = list[list[Any]]


class DiscriminatorEnsemble(Layer):
    """Apply K stacks f_1 ... f_K to one input and join their outputs: (..., N, C) -> (..., N, F_1 + ... + F_K).

    Forward   y = (f_1(x), ..., f_K(x))                  on the channel axis
    Backward  dx = sum_k J_k^T dy_k                      y = (y_1, ..., y_K), so dy = (dy_1, ..., dy_K), and x is shared
              parameters of stack k: its own, from dy_k
    Tangent   y_dot = (J_1 x_dot, ..., J_K x_dot)

    No parameter belongs to two stacks. So if the loss is a sum with one loss for each y_k, every stack learns as if it
    were alone. The stacks draw their initial weights one after the other, and in training each draws its own masks.

    Parameters
    ----------
    members : sequence of sequences of Layer
        At least one stack, each of at least one layer; the ensemble works on copies of them.

    Raises
    ------
    InputError
        If a stack is empty; in ``build``, if the stacks end in images of different sizes.
    """

    built = ("columns",)

    def __init__(self, members: Sequence[Sequence[Layer]]) -> None:
        if not members or not all(members):
            raise InputError(f"members: expected stacks of at least one layer each, got {members!r}")
        self.children = tuple(Sequential([layer.copy() for layer in stack]) for stack in members)
        self.piecewise_linear = all(member.piecewise_linear for member in self.children)
        self.couples_samples = any(member.couples_samples for member in self.children)

    def build(self, input_shape: Shape) -> Shape:
        outputs = []
        for k, member in enumerate(self.children):
            try:
                outputs.append(member.build(input_shape))
            except InputError as error:
                raise InputError(f"member {k}, {error}") from None
        if len({shape[:-1] for shape in outputs}) > 1:
            raise InputError(f"members: expected outputs that differ only in channels, got {outputs}")
        ends = np.cumsum([0, *(shape[-1] for shape in outputs)]).tolist()
        self.columns = [slice(*pair) for pair in pairwise(ends)]  # the columns of y that each member fills
        return (*outputs[0][:-1], ends[-1])

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Caches]:
        ys, caches = zip(*(member.forward(x, train=train, rng=rng) for member in self.children), strict=True)
        return get_array_module(x).concatenate(ys, axis=-1), list(caches)

    def _members(self, dy: Array, caches: Caches) -> Iterator[tuple[Layer, Array, list[Any]]]:
        """Yield every member, its dy_k and its cache."""
        xp = get_array_module(dy)
        for member, columns, cache in zip(self.children, self.columns, caches, strict=True):
            yield member, xp.ascontiguousarray(dy[..., columns]), cache

    def backward(self, dy: Array, cache: Caches, *, param_grads: bool = True) -> Array:
        first, *others = (
            member.backward(dy_k, member_cache, param_grads=param_grads)
            for member, dy_k, member_cache in self._members(dy, cache)
        )
        return sum(others, start=first)

    def input_grad(self, dy: Array, cache: Caches) -> Array:
        first, *others = (member.input_grad(dy_k, each) for member, dy_k, each in self._members(dy, cache))
        return sum(others, start=first)

    def add_param_grads(self, dy: Array, cache: Caches) -> None:
        for member, dy_k, member_cache in self._members(dy, cache):
            member.add_param_grads(dy_k, member_cache)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: Caches) -> None:
        for member, dy_k, member_cache in self._members(dy, cache):
            member.add_tangent_param_grads(dy_k, x_dot, member_cache)

    def jvp(self, x_dot: Array, cache: Caches) -> Array:
        y_dots = [member.jvp(x_dot, each) for member, each in zip(self.children, cache, strict=True)]
        return get_array_module(x_dot).concatenate(y_dots, axis=-1)

    def update_stats(self, cache: Caches) -> None:
        for member, member_cache in zip(self.children, cache, strict=True):
            member.update_stats(member_cache)

    def __repr__(self) -> str:
        """Name only the kinds of the layers, because K stacks with all their options would fill a page."""
        names = [f"[{', '.join(type(layer).__name__ for layer in member.children)}]" for member in self.children]
        same = len(set(map(repr, self.children))) == 1
        members = f"{len(names)} * [{names[0]}]" if same else f"[{', '.join(names)}]"
        return f"DiscriminatorEnsemble({members})"
