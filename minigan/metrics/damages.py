"""Damaged sets of digits: an evaluator must see each kind of damage, and must charge more for more of it.

    python -m minigan.metrics.damages

prints the table of the page on metrics: the distance of every damaged set, in multiples of the distance of real digits.
It needs all of MNIST and takes two minutes.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from .. import validation
from ..datasets.mnist import mnist
from ..errors import InputError
from . import damage_kinds as kinds
from .evaluator import EVALUATORS, Evaluator, load_evaluator
from .frechet import frechet_distance, moments


class Damage(NamedTuple):
    """One kind of damage.

    amounts : three of them, from the least to the greatest
    unit : what an amount counts
    apply : (ink, labels, amount, rng) -> ink, one of `damage_kinds`
    whole : whether an amount must be an integer
    """

    amounts: tuple[float, float, float]
    unit: str
    apply: Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]
    whole: bool = False


DAMAGES: dict[str, Damage] = {
    "noise": Damage((0.1, 0.2, 0.4), "standard deviation", kinds.noise),
    "salt": Damage((0.01, 0.03, 0.1), "share of the pixels", kinds.salt),
    "pepper": Damage((0.05, 0.1, 0.2), "share of the pixels", kinds.pepper),
    "blur": Damage((1, 2, 4), "times", kinds.blur, whole=True),
    "stripes": Damage((0.1, 0.2, 0.4), "brightness", kinds.stripes),
    "checkerboard": Damage((0.1, 0.2, 0.4), "brightness", kinds.checkerboard),
    "background": Damage((0.05, 0.1, 0.3), "brightness", kinds.background),
    "faint": Damage((0.1, 0.2, 0.4), "share of the ink", kinds.faint),
    "shift": Damage((1, 2, 3), "pixels", kinds.shift, whole=True),
    "thick": Damage((0.25, 0.5, 1), "share", kinds.thick),
    "thin": Damage((0.25, 0.5, 1), "share", kinds.thin),
    "rotation": Damage((10, 20, 30), "degrees", kinds.rotation),
    "smaller": Damage((0.1, 0.2, 0.3), "share of the size", kinds.smaller),
    "waves": Damage((0.5, 1, 2), "pixels", kinds.waves),
    "ghost": Damage((0.25, 0.5, 1), "share of the ink", kinds.ghost),
    "hole": Damage((3, 5, 8), "pixels", kinds.hole, whole=True),
    "blocks": Damage((0.25, 0.5, 1), "share", kinds.blocks),
    "means": Damage((0.1, 0.2, 0.4), "weight", kinds.means),
    "halves": Damage((0.1, 0.3, 1), "share of the digits", kinds.halves),
    "mirrored": Damage((0.1, 0.3, 1), "share of the digits", kinds.mirrored),
    "missing class": Damage((0.25, 0.5, 1), "share of the fives", kinds.missing_class),
    "repeats": Damage((0.01, 0.03, 0.1), "share of the digits", kinds.repeats),
    "noise images": Damage((0.01, 0.03, 0.1), "share of the digits", kinds.noise_images),
    "black images": Damage((0.01, 0.03, 0.1), "share of the digits", kinds.black_images),
}


def damaged(
    images: np.ndarray, labels: np.ndarray, kind: str, amount: float, *, rng: np.random.Generator
) -> np.ndarray:
    """Return a damaged copy of a set of digits.

    Parameters
    ----------
    images : (n, 28, 28) uint8
    labels : (n,) integers from 0 to 9
    kind : a name in `DAMAGES`
    amount : from 0, which changes nothing, to the greatest amount of the kind
    rng : draws whatever is random

    Returns
    -------
    Images (n, 28, 28) uint8, as many as before.

    Raises
    ------
    InputError : there is no such kind, or not so much of it
    """
    damage = DAMAGES[validation.one_of("kind", kind, DAMAGES)]
    if not 0 <= amount <= damage.amounts[-1] or (damage.whole and amount != int(amount)):
        numbers = "an integer" if damage.whole else "a number"
        raise InputError(f"amount: expected {numbers} from 0 to {damage.amounts[-1]} for {kind}, got {amount!r}")
    ink = damage.apply(images.astype(np.float32) / 255, labels, amount, rng)
    return np.rint(255 * np.clip(ink, 0, 1)).astype(np.uint8)


def multiples(
    evaluator: Evaluator, images: np.ndarray, labels: np.ndarray, *, chosen: Iterable[str]
) -> dict[tuple[str, float], float]:
    """Return the Frechet distance of every damaged set, divided by that of the undamaged digits.

    All distances are to MNIST's test digits.

    Parameters
    ----------
    evaluator : whose features are used
    images : (n, 28, 28) uint8, n above the number of features; real digits
    labels : (n,) integers from 0 to 9
    chosen : names of kinds

    Returns
    -------
    A number for each (kind, amount).
    """

    assert evaluator.reference is not None
    reference = evaluator.reference

    def distance(some: np.ndarray) -> float:
        return frechet_distance(moments(evaluator.features(some)), reference)

    floor, order = distance(images), list(DAMAGES)
    return {
        (kind, amount): distance(damaged(images, labels, kind, amount, rng=np.random.default_rng(order.index(kind))))
        / floor
        for kind in chosen
        for amount in DAMAGES[kind].amounts
    }


def real_digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n random training digits of MNIST, always the same, and their labels."""
    train = mnist("train")
    assert train.labels is not None
    picked = np.random.default_rng(0).choice(len(train), n, replace=False)
    return train.images[picked], train.labels[picked]


def main() -> None:
    """Print the table: a row for each kind, with its three amounts under every evaluator."""
    digits = real_digits(10_000)
    found = {name: multiples(load_evaluator(name), *digits, chosen=DAMAGES) for name in EVALUATORS}
    print(f"| damage | amounts | {' | '.join(found)} |")
    print("|---|---|" + "---|" * len(found))
    for kind, damage in DAMAGES.items():
        amounts = ", ".join(f"{amount:g}" for amount in damage.amounts)
        cells = (", ".join(_short(each[kind, amount]) for amount in damage.amounts) for each in found.values())
        print(f"| {kind} | {amounts} ({damage.unit}) | {' | '.join(cells)} |")


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:,.0f}"


if __name__ == "__main__":
    main()
