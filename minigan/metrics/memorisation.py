"""Memorisation: do drawn images lie nearer to the training images than new real images do?"""

import math
from typing import NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..datasets import Dataset
from ..errors import InputError

CLOSE = 0.01  # the share of held-out images that counts as close to a training image


class Memorisation(NamedTuple):
    """What `memorisation` found; for images that are as new as the held-out ones, nearer is 0.5 and close 0.01.

    nearer : how often a drawn image is nearer to its training image than a held-out image is to its own
    close : share of the drawn images that are nearer to a training image than 99 % of the held-out images are
    z : the statistic C_T; it is normal with mean 0 and variance 1 for new images, and far below 0 for copies
    p : probability of a z at most as large, for new images
    drawn, held_out : medians of both distances
    """

    nearer: float
    close: float
    z: float
    p: float
    drawn: float
    held_out: float


def memorisation(drawn: Array, held_out: Array) -> Memorisation:
    """Compare the distances of drawn images to their nearest training images with those of held-out real images.

    U = sum_{i, j} 1[d_i > h_j] + 1/2 1[d_i = h_j]                              (Mann & Whitney 1947)
    z = (U - nm/2) / sigma,  sigma^2 = nm/12 (S + 1 - sum_t (t^3 - t) / (S (S - 1))),  S = n + m
    p = Phi(z),  nearer = 1 - U / (nm)

    t counts the values in each group of equal distances. This is C_T of Meehan et al. 2020 (arXiv 2004.05675) with
    the whole space as its one cell. The distances of different images are independent, given the training
    images. Phi is the limit for many images; it is good from about 20 on.

    With thousands of images, p is tiny for the smallest difference; ``nearer`` says how large the difference is.
    Copies among many new images move ``nearer`` little, and therefore ``close`` counts them.

    Parameters
    ----------
    drawn : (n,) distances of drawn images to their nearest training images
    held_out : (m,) distances of held-out real images to theirs; n and m may differ

    Raises
    ------
    InputError : these are no such arrays, or a distance is not a finite number of at least 0
    """
    xp = get_array_module(drawn)
    for name, distances in (("drawn", drawn), ("held_out", held_out)):
        if distances.ndim != 1 or not distances.size:
            raise InputError(f"{name}: expected distances (n,), got shape {distances.shape}")
        if not bool((xp.isfinite(distances) & (distances >= 0)).all()):
            raise InputError(f"{name}: expected finite numbers of at least 0, got others")
    n, m = len(drawn), len(held_out)
    sorted_out = xp.sort(held_out)
    left, right = (xp.searchsorted(sorted_out, drawn, side=side) for side in ("left", "right"))
    u = float((left + right).sum()) / 2
    _, ties = xp.unique(xp.concatenate([drawn, held_out]), return_counts=True)
    ties = ties.astype(np.float64)
    size = n + m
    variance = n * m / 12 * (size + 1 - float((ties**3 - ties).sum()) / (size * (size - 1)))
    z = (u - n * m / 2) / math.sqrt(variance) if variance > 0 else 0.0
    threshold = sorted_out[min(int(CLOSE * m), m - 1)]
    return Memorisation(
        nearer=1 - u / (n * m),
        close=int(xp.count_nonzero(drawn < threshold)) / n,
        z=z,
        p=math.erfc(-z / math.sqrt(2)) / 2,
        drawn=float(xp.median(drawn)),
        held_out=float(xp.median(held_out)),
    )


def flat_pixels(images: np.ndarray) -> np.ndarray:
    """Return the pixels of images as rows from 0 (black) to 1 (white), the unit of all distances between images.

    Parameters
    ----------
    images : (n, H, W) or (n, H, W, C), uint8 or floating in [-1, 1]

    Returns
    -------
    (n, H W C) float32

    Raises
    ------
    InputError : the images have another type, shape or range
    """
    checked = Dataset("images", images).images
    pixels = checked.reshape(len(checked), -1).astype(np.float32)
    return pixels / np.float32(255) if checked.dtype == np.uint8 else (pixels + 1) / 2
