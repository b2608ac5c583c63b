"""`evaluate`: every measure of drawn digits under two evaluators, each beside what real digits get."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import Device, to_device, to_host
from ..datasets import mnist
from ..fast.threads import threads
from .distances import nearest
from .evaluator import EVALUATORS, load_evaluator
from .floors import Floors, floors_for
from .measures import Measures, Row, features_of, measure, table_rows
from .memorisation import CLOSE, Memorisation, flat_pixels, memorisation
from .originals import find_originals

SAMPLES = 10_000  # as many as the test digits
MOST_SAMPLES = 200_000  # whose distances to 60,000 training digits take minutes
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)  # of each class among the test digits


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found; ``print`` shows it as a table.

    Attributes
    ----------
    n : number of images
    measured : the measures of the images, by the name of the evaluator
    floors : the same measures of real digits
    memorisation : whether the images lie too near to the training images; None when that is unknown
    notes : what could not be computed, or means little, and why
    images : the images (n, 28, 28)
    features : their features (n, C), by the name of the evaluator
    neighbours : the nearest training image of each, (n, 28, 28), or None when that is unknown
    distances : how far each image is from it, (n,), or None
    """

    n: int
    measured: dict[str, Measures]
    floors: Floors
    memorisation: Memorisation | None
    notes: tuple[str, ...]
    images: np.ndarray = field(repr=False, compare=False)
    features: dict[str, np.ndarray] = field(repr=False, compare=False)
    neighbours: np.ndarray | None = field(repr=False, compare=False)
    distances: np.ndarray | None = field(repr=False, compare=False)

    @property
    def fid(self) -> float:
        """The Frechet distance under the first evaluator."""
        return self.measured[EVALUATORS[0]].fid

    @property
    def kl(self) -> float:
        """How unequal the classes are, under the first evaluator."""
        return self.measured[EVALUATORS[0]].kl

    @property
    def score(self) -> float:
        """The classifier score of the first evaluator."""
        return self.measured[EVALUATORS[0]].score

    @property
    def counts(self) -> tuple[int, ...]:
        """How many images the first evaluator reads as 0, 1, ..., 9."""
        return self.measured[EVALUATORS[0]].counts

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain Python values, for JSON."""
        rows = {row.field: row.best for row in table_rows(self.n) if row.best}
        return {
            "images": self.n,
            "measured": {name: found._asdict() for name, found in self.measured.items()},
            "real_digits": self.floors.n,
            "real": {name: found._asdict() for name, found in self.floors.measured.items()},
            "best": {name: float(best) for name, best in rows.items()},
            "memorisation": self.memorisation and self.memorisation._asdict(),
            "notes": list(self.notes),
        }

    def numbers(self, row: Row) -> list[str]:
        """Return the numbers of one row as text: for each evaluator that of the images, then that of real digits."""
        pairs = zip(self.measured.values(), self.floors.measured.values(), strict=True)
        return [f"{getattr(each, row.field):.{row.decimals}f}" for pair in pairs for each in pair]

    def __str__(self) -> str:
        return "\n".join([*self._table(), "", *self._classes(), "", *self._copies(), *self.notes])

    def _table(self) -> Iterator[str]:
        yield f"{self.n:,} images against MNIST's 10,000 test digits."
        yield f'"real" is what {self.floors.n:,} training digits get.'
        yield ""
        yield f"{'':28}" + "".join(f"  {name:>20}" for name in self.measured)
        yield f"{'':28}" + f"  {'images':>10}{'real':>10}" * len(self.measured) + f"{'best':>10}"
        for row in table_rows(self.n):
            numbers = self.numbers(row)
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            yield (f"{row.name:28}" + "".join(f"  {a:>10}{b:>10}" for a, b in pairs) + f"{row.best:>10}").rstrip()

    def _classes(self) -> Iterator[str]:
        yield f"{'digits, %':28}" + "".join(f"{digit:6}" for digit in range(10))
        for name, found in (*((name, each.counts) for name, each in self.measured.items()), ("test", TEST_COUNTS)):
            shares = 100 * np.array(found) / sum(found)
            yield f"{'  ' + name:28}" + "".join(f"{share:6.1f}" for share in shares)

    def _copies(self) -> Iterator[str]:
        found = self.memorisation
        if found is None:
            return
        yield f"{'copies of training images':28}  {'images':>10}{'new':>10}"
        yield f"{'  nearer than a test digit':28}  {found.nearer:10.3f}{0.5:10.3f}"
        yield f"{'  among the nearest 1 %':28}  {found.close:10.3f}{CLOSE:10.3f}"
        yield f"{'  median distance':28}  {found.drawn:10.3f}{found.held_out:10.3f}"
        yield f"{'  C_T':28}  {found.z:10.2f}{0:10.2f}     p = {found.p:.2g}"


def evaluate(images: np.ndarray, *, data: str | None = None, device: Device = "cpu") -> Evaluation:
    """Judge drawn digits with both evaluators that ship with the package.

    All distances are to MNIST's 10,000 *test* digits; neither an evaluator nor a generator was trained on them. They
    depend on the number of images, and so do those of the real digits that stand beside them. They can be compared
    with other distances of the same evaluator, but not with those of an Inception network.

    Parameters
    ----------
    images : (n, 28, 28) or (n, 28, 28, 1), uint8 or floating in [-1, 1]; n is above the number of features, and
        usually 10,000
    data : what the model was trained on, a name or a path; its images are needed to look for copies
    device : where it is computed

    Raises
    ------
    InputError : the images have another shape, type or range, or are too few

    >>> print(evaluate(run.sample(10_000), data="mnist-5k"))                         # doctest: +SKIP
    """
    features, measured = {}, {}
    with threads(device=device):
        for name in EVALUATORS:
            evaluator = load_evaluator(name, device)
            features[name] = features_of(images, evaluator, device)
            measured[name] = measure(features[name], evaluator, device=device)
        images = images.reshape(len(images), *evaluator.image_shape[:2])
        copies = _find_copies(images, data, device)
        floors = floors_for(len(images), device)
    return Evaluation(n=len(images), measured=measured, floors=floors, images=images, features=features, **copies)


def _find_copies(images: np.ndarray, data: str | None, device: Device) -> dict[str, Any]:
    """Return the fields of `Evaluation` that need the training images, and the notes on what is missing."""
    found: dict[str, Any] = {"memorisation": None, "neighbours": None, "distances": None, "notes": ()}
    if data is None:
        return {**found, "notes": ("Copies: unknown, because nothing says what the model was trained on.",)}
    training, held_out, missing = find_originals(data, (*images.shape[1:], 1))
    if data not in mnist.NAMES:
        other = f"The model was trained on {data!r}: the distances are to MNIST's digits, and the classes are digits."
        found["notes"] = (other,)
    if missing:
        found["notes"] += (f"Copies: unknown, because {missing}.",)
    if training is not None:
        sets = (to_device(flat_pixels(each), device) for each in (images, training))
        distances, index = map(to_host, nearest(*sets))
        found |= {"distances": distances, "neighbours": training[index].reshape(images.shape)}
        if held_out is not None:
            found["memorisation"] = memorisation(distances, held_out)
    return found
