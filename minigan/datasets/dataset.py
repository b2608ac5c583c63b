"""Dataset: one set of images, with labels or without, checked once so that later code can rely on it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..archive import Archive
from ..errors import InputError

PIXELS = "uint8 pixels in 0..255 or float32 pixels in [-1, 1]"
IMAGE_DTYPES = ("uint8", "float32", "float64")
LABEL_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A named set of images.

    Parameters
    ----------
    name : the name of the set in messages
    images : (N, H, W) or (N, H, W, C) with C in 1..4; uint8 in 0..255, or float32 in [-1, 1]. float64 is converted to
        float32; any other array is neither copied nor changed. Floating images must have a pixel below 0, because
        images in [0, 1] would be read as white on grey; only a set in which all pixels are equal is taken as it is
    labels : (N,), integers of at least 0, or None

    Raises
    ------
    InputError : an array has another type, shape or range; the message names the argument

    >>> Dataset("blank", np.zeros((5, 28, 28), np.uint8))
    Dataset('blank', images (5, 28, 28) uint8, no labels)
    """

    name: str
    images: NDArray[Any]
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError(f"name: expected a string, got {type(self.name).__name__}")
        object.__setattr__(self, "images", _checked_images(self.images))
        if self.labels is not None:
            _check_labels(self.labels, len(self.images))

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        def describe(array: NDArray[Any]) -> str:
            return f"{array.shape} {array.dtype}"

        labels = "no labels" if self.labels is None else f"labels {describe(self.labels)}"
        return f"Dataset({self.name!r}, images {describe(self.images)}, {labels})"

    @property
    def samples(self) -> NDArray[Any]:
        """The images, under the name that images and points share."""
        return self.images

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of one image, under the name that images and points share."""
        return self.image_shape

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of one image; C is 1 when the array has no channel axis."""
        height, width = self.images.shape[1:3]
        return height, width, self.images.shape[3] if self.images.ndim == 4 else 1


def _checked_images(images: Any) -> NDArray[Any]:
    if not isinstance(images, np.ndarray):
        raise InputError(f"images: expected a NumPy array, got {type(images).__name__}")
    if images.ndim not in (3, 4):
        raise InputError(f"images: expected shape (N, H, W) or (N, H, W, C), got {images.shape}")
    if images.size == 0:
        raise InputError(f"images: expected at least one image, got the empty shape {images.shape}")
    if images.ndim == 4 and not 1 <= images.shape[3] <= 4:
        raise InputError(f"images: expected shape (N, H, W, C) with the channels last, C in 1..4, got {images.shape}")
    if images.dtype == np.uint8:
        return images
    if images.dtype not in IMAGE_DTYPES:
        raise InputError(f"images: expected {PIXELS}, got {images.dtype}")
    low, high = float(images.min()), float(images.max())  # NaN passes through both
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"images: expected {PIXELS}, got NaN or infinite pixels")
    got = f"got {images.dtype} pixels in [{low:g}, {high:g}]"
    if 0 <= low < high:
        white, change = (1, "* 2") if high <= 1 else (high, f"/ {high / 2:g}")
        raise InputError(
            f"images: expected {PIXELS}, {got}; if 0 is black and {white:g} is white, images {change} - 1 fits"
        )
    if low < -1 or high > 1:
        raise InputError(f"images: expected {PIXELS}, {got}")
    return images.astype(np.float32, copy=False)


def _check_labels(labels: Any, count: int) -> None:
    if not isinstance(labels, np.ndarray):
        raise InputError(f"labels: expected a NumPy array or None, got {type(labels).__name__}")
    if labels.shape != (count,):
        raise InputError(f"labels: expected shape ({count},) for {count} images, got {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels: expected integers, got {labels.dtype}")
    if labels.min() < 0:
        raise InputError(f"labels: expected integers of at least 0, got {labels.min()}")


def read_npz(path: str | os.PathLike[str], *, name: str | None = None) -> Dataset:
    """Read a Dataset from an ``.npz`` file; nothing in it is ever unpickled.

    Parameters
    ----------
    path : a file with the array ``images`` and, if there are labels, the array ``labels``
    name : the name of the set, by default the name of the file without its suffix

    Raises
    ------
    InputError : the file is missing or damaged, or its arrays are no Dataset; the message names the file
    """
    path = validation.name_or_path("path", path)
    if not os.path.isfile(path):
        raise InputError(f"{path}: expected an .npz file, got no such file")
    try:
        opened = Archive(path)
    except InputError as error:
        raise InputError(f"{path}: expected an .npz file, got another file or a part of one ({error})") from None
    try:
        with opened as archive:
            if "images" not in archive.names:
                raise InputError(
                    f"expected an array 'images' and, optionally, 'labels', got {validation.shown(archive.names)}"
                )
            images = archive.read("images", IMAGE_DTYPES)
            labels = archive.read("labels", LABEL_DTYPES) if "labels" in archive.names else None
        return Dataset(name or Path(path).stem, images, labels)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
