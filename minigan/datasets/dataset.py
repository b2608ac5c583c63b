"""Holds one set of images, with labels or without, checked once so that nothing below has to doubt it."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

IMAGES_EXPECTED = "expected uint8 pixels in 0..255 or float32 pixels in [-1, 1]"

DAMAGED_NPZ = (OSError, EOFError, ValueError, RuntimeError, MemoryError, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A named set of images.

    Parameters
    ----------
    name : what the set is called in a log
    images : ndarray of shape (N, H, W) or (N, H, W, C), C in 1..4, channels last; uint8, or float32 in
        [-1, 1] (float64 is converted to float32); neither copied otherwise nor changed
    labels : integer ndarray of shape (N,), 0 or above, or None

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
            raise InputError(f"name: got {type(self.name).__name__}, expected a string")
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
        """What a batch is made of: the images."""
        return self.images

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image, as `image_shape`."""
        return self.image_shape

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image; C is 1 where the array has no channel axis."""
        height, width = self.images.shape[1:3]
        return height, width, self.images.shape[3] if self.images.ndim == 4 else 1


def _checked_images(images: Any) -> NDArray[Any]:
    if not isinstance(images, np.ndarray):
        raise InputError(f"images: got {type(images).__name__}, expected a NumPy array")
    if images.ndim not in (3, 4):
        raise InputError(f"images: got shape {images.shape}, expected (N, H, W) or (N, H, W, C)")
    if images.size == 0:
        raise InputError(f"images: got shape {images.shape}, which is empty; expected at least one image")
    if images.ndim == 4 and not 1 <= images.shape[3] <= 4:
        raise InputError(f"images: got shape {images.shape}, expected (N, H, W, C), C in 1..4, channels last")
    if images.dtype == np.uint8:
        return images
    if images.dtype not in (np.float32, np.float64):
        raise InputError(f"images: got {images.dtype} pixels; {IMAGES_EXPECTED}")
    low, high = float(images.min()), float(images.max())  # NaN passes through both
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"images: hold NaN or infinite pixels; {IMAGES_EXPECTED}")
    if low < -1 or high > 1:
        raise InputError(f"images: {images.dtype} pixels span [{low:g}, {high:g}]; {IMAGES_EXPECTED}")
    return images.astype(np.float32, copy=False)


def _check_labels(labels: Any, count: int) -> None:
    if not isinstance(labels, np.ndarray):
        raise InputError(f"labels: got {type(labels).__name__}, expected a NumPy array or None")
    if labels.shape != (count,):
        raise InputError(f"labels: got shape {labels.shape}, expected ({count},) for {count} images")
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels: got {labels.dtype}, expected integers")
    if labels.min() < 0:
        raise InputError(f"labels: got {labels.min()}, expected 0 or above")


def read_npz(path: str | os.PathLike[str], *, name: str | None = None) -> Dataset:
    """Read a Dataset from an ``.npz`` file with the arrays ``images`` and, optionally, ``labels``.

    The set is called ``name``, by default the file's name without its suffix. Nothing is ever unpickled.
    Raises InputError when the file is missing, damaged, or its arrays are no Dataset; the message names it.
    """
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file; expected an .npz file")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: not an .npz file, or a truncated one; expected what numpy.savez writes")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in ("images", "labels") if key in archive.files}
            found = archive.files
    except DAMAGED_NPZ as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: damaged, or not plain arrays ({reason})") from None
    if "images" not in arrays:
        raise InputError(f"{path}: holds {found}, expected an array 'images' and, optionally, 'labels'")
    try:
        return Dataset(name or Path(path).stem, arrays["images"], arrays.get("labels"))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
