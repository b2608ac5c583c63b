"""Flatten and Reshape: they convert between image activations (H, W, N, C) and dense ones (N, C).

Both permute the elements, so the transpose is the inverse. They return views where possible, so an image that Reshape
makes and Flatten reads is never copied.
"""

from math import prod

import numpy as np

from .. import validation
from ..backend import Array
from ..errors import InputError
from .base import Layer, Shape


def image_to_rows(x: Array) -> Array:
    """Flatten images: (H, W, N, C) -> (N, H W C); element (h, w, c) goes to column (h W + w) C + c, as in Keras."""
    return x.transpose(2, 0, 1, 3).reshape(x.shape[2], -1)


def rows_to_image(x: Array, shape: Shape) -> Array:
    """Undo `image_to_rows`: (N, H W C) -> (H, W, N, C) with ``shape`` = (H, W, C)."""
    return x.reshape(len(x), *shape).transpose(1, 2, 0, 3)


class Flatten(Layer):
    """Turn images into vectors: (H, W, N, C) -> (N, H W C); dx is dy in the shape of x."""

    built = ("shape",)
    piecewise_linear = True
    shape: Shape

    def build(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise InputError(f"Flatten: expected an input of shape (H, W, C), got {input_shape}")
        self.shape = input_shape
        return (prod(input_shape),)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        return image_to_rows(x), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return rows_to_image(dy, self.shape)

    def jvp(self, x_dot: Array, cache: None) -> Array:
        return image_to_rows(x_dot)


class Reshape(Layer):
    """Turn vectors into images: (N, H W C) -> (H, W, N, C); dx is dy flattened.

    Parameters
    ----------
    shape : tuple
        (H, W, C)
    """

    piecewise_linear = True

    def __init__(self, shape: Shape) -> None:
        if not isinstance(shape, tuple) or len(shape) != 3:
            raise InputError(f"shape: expected (H, W, C), got {shape!r}")
        self.shape = tuple(validation.integer("shape", size) for size in shape)

    def build(self, input_shape: Shape) -> Shape:
        if input_shape != (prod(self.shape),):
            raise InputError(
                f"Reshape{self.shape}: expected an input of shape ({prod(self.shape)},), got {input_shape}"
            )
        return self.shape

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, None]:
        return rows_to_image(x, self.shape), None

    def input_grad(self, dy: Array, cache: None) -> Array:
        return image_to_rows(dy)

    def jvp(self, x_dot: Array, cache: None) -> Array:
        return rows_to_image(x_dot, self.shape)

    def __repr__(self) -> str:
        return f"Reshape({self.shape})"
