"""Minibatches: the data set lies on the device, and the order of every epoch is drawn on the host."""

from collections.abc import Iterator

import numpy as np

from ..backend import Array, Device, feed, get_array_module, to_device, to_host
from ..errors import InputError


def to_pixels_first(images: Array) -> Array:
    """Bring images to the layout of the layers; points stay as they are.

    Parameters
    ----------
    images : (N, H, W, C), uint8, of which 0 is black and becomes -1, or float32 in [-1, 1]; or points (N, C)

    Returns
    -------
    Images (H, W, N, C), float32 in [-1, 1], or points (N, C).
    """
    x = to_floats(images)
    return x if x.ndim == 2 else x.transpose(1, 2, 0, 3)


def to_floats(images: Array) -> Array:
    """Return images or points as float32, uint8 images in [-1, 1]."""
    x = images.astype(np.float32, copy=False)
    if images.dtype == np.uint8:
        x *= 1 / 127.5
        x -= 1
    return x


def from_pixels_first(x: Array) -> np.ndarray:
    """Bring images (H, W, N, C) on any device to the host as (N, H, W), or (N, H, W, C) when C > 1.

    Points (N, C) keep their shape.
    """
    if x.ndim == 2:
        return to_host(x)
    images = to_host(x).transpose(2, 0, 1, 3)
    return np.ascontiguousarray(images[..., 0] if images.shape[-1] == 1 else images)


class Batches:
    """An endless stream of minibatches.

    Images come as (H, W, N, C) in [-1, 1], points as (N, C) in their own units. In every epoch each sample comes at
    most once; the samples at the end of the order that do not fill a batch are left out.

    Parameters
    ----------
    samples : host array of images (M, H, W) or (M, H, W, C), uint8 or float32 in [-1, 1], or of points (M, C)
    batch_size : N, at most M
    rng : draws the order of every epoch
    device : where the samples lie and the batches are made
    labels : host array (M,) of integers, needed by `next_labelled`

    Raises
    ------
    InputError : the batch is larger than the data set
    """

    def __init__(
        self,
        samples: np.ndarray,
        batch_size: int,
        *,
        rng: np.random.Generator,
        device: Device,
        labels: np.ndarray | None = None,
    ) -> None:
        points = samples.ndim == 2
        if batch_size > len(samples):
            kind = "points" if points else "images"
            raise InputError(f"batch_size: expected at most {len(samples)}, the number of {kind}, got {batch_size}")
        samples = samples if points else samples.reshape(*samples.shape[:3], -1)
        if device == "cuda":
            samples = to_floats(samples)  # a GPU has the memory for it, and a batch then takes one kernel and not four
        self.samples = to_device(samples, device)
        self.labels = None if labels is None else to_device(labels.astype(np.int64), device)
        self.batch_size = batch_size
        self.device = device
        self.rng = rng
        self.order: Array = to_device(np.empty(0, dtype=np.int64), device)
        self.position = 0

    def next(self) -> Array:
        """Return the next minibatch."""
        return self._samples(feed(self._pick, self.device))

    def next_labelled(self) -> tuple[Array, Array]:
        """Return the next minibatch and its labels (N,) int64, on the device as well."""
        assert self.labels is not None
        picked = feed(self._pick, self.device)
        return self._samples(picked), get_array_module(self.labels).take(self.labels, picked)

    def in_order(self, size: int) -> Iterator[Array]:
        """Yield all samples in the order of the data, at most ``size`` of them at once."""
        for start in range(0, len(self.samples), size):
            yield to_pixels_first(self.samples[start : start + size])

    def _pick(self) -> Array:
        if self.position + self.batch_size > len(self.order):
            self.order = to_device(self.rng.permutation(len(self.samples)), self.device)
            self.position = 0
        picked = self.order[self.position : self.position + self.batch_size]
        self.position += self.batch_size
        return picked

    def _samples(self, picked: Array) -> Array:
        return to_pixels_first(get_array_module(self.samples).take(self.samples, picked, axis=0))
