"""Padding as other packages count it: so many pixels on each of the four sides."""

from ..layers.convolution import Geometry


def pads(g: Geometry) -> list[tuple[int, int]]:
    """Return how far the kernel reaches beyond an image: (above, below) and (left, right), in pixels.

    Below and to the right it is what the last output pixel reaches, which is below 0 where it ends inside the image.
    For a transposed convolution, g belongs to the convolution whose input gradient it is. What reaches beyond the
    image is cut off then, and a number below 0 is what must be added.
    """
    return [
        (before, (out - 1) * g.stride + k - n - before)
        for n, out, k, before in zip(g.in_size, g.out_size, g.kernel_size, g.padding, strict=True)
    ]
