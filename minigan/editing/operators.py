"""Operators: what is known of an image, as a linear map A of its pixels, with the adjoint A^T that gradients need.

An operator has three methods. ``apply`` computes A x, ``adjoint`` computes A^T y, and ``inverse`` computes A^+ y:

    <A x, y> = <x, A^T y>         for all x and y
    A^+ y = A^T (A A^T)^-1 y      the smallest x with A x = y, for every y that is some A x

All take and return arrays in the layout of the layers, (H, W, N, C), on any device, and keep the type of numbers.
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

    def inverse(self, y: Array) -> Array:
        """Return A^+ y: (h, w, N, C) -> (H, W, N, C)."""
        ...


class Identity:
    """A x = x: the whole image is known."""

    def apply(self, x: Array) -> Array:
        """Return x."""
        return x

    def adjoint(self, y: Array) -> Array:
        """Return y."""
        return y

    def inverse(self, y: Array) -> Array:
        """Return y."""
        return y


class Mask:
    """A x = m x: the pixels with m = 1 are known, and those with m = 0 become 0.

    m is a diagonal matrix, so A^T = A; and A A = A, so A^+ = A.

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

    def inverse(self, y: Array) -> Array:
        """Return m y."""
        return self.apply(y)


class BlockMeans:
    """A x = the mean of each block of f x f pixels: (H, W) -> (H / f, W / f).

    A pixel of x counts 1 / f^2 in the mean of its own block, so A^T y gives y / f^2 to each pixel of a block. The mean
    of this block is y / f^2 again, so A A^T = 1 / f^2 and A^+ = f^2 A^T: it gives y to each pixel of a block.

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
        """Return y / f^2 for each pixel of a block."""
        return self.inverse(y) / self.factor**2

    def inverse(self, y: Array) -> Array:
        """Return y for each pixel of a block."""
        return y.repeat(self.factor, axis=0).repeat(self.factor, axis=1)


def measure(operator: Operator, images: np.ndarray) -> np.ndarray:
    """Return A x for images x on the host, (N, H, W, C) -> (N, h, w, C)."""
    return np.ascontiguousarray(operator.apply(images.transpose(1, 2, 0, 3)).transpose(2, 0, 1, 3))


def spread(operator: Operator, measured: np.ndarray) -> np.ndarray:
    """Return A^+ y for what is known on the host, (N, h, w, C) -> (N, H, W, C)."""
    return np.ascontiguousarray(operator.inverse(measured.transpose(1, 2, 0, 3)).transpose(2, 0, 1, 3))


def agree(operator: Operator, images: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the images x that are nearest to images g among those that agree with what is known, A x = y.

    x = A^+ y + (g - A^+ A g)         the part that is known, and the part of g that A does not see

    Parameters
    ----------
    images : array (N, H, W, C)
        g, on the host.
    measured : array (N, h, w, C)
        y, which the operator made of some images.
    """
    return spread(operator, measured) + (images - spread(operator, measure(operator, images)))
