"""What the functions of this folder are given, checked once: runs that draw images, images that fit them, latents."""

from typing import Any

import numpy as np

from ..datasets import Dataset
from ..datasets.batches import to_floats
from ..errors import InputError
from ..models import kind_of
from ..runs.run import Run


def image_shape(run: Run) -> tuple[int, int, int]:
    """Return the shape (H, W, C) of the images that a run draws.

    Raises
    ------
    InputError
        If the run draws points.
    """
    shape = run.generator.output_shape
    if kind_of(shape) != "images":
        raise InputError(f"run: expected a model that draws images, got one that draws points of {shape[0]} numbers")
    height, width, channels = shape
    return height, width, channels


def as_images(images: Any, run: Run, *, name: str = "images", shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Check images, and bring them to (N, H, W, C), float32 in [-1, 1].

    Parameters
    ----------
    images : array (N, H, W) or (N, H, W, C), uint8, or floating in [-1, 1]
    run : Run
        The images must have the size of those that it draws.
    name : str
        What an error calls the images.
    shape : (H, W, C), optional
        The size that they must have instead.

    Raises
    ------
    InputError
        If they have another type, range or size, or if the run draws points.
    """
    drawn = image_shape(run)
    shape = shape or drawn
    dataset = dataset_of(images, name=name)
    if dataset.image_shape != shape:
        expected, got = (" x ".join(map(str, each)) for each in (shape, dataset.image_shape))
        why = ", as the model draws" if shape == drawn else ""
        raise InputError(f"{name}: expected images of {expected}{why}, got {got}")
    return to_floats(dataset.images).reshape(-1, *shape)


def dataset_of(images: Any, *, name: str) -> Dataset:
    """Return images as a data set.

    Raises
    ------
    InputError
        If these are no images; ``name`` is what the error calls them.
    """
    try:
        return Dataset(name, images)
    except InputError as error:
        raise InputError(f"{name}: {str(error).removeprefix('images: ')}") from None


def code_length(run: Run) -> int:
    """Return how many numbers of a latent vector, the last ones, are the code of a conditional run; 0 without one."""
    return run.discriminator.output_shape[0] - 1 if run.classes else 0
