"""The evaluator: a small classifier of digits, whose features are compared between drawn and real digits."""

from functools import cache
from pathlib import Path

import numpy as np

from ..backend import Device, to_device, to_host
from ..datasets import Dataset
from ..datasets.batches import to_pixels_first
from ..errors import InputError
from ..layers import BatchNorm, Conv2D, Dense, Flatten, Layer, ReLU, he_normal
from ..network import Network
from ..objectives.cross_entropy import softmax
from .frechet import Moments

FILE = Path(__file__).with_name("evaluator.npz")
IMAGE = (28, 28, 1)
FEATURES = 64
CLASSES = 10
CHUNK = 500  # images at once


def body() -> list[Layer]:
    """Return three convolutions of stride 2 and a dense layer, each with batch norm and ReLU: (28, 28, 1) -> (64,)."""
    layers: list[Layer] = []
    for filters, kernel_size in ((24, 5), (32, 5), (64, 3)):
        layers += [Conv2D(filters, kernel_size, stride=2, use_bias=False, initializer=he_normal), BatchNorm(), ReLU()]
    return [*layers, Flatten(), Dense(FEATURES, use_bias=False, initializer=he_normal), BatchNorm(), ReLU()]


class Evaluator:
    """A classifier of digits with its weights, float32, always in eval mode.

    `features` are the 64 numbers after the last batch norm, whose gamma is 1, and its ReLU. `probabilities` are
    softmax(features w + b).

    Parameters
    ----------
    theta, stats : weights and statistics of ``[*body(), Dense(10)]``
    reference : moments of the features of the real digits
    device : where it computes; images and results lie on the host
    """

    def __init__(
        self, theta: np.ndarray, stats: np.ndarray, reference: Moments | None = None, *, device: Device = "cpu"
    ) -> None:
        self.reference = reference
        rng = np.random.default_rng(0)
        self.body = Network(body(), IMAGE, rng=rng, device=device)
        self.head = Network([Dense(CLASSES)], (FEATURES,), rng=rng, device=device)
        self.body.load(theta[: self.body.theta.size], stats)
        self.head.load(theta[self.body.theta.size :], np.empty(0))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features of images.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 28, 28, 1), uint8 or floating in [-1, 1]

        Returns
        -------
        Features (n, 64), float64.

        Raises
        ------
        InputError : the images have another shape, type or range
        """
        dataset = Dataset("images", images)  # checks type and range
        if dataset.image_shape != IMAGE:
            raise InputError(f"images: expected (n, 28, 28) or (n, 28, 28, 1), as MNIST's are, got {images.shape}")
        chunks = dataset.images.reshape(-1, *IMAGE)
        return np.concatenate([self._features(chunks[i : i + CHUNK]) for i in range(0, len(chunks), CHUNK)])

    def _features(self, images: np.ndarray) -> np.ndarray:
        x = to_device(to_pixels_first(images), self.body.device)
        return to_host(self.body.forward(x, train=False)[0]).astype(np.float64)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits, (n, 10) float64, for images as `features` takes them."""
        return self.classify(self.features(images))

    def classify(self, features: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits, (n, 10) float64, from what `features` returned."""
        x = to_device(features.astype(np.float32), self.head.device)
        return softmax(to_host(self.head.forward(x, train=False)[0]).astype(np.float64))


@cache
def load_evaluator(device: Device = "cpu") -> Evaluator:
    """Return the evaluator that ships with the package.

    ``python -m minigan.metrics.train_evaluator`` trained it on MNIST's 60,000 training digits and rounded its weights
    to float16. It reads 99.45 % of the 10,000 test digits correctly. Its ``reference`` holds the moments of the
    features of these test digits, so that a distance to them needs no download.
    """
    with np.load(FILE, allow_pickle=False) as file:
        reference = Moments(file["mean"].astype(np.float64), file["covariance"].astype(np.float64))
        return Evaluator(file["theta"], file["stats"], reference, device=device)
