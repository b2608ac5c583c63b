"""Baselines: what completes, enlarges or denoises an image without a generator.

All functions take and return images (N, H, W, C), float32 in [-1, 1], on the host.
"""

from collections.abc import Callable

import numpy as np

from ..datasets import Dataset, load_dataset, mnist
from ..datasets.batches import to_floats
from ..errors import InputError
from ..metrics.distances import nearest
from ..runs.run import Run
from .inputs import image_shape
from .operators import Operator, measure


def training_images(run: Run, *, apart_from: np.ndarray | None = None) -> np.ndarray | None:
    """Return the images that a run learned from, or None if they cannot be found again.

    Where MNIST's 60,000 training digits are not on this machine, the 5,000 of them that are part of minigan stand for
    them; nothing is downloaded.

    Parameters
    ----------
    apart_from : array (N, H, W, C), optional
        Images that are left out, so that no training image is restored by itself.
    """
    data = run.config.data
    if data == "mnist" and any(row.state == "missing" for row in mnist.status("mnist")):
        data = "mnist-5k"
    try:
        dataset = load_dataset(data)
    except (InputError, OSError):
        return None
    if not isinstance(dataset, Dataset) or dataset.image_shape != image_shape(run):
        return None
    images = to_floats(dataset.images).reshape(-1, *dataset.image_shape)
    if apart_from is None:
        return images
    left_out = {image.tobytes() for image in apart_from}
    return images[[image.tobytes() not in left_out for image in images]]


def nearest_image(measured: np.ndarray, operator: Operator, among: np.ndarray) -> np.ndarray:
    """Return for each image the x among some images with the smallest |A x - y|^2, where y (N, h, w, C) is known."""
    flat = measure(operator, among).reshape(len(among), -1)
    _, index = nearest(measured.reshape(len(measured), -1), flat)
    return among[index]


def fill_with_mean(images: np.ndarray, known: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Return images with the mean of the training images where the mask ``known`` (H, W) is False."""
    return np.where(known[:, :, None], images, training.mean(axis=0))


def bicubic(small: np.ndarray, factor: int) -> np.ndarray:
    """Return small images enlarged by bicubic interpolation, as Pillow computes it; overshoots are cut to [-1, 1]."""
    from PIL import Image

    def enlarge(channel: np.ndarray) -> np.ndarray:
        height, width = channel.shape
        size = (factor * width, factor * height)
        return np.asarray(Image.fromarray(channel).resize(size, Image.Resampling.BICUBIC))

    return _each_channel(small, enlarge)


def blur(images: np.ndarray, radius: float) -> np.ndarray:
    """Return images blurred with a Gaussian of this standard deviation in pixels, by Pillow, in 256 shades."""
    from PIL import Image, ImageFilter

    def soften(channel: np.ndarray) -> np.ndarray:
        shades = Image.fromarray(np.rint((channel + 1) * 127.5).astype(np.uint8))
        return np.asarray(shades.filter(ImageFilter.GaussianBlur(radius))) / np.float32(127.5) - 1

    return _each_channel(images, soften)


def _each_channel(images: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply a function (H, W) -> (H', W') to each channel of each image."""
    changed = [[change(channel) for channel in image.transpose(2, 0, 1)] for image in images.astype(np.float32)]
    return np.clip(np.array(changed, dtype=np.float32).transpose(0, 2, 3, 1), -1, 1)
