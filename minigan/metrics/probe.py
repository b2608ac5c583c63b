"""The linear probe: how well a linear classifier reads digits from the features of a discriminator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from .. import validation
from ..backend import Array, Device, get_array_module, to_device
from ..datasets import Dataset
from ..datasets.batches import to_floats
from ..errors import InputError
from ..fast.threads import threads
from ..network import Network
from .few_labels import HELD_OUT, Score, learn, order_by_class
from .hidden_features import hidden_features

ONCE = 1000  # more labels are chosen only once, because the choice matters less
CHOICES = 5  # random choices of the labelled digits, each with a random D of its own
KINDS = PIXELS, RANDOM, TRAINED = "raw pixels", "random D", "trained D"


@dataclass(frozen=True)
class Probe:
    """What `probe` found; ``print`` shows it as a table.

    Attributes
    ----------
    data : the name of the test images
    test : how many test images were read
    sizes : how many features there are, by their name
    scores : by the name of the features and the number of labels: a `Score` for each random choice of the labels.
        Each hidden layer of the trained D alone is there for the smallest number of labels
    """

    data: str
    test: int
    sizes: dict[str, int]
    scores: dict[str, dict[int, list[Score]]]

    @property
    def counts(self) -> list[int]:
        """The numbers of labels, ascending."""
        return sorted(self.scores[PIXELS])

    def gain(self, count: int) -> float:
        """Return by how many points the trained D is better than raw pixels with so many labels."""
        of_d, of_pixels = (fmean(100 * s.accuracy for s in self.scores[each][count]) for each in (TRAINED, PIXELS))
        return of_d - of_pixels

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        first = self.counts[0]
        what = "mean (and range) over the choices of labels"
        yield f"Accuracy on {self.test:,} test images of {self.data}, %: {what}"
        yield ""
        yield f"{'labels':22}{'features':>9}" + "".join(f"{count:>21,}" for count in self.counts)
        alone = [name for name in self.scores if name not in KINDS]
        for name in (*KINDS, *alone):
            by_count, title = self.scores[name], name if name in KINDS else f"  {name}"
            cells = (shown(by_count[n]) if n in by_count else "" for n in self.counts)
            yield f"{title:22}{self.sizes[name]:>9,}" + "".join(f"{cell:>21}" for cell in cells).rstrip()
        yield ""
        yield f"With {first:,} labels the trained D is {self.gain(first):.1f} points better than raw pixels."


def shown(scores: Sequence[Score]) -> str:
    """Return the mean accuracy, and behind it the range of several, in per cent."""
    found = [100 * score.accuracy for score in scores]
    return f"{fmean(found):.1f}" + (f" ({min(found):.1f} to {max(found):.1f})" if len(found) > 1 else "")


def probe(
    discriminator: Network,
    train: Dataset,
    test: Dataset,
    *,
    labels: Sequence[int] = (100, 1000),
    choices: int = CHOICES,
    seed: int = 0,
) -> Probe:
    """Compare raw pixels, the features of a random D and those of the trained D by a linear classifier on each.

    The features of D are the outputs of all its hidden layers, pooled to 4 x 4 (`hidden_features`) and joined. The
    random D has the same layers with fresh weights, which are drawn anew for each choice of the labels. The classifier
    is the softmax regression of `learn`. With n labels, each class has about n / K of them,
    and the three kinds of features get the same digits.

    Parameters
    ----------
    discriminator : judges each image alone
    train : images with labels; the labelled digits are drawn from them
    test : images with labels, of the same shape
    labels : numbers of labelled digits, each from 5 K for K classes to the number of training images
    choices : how often up to 1,000 labelled digits are drawn; more are drawn once
    seed : of the draws, and of the weights of the random D

    Raises
    ------
    InputError : there are no labels or too few images, a number is out of its range, or the images do not fit the
        discriminator
    """
    validation.integer("choices", choices)
    validation.integer("seed", seed, least=0)
    if not labels:
        raise InputError("labels: expected at least one number, got none")
    truth, test_truth = (_labels(data, discriminator) for data in (train, test))
    classes = 1 + int(max(truth.max(), test_truth.max()))
    least = HELD_OUT * classes
    if len(train) < least:
        raise InputError(
            f"data: expected at least {least:,} images to learn from, {HELD_OUT} for each of {classes:,} classes, "
            f"got {len(train):,}"
        )
    counts = sorted({validation.integer("labels", n, least=least, most=len(train)) for n in labels})

    rng = np.random.default_rng(seed)
    drawn = {n: [order_by_class(truth, rng)[:n] for _ in range(choices if n <= ONCE else 1)] for n in counts}
    pool = np.unique(np.concatenate([chosen for each in drawn.values() for chosen in each]))
    sets = train.images[pool], test.images
    scores: dict[str, dict[int, list[Score]]] = {}
    sizes: dict[str, int] = {}

    def read(name: str, features: tuple[Array, Array], drawn: dict[int, list[np.ndarray]]) -> None:
        """Note how well the test images are read from these features, with each of these choices of labels."""
        x, test_x = features
        sizes[name] = x.shape[1]
        for n, choices in drawn.items():
            for chosen in choices:
                rows = x[to_device(np.searchsorted(pool, chosen), discriminator.device)]
                score = learn(rows, truth[chosen], test_x, test_truth, classes)
                scores.setdefault(name, {}).setdefault(n, []).append(score)

    with threads(device=discriminator.device):
        read(PIXELS, _pixels(sets, discriminator.device), drawn)
        for r in range(max(map(len, drawn.values()))):
            fresh = Network(
                discriminator.layers,
                discriminator.input_shape,
                rng=np.random.default_rng((seed, r)),
                device=discriminator.device,
                fast=discriminator.fast,
            )
            read(RANDOM, _joined(_hidden(fresh, sets)), {n: each[r : r + 1] for n, each in drawn.items()})
        layers = _hidden(discriminator, sets)
        read(TRAINED, _joined(layers), drawn)
        for i, features in enumerate(layers if len(layers) > 1 else [], start=1):
            read(f"its layer {i} alone", features, {counts[0]: drawn[counts[0]]})
    return Probe(test.name, len(test), sizes, scores)


def _labels(data: Dataset, discriminator: Network) -> np.ndarray:
    if data.labels is None:
        raise InputError(f"data: expected labels, got {data.name!r}, which has none")
    if data.image_shape != discriminator.input_shape:
        expected, got = (" x ".join(map(str, each)) for each in (discriminator.input_shape, data.image_shape))
        raise InputError(f"data: expected images of {expected}, as the discriminator takes, got {got}")
    return data.labels.astype(np.int64)


Pair = tuple[Array, Array]  # features of the training images (m, F), and of the test images (k, F)


def _pixels(sets: tuple[np.ndarray, np.ndarray], device: Device) -> Pair:
    x, test_x = (to_device(to_floats(images).reshape(len(images), -1), device) for images in sets)
    return x, test_x


def _hidden(network: Network, sets: tuple[np.ndarray, np.ndarray]) -> list[Pair]:
    """Return the features of each hidden layer."""
    return list(zip(*(hidden_features(network, images) for images in sets), strict=True))


def _joined(layers: list[Pair]) -> Pair:
    """Return the features of all layers side by side."""
    x, test_x = (get_array_module(parts[0]).concatenate(parts, axis=1) for parts in zip(*layers, strict=True))
    return x, test_x
