"""What a digit looks like, in numbers: how thick its strokes are, how far it leans, how large it is.

The ink of a pixel is 0 for black and 1 for white; several channels are averaged. Sums run over the pixels, x counts
columns and y counts rows downwards, both from the centre of the ink:

    m = sum ink        mu_pq = sum ink x^p y^q / m

An image without ink has 0 for each attribute.
"""

import numpy as np

from ..metrics.memorisation import flat_pixels

UNITS = {"thickness": "pixels", "slant": "degrees", "size": "pixels"}  # of each attribute
ATTRIBUTES = tuple(UNITS)


def measure_attributes(images: np.ndarray) -> np.ndarray:
    """Return thickness, slant and size of images, in the order of `ATTRIBUTES`.

    Parameters
    ----------
    images : (N, H, W) or (N, H, W, C), uint8 or floating in [-1, 1]

    Returns
    -------
    (N, 3) float64

    Raises
    ------
    InputError : the images have another type, shape or range
    """
    return np.stack([thickness(images), slant(images), size(images)], axis=1)


def thickness(images: np.ndarray) -> np.ndarray:
    """Return the mean width of the strokes in pixels, (N,) float64: twice the ink over the length of its edge.

        2 m / sum |grad ink|

    A stroke of width w and length l has the area m = w l and an edge of 2 w + 2 l, so this is w / (1 + w / l), which is
    w for a long stroke. For grey pixels, sum |grad ink| is the mean length of the edge over all levels of grey (Federer
    1959, the coarea formula), so a stroke that is half as bright has the same thickness. A stroke of less than two
    pixels is smeared by the pixels themselves, and comes out up to two pixels thick. The gradient stands where four
    pixels meet, and is the mean of the two differences there in each direction.

    Parameters
    ----------
    images : as `measure_attributes` takes them
    """
    ink = _ink(images)
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))  # (N, H + 2, W + 2)
    across, down = np.diff(padded, axis=2), np.diff(padded, axis=1)
    grad_x = (across[:, 1:] + across[:, :-1]) / 2  # (N, H + 1, W + 1)
    grad_y = (down[:, :, 1:] + down[:, :, :-1]) / 2
    return _divide(2 * ink.sum(axis=(1, 2)), np.hypot(grad_x, grad_y).sum(axis=(1, 2)))


def slant(images: np.ndarray) -> np.ndarray:
    """Return how far images lean to the right, in degrees from -90 to 90, (N,) float64.

    A shear moves each row sideways, x -> x + s y, and mu_11 becomes mu_11 + s mu_02. The shear that makes it 0 sets the
    image upright: s = -mu_11 / mu_02. Its angle is the slant (Castro et al. 2019, arXiv 1809.10780, Morpho-MNIST):

        slant = arctan(-mu_11 / mu_02)

    Parameters
    ----------
    images : as `measure_attributes` takes them
    """
    _, mu_11, mu_02 = _moments(images)
    return np.degrees(np.arctan(_divide(-mu_11, mu_02)))


def size(images: np.ndarray) -> np.ndarray:
    """Return the radius of gyration in pixels, (N,) float64: the root of the mean squared distance from the centre.

        sqrt(mu_20 + mu_02)

    An image that is enlarged by a factor has a size that is larger by this factor.

    Parameters
    ----------
    images : as `measure_attributes` takes them
    """
    mu_20, _, mu_02 = _moments(images)
    return np.sqrt(mu_20 + mu_02)


def _ink(images: np.ndarray) -> np.ndarray:
    """Return the ink of each pixel, (N, H, W) float64 in [0, 1]."""
    n, height, width = images.shape[:3] if np.ndim(images) > 2 else (0, 0, 0)
    return flat_pixels(images).astype(np.float64).reshape(n, height, width, -1).mean(axis=-1)


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mu_20, mu_11 and mu_02, each (N,)."""
    ink = _ink(images)
    mass = ink.sum(axis=(1, 2))
    y, x = (np.arange(count, dtype=np.float64) for count in ink.shape[1:])
    x = x - _divide(ink.sum(axis=1) @ x, mass)[:, None]  # (N, W), from the centre
    y = y - _divide(ink.sum(axis=2) @ y, mass)[:, None]  # (N, H)
    second = [((x * x)[:, None], ink), (x[:, None] * y[:, :, None], ink), ((y * y)[:, :, None], ink)]
    mu_20, mu_11, mu_02 = (_divide((weight * part).sum(axis=(1, 2)), mass) for weight, part in second)
    return mu_20, mu_11, mu_02


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)
