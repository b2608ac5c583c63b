"""RandomShift: data augmentation as a layer, so that the gradient passes through it to the generator."""

import numpy as np

from ... import validation
from ...backend import Array, device_of, feed, get_array_module
from ...errors import InputError
from ..base import Layer, Shape


def shift(x: Array, down: Array, right: Array, *, reach: int, fill: float) -> Array:
    """Move image n of x (H, W, N, C) by down[n] and right[n] pixels, integers in [-reach, reach].

    y[h, w, n] = x[h - down[n], w - right[n], n] where that pixel exists, else ``fill``. Each image gets a frame of
    ``reach`` pixels of fill, and one gather reads all images. The result lies sample by sample in memory, as Flatten
    needs it.
    """
    xp = get_array_module(x)
    h, w, n, c = x.shape
    framed = xp.full((n, h + 2 * reach, w + 2 * reach, c), fill, dtype=x.dtype)
    framed[:, reach : reach + h, reach : reach + w] = x.transpose(2, 0, 1, 3)
    first_pixel = (xp.arange(n) * (h + 2 * reach) + reach - down) * (w + 2 * reach) + reach - right
    window = xp.arange(h)[:, None] * (w + 2 * reach) + xp.arange(w)
    y = xp.take(framed.reshape(-1, c), first_pixel[:, None, None] + window, axis=0)  # (N, H, W, C)
    return y.transpose(1, 2, 0, 3)


class RandomShift(Layer):
    """Shift every image by its own random (down, right), each uniform on -reach .. reach.

    As the first layer of a discriminator it shifts everything that D sees, real and fake. On a small data set this
    keeps D from learning the training images by heart (Zhao et al. 2020, "Differentiable augmentation", section 3).

    Forward, train   y[h, w, n] = x[h - down_n, w - right_n, n],  ``fill`` outside        drawn anew for every pass
    Forward, eval    y = x
    Backward         dx[h, w, n] = dy[h + down_n, w + right_n, n],  0 outside: the opposite shift
    Tangent          the same shift as the pass, with 0 outside (the fill does not move with x)

    Parameters
    ----------
    reach : int >= 1
        Largest shift in pixels.
    fill : float
        Value of the pixels that come into view; -1 is black.
    """

    piecewise_linear = True

    def __init__(self, reach: int, *, fill: float = -1.0) -> None:
        self.reach = validation.integer("reach", reach)
        self.fill = validation.finite("fill", fill)

    def build(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise InputError(f"RandomShift: expected an input of shape (H, W, C), got {input_shape}")
        return input_shape

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array | None]:
        offsets = self.draw(x, train=train, rng=rng)
        return (x if offsets is None else shift(x, *offsets, reach=self.reach, fill=self.fill)), offsets

    def draw(self, x: Array, *, train: bool, rng: np.random.Generator | None) -> Array | None:
        """Draw (down, right) of every image (2, N), on the device of x; None outside training."""
        if not train:
            return None
        if rng is None:
            raise InputError("rng: expected a Generator, since RandomShift draws shifts in training, got None")
        size = (2, x.shape[2])
        return feed(lambda: rng.integers(-self.reach, self.reach, size=size, endpoint=True), device_of(x))

    def input_grad(self, dy: Array, cache: Array | None) -> Array:
        return dy if cache is None else shift(dy, *-cache, reach=self.reach, fill=0)

    def jvp(self, x_dot: Array, cache: Array | None) -> Array:
        return x_dot if cache is None else shift(x_dot, *cache, reach=self.reach, fill=0)

    def __repr__(self) -> str:
        return f"RandomShift({self.reach}, fill={self.fill:g})"
