"""Fidelity: how near an image is to the one that it stands for, as PSNR and as SSIM."""

from typing import Any

import numpy as np

from ..datasets.batches import to_floats
from ..errors import InputError
from .inputs import dataset_of

RANGE = 2.0  # from black, -1, to white, 1
RADIUS, SIGMA = 5, 1.5  # of the Gaussian window of SSIM, in pixels: 11 x 11
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2


def psnr(images: Any, references: Any) -> np.ndarray:
    """Return the peak signal-to-noise ratio of each image, in decibels.

    PSNR = 10 log10(2^2 / mean (x - y)^2)         2 is the distance from black to white

    Ten decibels more are a tenth of the mean squared error.

    Parameters
    ----------
    images, references : array (N, H, W) or (N, H, W, C), uint8, or floating in [-1, 1]

    Returns
    -------
    (N,) float64, infinite for an image that equals its reference.

    Raises
    ------
    InputError
        If these are no images, or their shapes differ.
    """
    x, y = _pair(images, references)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(RANGE**2 / ((x - y) ** 2).mean(axis=(1, 2, 3)))


def ssim(images: Any, references: Any) -> np.ndarray:
    """Return the structural similarity of each image, at most 1 (Wang et al. 2004, eq. 13 to 17).

    SSIM = (2 mu_x mu_y + C1) (2 s_xy + C2) / ((mu_x^2 + mu_y^2 + C1) (s_x^2 + s_y^2 + C2))

    mu, s^2 and s_xy are means, variances and the covariance under a Gaussian window of 11 x 11 pixels, sigma 1.5, with
    weights that add up to 1. C1 = (0.01 * 2)^2 and C2 = (0.03 * 2)^2. The result is the mean over all places where the
    whole window lies inside the image, and over the channels. A side below 11 pixels makes the window smaller.

    Parameters and errors are those of `psnr`.

    Returns
    -------
    (N,) float64
    """
    x, y = _pair(images, references)
    mu_x, mu_y = _window(x), _window(y)
    s_xx, s_yy, s_xy = (_window(a * b) - _window(a) * _window(b) for a, b in ((x, x), (y, y), (x, y)))
    luminance = (2 * mu_x * mu_y + C1) / (mu_x**2 + mu_y**2 + C1)
    return (luminance * (2 * s_xy + C2) / (s_xx + s_yy + C2)).mean(axis=(1, 2, 3))


def _pair(images: Any, references: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return both as (N, H, W, C) float64 in [-1, 1]."""
    pair = []
    for name, array in (("images", images), ("references", references)):
        dataset = dataset_of(array, name=name)
        pair.append(to_floats(dataset.images).astype(np.float64).reshape(len(dataset), *dataset.image_shape))
    if pair[0].shape != pair[1].shape:
        raise InputError(f"references: expected the shape of images, {pair[0].shape}, got {pair[1].shape}")
    return pair[0], pair[1]


def _window(x: np.ndarray) -> np.ndarray:
    """Return the weighted means of x under the window at each place: (N, H, W, C) -> (N, H - 10, W - 10, C).

    The weights of a place are a product g(i) g(j), so a matrix with shifted rows g moves the window along each side.
    """
    height, width = x.shape[1:3]
    radius = min(RADIUS, (min(height, width) - 1) // 2)
    g = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * SIGMA**2))
    g /= g.sum()
    rows, columns = (sum(g[i] * np.eye(side - 2 * radius, side, i) for i in range(len(g))) for side in (height, width))
    return np.einsum("ah,nhwc,bw->nabc", rows, x, columns, optimize=True)
