"""The floors: what real digits get, so that the numbers of drawn digits can be read.

Two files ship with the package; ``python -m minigan.metrics.measure_floors`` writes them.

==============  ===========================================================================================
floors.json     all measures of 10,000 random training digits, under each evaluator
held_out.npz    distances of the 10,000 test digits to their nearest training digits in mnist-5k and in mnist
==============  ===========================================================================================
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..archive import Archive
from ..backend import Device
from ..datasets import mnist_5k
from .evaluator import EVALUATORS, load_evaluator
from .measures import Measures, features_of, measure

FLOORS = Path(__file__).with_name("floors.json")
HELD_OUT = Path(__file__).with_name("held_out.npz")
SHIPPED = 10_000  # training digits behind the numbers in floors.json


class Floors(NamedTuple):
    """What real digits get.

    n : how many training digits were measured
    measured : their measures by the name of the evaluator
    """

    n: int
    measured: dict[str, Measures]


@cache
def floors_for(n: int, device: Device = "cpu") -> Floors:
    """Return what real digits get that are measured as n drawn digits are.

    For at most 5,000 images these are the first n digits of mnist-5k, which are measured now. For more, they are
    10,000 random training digits, whose numbers ship with the package.

    Parameters
    ----------
    n : number of drawn digits, above the number of features
    device : where it is computed
    """
    digits = mnist_5k().images
    if n > len(digits):
        return Floors(SHIPPED, {name: read_measures(saved) for name, saved in _read_floors().items()})
    measured = {}
    for name in EVALUATORS:
        evaluator = load_evaluator(name, device)
        measured[name] = measure(features_of(digits[:n], evaluator, device), evaluator, device=device)
    return Floors(n, measured)


@cache
def held_out_distances(data: str) -> np.ndarray | None:
    """Return the distances of MNIST's test digits to their nearest digits in "mnist-5k" or "mnist", or None."""
    with Archive(HELD_OUT) as file:
        return file.read(data, ("float32",)) if data in file.names else None


def read_measures(saved: dict[str, Any]) -> Measures:
    """Return `Measures` from what ``_asdict`` made of them and JSON kept."""
    return Measures(**{**saved, "counts": tuple(saved["counts"])})


@cache
def _read_floors() -> dict[str, Any]:
    return json.loads(FLOORS.read_text(encoding="utf-8"))
