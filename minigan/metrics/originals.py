"""Originals: the images that a model was trained on, and how far new images of the same kind lie from them."""

import os
from typing import NamedTuple

import numpy as np

from ..datasets import Dataset, Points, load_dataset, mnist
from ..errors import InputError
from .distances import nearest
from .floors import held_out_distances
from .memorisation import flat_pixels


class Originals(NamedTuple):
    """What `find_originals` found.

    training : the training images (n, H, W) or (n, H, W, C), or None
    held_out : distances (m,) of new images to their nearest training images, in the unit of `flat_pixels`, or None
    missing : why one of the two is None, in words; "" when both are there
    """

    training: np.ndarray | None
    held_out: np.ndarray | None
    missing: str = ""


def find_originals(data: str, image_shape: tuple[int, ...]) -> Originals:
    """Find the training images of a run again, without the network.

    New images are MNIST's test digits for "mnist-5k" and "mnist"; their distances ship with the package. For a folder
    of IDX files they are its test half. Any other data set has none.

    Parameters
    ----------
    data : what the run was trained on, as its configuration names it
    image_shape : (H, W, C) of the images that the run draws
    """
    if data == "array":
        return Originals(None, None, "the run was trained on an array, which it does not keep")
    if data == "mnist" and any(row.state == "missing" for row in mnist.status("mnist")):
        return Originals(
            None, None, "the training digits are not on this machine; `minigan data fetch mnist` fetches them"
        )
    try:
        training = load_dataset(data)
    except (InputError, OSError) as error:
        return Originals(None, None, f"the training images cannot be read ({error})")
    if isinstance(training, Points) or training.image_shape != image_shape:
        shape = " x ".join(map(str, training.sample_shape))
        return Originals(None, None, f"{data!r} now holds other samples, of {shape}, than the run was trained on")
    return _with_held_out(data, training)


def _with_held_out(data: str, training: Dataset) -> Originals:
    held_out = held_out_distances(data)
    if held_out is None:
        none = f"{os.path.basename(data)!r} has no test half to compare with"
        try:
            test = load_dataset(data, "test")
        except (InputError, OSError):
            return Originals(training.images, None, none)
        if isinstance(test, Points) or test.image_shape != training.image_shape:
            return Originals(training.images, None, none)
        held_out, _ = nearest(flat_pixels(test.images), flat_pixels(training.images))
    return Originals(training.images, held_out)
