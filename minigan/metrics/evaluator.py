"""The evaluators: two small networks whose features are compared between drawn and real digits."""

from functools import cache
from pathlib import Path

import numpy as np

from .. import validation
from ..archive import Archive
from ..backend import Device, to_device, to_host
from ..datasets import Dataset
from ..datasets.batches import to_pixels_first
from ..errors import InputError
from ..layers import BatchNorm, Conv2D, Dense, Flatten, Layer, LeakyReLU, ReLU, he_normal
from ..network import Network
from ..objectives.cross_entropy import softmax
from .frechet import moments

EVALUATORS = ("three-convolutions", "two-convolutions")  # the first is the default
IMAGE = (28, 28, 1)
FEATURES = 64
CLASSES = 10
CHUNK = 500  # images at once


def body(name: str) -> list[Layer]:
    """Return the layers from an image to its features, (28, 28, 1) -> (64,); each evaluator has its own.

    ``three-convolutions`` has 24, 32 and 64 filters of 5, 5 and 3 pixels, with batch norm and ReLU.
    ``two-convolutions`` has 32 and 48 filters of 6 and 4 pixels, with batch norm and LeakyReLU. All strides are 2. A
    dense layer, batch norm and ReLU follow.

    Raises
    ------
    InputError : there is no such evaluator
    """
    validation.one_of("name", name, EVALUATORS)
    layers: list[Layer] = []
    if name == EVALUATORS[0]:
        for filters, kernel_size in ((24, 5), (32, 5), (64, 3)):
            layers += [_convolution(filters, kernel_size), BatchNorm(), ReLU()]
    else:
        for filters, kernel_size in ((32, 6), (48, 4)):
            layers += [_convolution(filters, kernel_size), BatchNorm(), LeakyReLU(negative_slope=0.1)]
    return [*layers, Flatten(), Dense(FEATURES, use_bias=False, initializer=he_normal), BatchNorm(), ReLU()]


def _convolution(filters: int, kernel_size: int) -> Layer:
    return Conv2D(filters, kernel_size, stride=2, use_bias=False, initializer=he_normal)


class Evaluator:
    """A network that reads digits, with its weights, float32, always in eval mode.

    `features` are the 64 numbers after the last batch norm, whose gamma is 1, and its ReLU. `probabilities` are
    softmax(features w + b).

    Parameters
    ----------
    name : in `EVALUATORS`
    theta, stats : weights and statistics of ``[*body(name), Dense(10)]``
    real : the features (m, 64) of real digits, float16; more than 64, or the evaluator has no `reference`
    device : where it computes; images and results lie on the host

    Attributes
    ----------
    image_shape : (28, 28, 1)
    reference_features : ``real`` in float64
    reference : their moments, or None
    """

    image_shape = IMAGE

    def __init__(
        self, name: str, theta: np.ndarray, stats: np.ndarray, real: np.ndarray, *, device: Device = "cpu"
    ) -> None:
        rng = np.random.default_rng(0)
        self.name = name
        self.body = Network(body(name), IMAGE, rng=rng, device=device)
        self.head = Network([Dense(CLASSES)], (FEATURES,), rng=rng, device=device)
        self.body.load(theta[: self.body.theta.size], stats)
        self.head.load(theta[self.body.theta.size :], np.empty(0))
        self.reference_features = real.astype(np.float64)
        self.reference = moments(self.reference_features) if len(real) > FEATURES else None

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


def file_of(name: str) -> Path:
    """Return the file with the weights of an evaluator and the features of MNIST's test digits."""
    return Path(__file__).with_name(f"{name}.npz")


@cache
def load_evaluator(name: str = EVALUATORS[0], device: Device = "cpu") -> Evaluator:
    """Return an evaluator that ships with the package.

    ``python -m minigan.metrics.train_evaluator`` trained it on MNIST's 60,000 training digits and rounded its weights
    to float16. ``three-convolutions`` reads 99.35 % of the 10,000 test digits correctly, ``two-convolutions`` 99.39 %.
    The ``reference_features`` are those of these test digits in their official order, rounded to float16, so that
    images can be compared with them without a download.

    Parameters
    ----------
    name : in `EVALUATORS`
    device : where it computes

    Raises
    ------
    InputError : there is no such evaluator
    """
    validation.one_of("name", name, EVALUATORS)
    with Archive(file_of(name)) as file:
        theta, stats, real = (file.read(each, ("float16", "float32")) for each in ("theta", "stats", "real"))
    return Evaluator(name, theta, stats, real, device=device)
