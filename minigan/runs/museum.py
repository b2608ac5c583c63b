"""The museum: ten games that fail in ways worth knowing, each with its cure, and twenty that do not fail.

The limits of `minigan.runs.diagnosis` were fitted with seed 0; the README of this folder says what other seeds gave.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

from ..datasets import Dataset, load_dataset
from ..errors import DivergedError
from .diagnosis import Diagnosis, diagnose
from .symptoms import Symptoms
from .train import train

Options = dict[str, Any]  # of `minigan.train`; and "digits", the number of digits to learn from instead of all 5,000

MLP: Options = {"model": "mlp", "log_every": 20}
HYBRID: Options = {"model": "hybrid", "log_every": 20}
CONV: Options = {"model": "conv", "log_every": 20}
RING: Options = {"data": "ring", "log_every": 50}
GRID: Options = {"data": "grid", "log_every": 50}


class Exhibit(NamedTuple):
    """A game that fails, always in the same way.

    name : for the command line
    finding : the name of what is wrong, which the diagnosis must put first
    about : what can be seen, in a sentence
    failing, cured : the options of both games
    """

    name: str
    finding: str
    about: str
    failing: Options
    cured: Options


EXHIBITS = {
    exhibit.name: exhibit
    for exhibit in (
        Exhibit(
            "steep-critic",
            "divergence",
            "The critic of the Wasserstein game may grow as steep as it likes, so its scores and losses explode.",
            RING
            | {"packing": 1, "objective": "wasserstein", "clip_weights": 100.0, "learning_rate": 3e-2, "steps": 1500},
            RING | {"objective": "wasserstein", "penalty": "wgan-gp", "steps": 3000},
        ),
        Exhibit(
            "one-mode",
            "mode collapse",
            "G moves ten times as fast as D, so all points run to the mode that D likes best at the moment.",
            GRID | {"packing": 1, "generator_learning_rate": 4e-3, "steps": 1500},
            GRID | {"steps": 3000},
        ),
        Exhibit(
            "same-figure",
            "mode collapse",
            "The losses look as in a textbook, and yet G draws a handful of shapes again and again.",
            MLP | {"generator_learning_rate": 5e-3, "discriminator_learning_rate": 1e-4, "steps": 600},
            MLP | {"steps": 1000},
        ),
        Exhibit(
            "one-per-class",
            "mode collapse",
            "The loss on the classes weighs too much in ac-gan: G draws all ten digits, but one image of each.",
            MLP | {"conditional": "ac-gan", "code_weight": 5.0, "average_decay": 0.99, "steps": 800},
            MLP | {"conditional": "projection", "average_decay": 0.99, "steps": 800},
        ),
        Exhibit(
            "giant-steps",
            "discriminator too strong",
            "D learns slowly, but the steps of G are so large that it forgets whatever it learned, and D wins.",
            MLP | {"generator_learning_rate": 1e-2, "discriminator_learning_rate": 2e-4, "steps": 600},
            MLP | {"steps": 1000},
        ),
        Exhibit(
            "flat-loss",
            "vanishing gradient",
            "In the minimax game a well trained D is sure of every fake, where the loss of G is flat.",
            MLP
            | {
                "objective": "minimax",
                "generator_learning_rate": 5e-5,
                "discriminator_learning_rate": 2e-3,
                "discriminator_steps": 2,
                "steps": 400,
            },
            MLP | {"objective": "minimax", "steps": 1000},
        ),
        Exhibit(
            "strong-judge",
            "discriminator too strong",
            "D learns a hundred times as fast as G and wins at once; the loss of G is steep, but G cannot catch up.",
            MLP | {"generator_learning_rate": 2e-5, "discriminator_learning_rate": 2e-3, "steps": 500},
            MLP | {"steps": 1000},
        ),
        Exhibit(
            "sleeping-judge",
            "discriminator at chance",
            "D hardly learns, so its answers of 0.5 do not mean that the digits are good.",
            MLP | {"discriminator_learning_rate": 1e-6, "steps": 500},
            MLP | {"steps": 1000},
        ),
        Exhibit(
            "coin-flips",
            "discriminator at chance",
            "Nearly half of the labels are exchanged, so D can learn nothing from them.",
            RING | {"label_flip": 0.49, "steps": 2000},
            RING | {"steps": 2000},
        ),
        Exhibit(
            "copycat",
            "memorisation",
            "There are 16 training images, which D knows by heart, and G learns to repeat them.",
            MLP | {"digits": 16, "batch_size": 16, "steps": 700},
            MLP | {"steps": 1000},
        ),
    )
}

HEALTHY: tuple[Options, ...] = (
    RING | {"steps": 3000},
    GRID | {"steps": 3000},
    MLP | {"steps": 1200},
    MLP | {"steps": 1200, "conditional": "clusters"},
    RING | {"steps": 3000, "objective": "hinge"},
    GRID | {"steps": 3000, "update": "simultaneous", "packing": 1},
    MLP | {"steps": 1000, "objective": "least-squares"},
    CONV | {"steps": 1000},
    RING | {"steps": 3000, "objective": "least-squares", "packing": 1},
    GRID | {"steps": 4000, "batch_size": 128},
    MLP | {"steps": 1000, "objective": "hinge"},
    MLP | {"steps": 1000, "conditional": "projection"},
    RING | {"steps": 3000, "penalty": "r1"},
    MLP | {"steps": 1000, "objective": "minimax"},
    HYBRID | {"steps": 800, "batch_size": 128},
    MLP | {"steps": 2000, "update": "simultaneous"},
    MLP | {"steps": 1000, "real_label": 0.9},
    RING | {"steps": 2000, "batch_size": 128, "objective": "minimax"},
    CONV | {"steps": 1500, "conditional": "projection"},
    MLP | {"steps": 700, "objective": "wasserstein", "penalty": "wgan-gp"},
)
HEALTHY_SEED = 100  # of the first healthy game; the next one has 101, and so on


def play(options: Options, *, seed: int, out: Path | None = None) -> Diagnosis:
    """Train one game of the museum on the CPU, and diagnose it.

    Parameters
    ----------
    options : of an exhibit, of its cure, or of a healthy game
    seed : of the run
    out : the folder of the run, or None
    """
    rest = dict(options)
    data = rest.pop("data", "mnist-5k")
    if digits := rest.pop("digits", None):
        data = Dataset(f"{digits} digits", load_dataset(data).samples[:digits])
    try:
        run = train(**rest, data=data, seed=seed, out=out, device="cpu", quiet=True)
    except DivergedError:
        return diagnose(Symptoms(loss=math.inf))
    return run.diagnose(data=data)


def flags(options: Options) -> str:
    """Return options as they are written behind ``minigan train``."""
    rest = dict(options)
    digits = rest.pop("digits", None)
    text = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in rest.items() if name != "log_every")
    return text + (f" (on the first {digits} digits)" if digits else "")
