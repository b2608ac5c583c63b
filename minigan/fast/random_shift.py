"""The twin of the random shift: on a GPU, one kernel moves all images."""

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from ..layers.discriminator.random_shift import RandomShift, shift
from .fuse import compiles
from .twin import Twin

MOVE = """
const int H = x.shape()[0], W = x.shape()[1], N = x.shape()[2], C = x.shape()[3];
const int c = i % C, n = i / C % N, pixel = i / C / N;
const int h = pixel / W - sign * int(offsets[n]), w = pixel % W - sign * int(offsets[N + n]);
const ptrdiff_t from[] = {h, w, n, c};
y = h >= 0 && h < H && w >= 0 && w < W ? x[from] : fill;
"""


class FastRandomShift(Twin):
    """Compute `RandomShift`, with the same draws."""

    how = "one kernel on a GPU"

    def __init__(self, layer: RandomShift) -> None:
        super().__init__(layer)
        self.layer = layer

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array | None]:
        offsets = self.layer.draw(x, train=train, rng=rng)
        return self._move(x, offsets, 1, self.layer.fill), offsets

    def input_grad(self, dy: Array, cache: Array | None) -> Array:
        return self._move(dy, cache, -1, 0.0)

    def jvp(self, x_dot: Array, cache: Array | None) -> Array:
        return self._move(x_dot, cache, 1, 0.0)

    def _move(self, x: Array, offsets: Array | None, sign: int, fill: float) -> Array:
        """Move every image by ``sign`` times its offsets."""
        xp = get_array_module(x)
        if offsets is None:
            return x
        if not compiles(xp):
            return shift(x, *(sign * offsets), reach=self.layer.reach, fill=fill)
        return _kernel(xp)(x, offsets, sign, fill, xp.empty(x.shape, x.dtype))


@cache
def _kernel(xp: ModuleType) -> Any:
    return xp.ElementwiseKernel("raw T x, raw int64 offsets, int32 sign, T fill", "T y", MOVE, "shift_images")
