"""What a run can be judged by while it trains: digits by their distance to real ones, toy points by their modes."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..backend import Device
from ..datasets import MODES, Dataset, Points, mnist
from ..datasets.points import Modes
from ..errors import DivergedError
from ..metrics import mode_coverage, quick_look
from ..metrics.modes import SAMPLES as POINTS

DIGITS = 2000  # that are drawn for each verdict
TOYS = {name: modes for name, modes in MODES.items() if modes.std > 0}
KNOWN = f"the digits of {' and '.join(mnist.NAMES)} and the modes of {' and '.join(TOYS)}"
IMAGE = (28, 28, 1)  # what the evaluator of `minigan.metrics` reads


class Verdict(NamedTuple):
    """What was found about the samples of a generator.

    columns : numbers for the record of the step
    rank : of two verdicts, the better one has the smaller rank
    text : the same in words
    """

    columns: dict[str, Any]
    rank: tuple[float, ...]
    text: str


class DigitJudge:
    """Judges 2,000 digits: their Frechet distance to MNIST's test digits, and how many of them are a 0, a 1, ..., a 9.

    So few digits seem to be further away than many. Therefore each verdict also has the distance of equally many of the
    digits that the run learns from, ``fid_floor``; a generator that is as good as its data comes close to it. The
    smallest of many distances is a little too good, because it was chosen: measure the best model with another seed.

    Parameters
    ----------
    dataset : the digits that the run learns from
    device : where the evaluator computes
    """

    samples = DIGITS
    limits = ("fid",)  # columns that `stop_when` may name

    def __init__(self, dataset: Dataset, device: Device) -> None:
        self.dataset = dataset
        self.device = device

    @cached_property
    def floor(self) -> float:
        """The distance of real digits, drawn at random from the data set; it is computed once."""
        count = len(self.dataset)
        chosen = np.random.default_rng(0).choice(count, DIGITS, replace=count < DIGITS)
        return fid_and_classes(self.dataset.images[chosen], self.device)[0]

    def __call__(self, samples: np.ndarray) -> Verdict:
        """Judge images (n, 28, 28), float32; pixels outside [-1, 1] are clipped."""
        fid, classes = fid_and_classes(to_uint8(samples), self.device)
        shares = " ".join(f"{100 * share:.0f}" for share in classes / len(samples))
        return Verdict(
            {"fid": fid, "fid_floor": self.floor, "classes": classes.tolist()},
            (fid,),
            f"FID {fid:.2f} (real digits {self.floor:.2f}), shares of 0 to 9 in %: {shares}",
        )


class PointJudge:
    """Judges 2,500 points of a toy set: how many modes they found, and how many of them lie near one.

    Parameters
    ----------
    modes : where the modes lie
    """

    samples = POINTS
    limits = ("modes_found", "high_quality")

    def __init__(self, modes: Modes) -> None:
        self.modes = modes

    def __call__(self, samples: np.ndarray) -> Verdict:
        """Judge points (n, C)."""
        found = mode_coverage(samples, *self.modes)
        columns = {"modes_found": found.found, "modes": found.modes, "high_quality": found.high_quality}
        return Verdict(columns, (-found.found, -found.high_quality), str(found))


Judge = DigitJudge | PointJudge


def find_judge(dataset: Dataset | Points, device: Device) -> Judge | None:
    """Return the judge of a data set, or None where nothing is KNOWN of it."""
    if isinstance(dataset, Dataset):
        known = dataset.name in mnist.NAMES and dataset.image_shape == IMAGE
        return DigitJudge(dataset, device) if known else None
    return PointJudge(TOYS[dataset.name]) if dataset.name in TOYS else None


def fid_and_classes(images: np.ndarray, device: Device) -> tuple[float, np.ndarray]:
    """Return the Frechet distance of images to MNIST's test digits, and how many of them are read as each digit."""
    look = quick_look(images, device=device)
    return look.fid, np.array(look.counts)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Round pixels in [-1, 1] to 0..255, as a picture file holds them: the evaluator takes them from every generator.

    Raises
    ------
    DivergedError : a pixel is NaN or infinite
    """
    if not np.isfinite(images).all():
        raise DivergedError(
            "the generator draws NaN or infinite pixels: training has diverged; a smaller learning_rate usually helps"
        )
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
