"""Operators: what is known of an image, as a linear map A of its pixels, with the adjoint A^T that gradients need.

An operator has two methods. ``apply`` computes A x, and ``adjoint`` computes A^T y, with

    <A x, y> = <x, A^T y>     for all x and y

Both take and return arrays in the layout of the layers, (H, W, N, C), on any device, and keep the type of numbers.
"""

from typing import Protocol

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device
from ..errors import InputError


class Operator(Protocol):
    """A linear map of images, the same for every image of a batch."""

    def apply(self, x: Array) -> Array:
        """Return A x: (H, W, N, C) -> (h, w, N, C)."""
        ...

    def adjoint(self, y: Array) -> Array:
        """Return A^T y: (h, w, N, C) -> (H, W, N, C)."""
        ...


class Identity:
    """A x = x: the whole image is known."""

    def apply(self, x: Array) -> Array:
        """Return x."""
        return x

    def adjoint(self, y: Array) -> Array:
        """Return y."""
        return y


class Mask:
    """A x = m x: the pixels with m = 1 are known, and those with m = 0 become 0.

    m is a diagonal matrix, so A^T = A, and A A = A.

    Parameters
    ----------
    known : array of bool, (H, W), True where a pixel is known

    Raises
    ------
    InputError
        If it is no such array, or if no pixel or every pixel is known.
    """

    def __init__(self, known: np.ndarray) -> None:
        if not isinstance(known, np.ndarray) or known.ndim != 2 or known.dtype != bool:
            got = f"{known.dtype} of shape {known.shape}" if isinstance(known, np.ndarray) else type(known).__name__
            raise InputError(f"known: expected an array of bool of shape (H, W), got {got}")
        if known.all() or not known.any():
            share = "all" if known.any() else "none"
            raise InputError(f"known: expected some pixels that are known and some that are not, got {share} known")
        self.known = known

    def apply(self, x: Array) -> Array:
        """Return m x."""
        return x * to_device(self.known, device_of(x))[:, :, None, None]

    def adjoint(self, y: Array) -> Array:
        """Return m y."""
        return self.apply(y)


class BlockMeans:
    """A x = the mean of each block of f x f pixels: (H, W) -> (H / f, W / f).

    A pixel of x counts 1 / f^2 in the mean of its own block, so A^T y gives y / f^2 to each pixel of a block.

    Parameters
    ----------
    factor : f, at least 2
    """

    def __init__(self, factor: int) -> None:
        self.factor = validation.integer("factor", factor, least=2)

    def apply(self, x: Array) -> Array:
        """Return the means of the blocks.

        Raises
        ------
        InputError
            If f does not divide H and W.
        """
        f, (height, width, *rest) = self.factor, x.shape
        if height % f or width % f:
            raise InputError(f"factor: expected a number that divides {height} and {width}, got {f}")
        return x.reshape(height // f, f, width // f, f, *rest).mean(axis=(1, 3))

    def adjoint(self, y: Array) -> Array:
        """Return y / f^2, each number f x f times."""
        return (y / self.factor**2).repeat(self.factor, axis=0).repeat(self.factor, axis=1)


def measure(operator: Operator, images: np.ndarray) -> np.ndarray:
    """Return what an operator makes of images: (N, H, W, C) -> (N, h, w, C), on the host."""
    return np.ascontiguousarray(operator.apply(images.transpose(1, 2, 0, 3)).transpose(2, 0, 1, 3))
