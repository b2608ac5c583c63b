"""The league: objectives and penalties play the plain GAN game on several models, and each run has equal time.

No generator is told a class or a cluster (``conditional="none"``), and D takes one step for each step of G. All other
options are the defaults of the model.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import DivergedError, InputError
from ..fast.threads import threads
from ..metrics import EVALUATORS, quick_look
from ..metrics.evaluation import SAMPLES
from ..models import build_networks
from ..objectives import OBJECTIVES
from ..objectives.penalties import PENALTIES, check_penalised
from ..training import TrainConfig
from .judge import IMAGE, to_uint8
from .train import train


class Game(NamedTuple):
    """An objective and a penalty; ``penalty`` is "none" when there is none."""

    objective: str
    penalty: str

    def __str__(self) -> str:
        return self.objective if self.penalty == "none" else f"{self.objective}, {self.penalty}"


# Every objective without a penalty, and every penalty with the objective that it was made for.
GAMES = {objective: Game(objective, "none") for objective in OBJECTIVES} | {
    penalty: Game("wasserstein" if penalty.startswith("wgan") else "non-saturating", penalty) for penalty in PENALTIES
}


class Entry(NamedTuple):
    """What one run plays; ``seconds`` is how long it may train."""

    data: str
    model: str
    objective: str
    penalty: str
    seed: int
    seconds: float

    @property
    def game(self) -> Game:
        """The objective and the penalty."""
        return Game(self.objective, self.penalty)

    def __str__(self) -> str:
        return f"{self.model}, {self.game}, seed {self.seed}"

    @property
    def options(self) -> dict[str, Any]:
        """The options of `minigan.train`."""
        return {**self._asdict(), "conditional": "none"}


class Result(NamedTuple):
    """What one run reached.

    entry : what it played
    steps : how many steps it took, 0 if it diverged
    fid, fid_second : Frechet distance of 10,000 digits to MNIST's test digits under the first and the second
        evaluator; infinite if the run diverged
    kl : divergence of the classes from equal ones, in nats; NaN if the run diverged
    """

    entry: Entry
    steps: int
    fid: float
    fid_second: float
    kl: float


def check(entries: Sequence[Entry]) -> None:
    """Check, before anything is trained, that all entries can be played.

    Raises
    ------
    InputError : an option does not fit, or a penalty does not fit the discriminator of its model
    """
    for entry in entries:
        TrainConfig(**entry.options)
    for model in {entry.model: None for entry in entries if entry.penalty != "none"}:
        _, discriminator = build_networks(model, IMAGE, rng=np.random.default_rng(0))
        try:
            check_penalised(discriminator)
        except InputError as error:
            raise InputError(f"models: expected models whose discriminator can pay, got {model!r}; {error}") from None


def play(entry: Entry) -> Result:
    """Train, draw 10,000 digits and measure them; the time for measuring does not count.

    Raises
    ------
    InputError : an option or the data does not fit
    KeyboardInterrupt : Ctrl-C ended the training early, so there is no result
    """
    try:
        run = train(**entry.options, quiet=True)
        if run.interrupted:
            raise KeyboardInterrupt
        device = run.generator.device
        with threads(device=device):
            images = to_uint8(run.sample(SAMPLES))
            first, second = (quick_look(images, evaluator=name, device=device) for name in EVALUATORS)
    except DivergedError:
        return Result(entry, steps=0, fid=math.inf, fid_second=math.inf, kl=math.nan)
    steps = int(run.history["step"][-1])
    return Result(entry, steps, round(first.fid, 3), round(second.fid, 3), round(first.kl, 5))
