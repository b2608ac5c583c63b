"""Measures real digits, and writes the two files of `floors` that ship with the package.

    python -m minigan.metrics.measure_floors

This takes a minute on two cores and needs all of MNIST; ``minigan data`` shows where it is looked for. It must run
again whenever an evaluator has changed.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import mnist_5k
from ..datasets.mnist import mnist
from ..files import atomic_path
from .distances import nearest
from .evaluator import EVALUATORS, load_evaluator
from .floors import FLOORS, HELD_OUT, SHIPPED
from .measures import Measures, features_of, measure
from .memorisation import flat_pixels


def random_training_digits() -> np.ndarray:
    """Return 10,000 of MNIST's training digits, drawn at random and always the same, (10000, 28, 28) uint8."""
    return mnist("train").images[np.random.default_rng(0).choice(60_000, SHIPPED, replace=False)]


def measure_digits(digits: np.ndarray, name: str) -> Measures:
    """Return all measures of digits under one evaluator."""
    evaluator = load_evaluator(name)
    return measure(features_of(digits, evaluator, "cpu"), evaluator)


def held_out(training: np.ndarray) -> np.ndarray:
    """Return the distances of MNIST's 10,000 test digits to their nearest training digits, sorted, float32."""
    return np.sort(nearest(flat_pixels(mnist("test").images), flat_pixels(training))[0])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write both files."""
    parser = argparse.ArgumentParser(prog="python -m minigan.metrics.measure_floors", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=FLOORS.parent, help="Folder for both files. Default: the one in the package."
    )
    out = parser.parse_args(argv).out
    digits = random_training_digits()
    floors = {name: measure_digits(digits, name)._asdict() for name in EVALUATORS}
    with atomic_path(out / FLOORS.name) as temporary:
        temporary.write_text(json.dumps(floors, indent=1) + "\n", encoding="utf-8")
    distances: dict[str, Any] = {
        "mnist-5k": held_out(mnist_5k().images),
        "mnist": held_out(mnist("train").images),
    }
    with atomic_path(out / HELD_OUT.name) as temporary:
        np.savez_compressed(temporary, **distances)
    for name in (FLOORS.name, HELD_OUT.name):
        print(f"{out / name}: {(out / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
