"""A game that is played: the trainer of `minigan.train`, whose settings may change between two rounds."""

import math
import time
from typing import Any

import numpy as np

from ..backend import Array
from ..datasets.batches import Batches
from ..errors import InputError
from ..fast.threads import threads
from ..metrics import mode_coverage
from ..objectives import get_penalty
from ..objectives.codes import draw_noise
from ..optimizers import Clipped
from ..replay.snapshots import pack_fields
from ..replay.text import base64_of
from ..runs.axes import centres_of, reach_of
from ..runs.field import find_field
from ..runs.history import History
from ..runs.run import Run
from ..runs.sampling import generate
from ..training.game import make_objective
from ..training.steps import generator_step
from ..training.trainer import StepMetrics, Trainer
from .settings import DRAWN, MODES, VIEW, Settings, find_data

POINTS = 500  # of the generator, and of the data, in a picture
ARROWS = 120  # points of the generator whose push is shown; a multiple of every packing
PATIENCE = 0.25  # seconds after which a request ends, even if it asked for more rounds


class Game:
    """Two networks that play, and what a picture shows of them.

    The steps are those of `minigan.training.Trainer`: k rounds are k steps of a run with the same seed, to the bit.
    A game in which a number is no longer finite stands still; `diverged` then says so in a sentence.

    Parameters
    ----------
    settings : at the start
    points : what the reader drew, (n, 2) float32, for the data "drawn"

    Raises
    ------
    InputError : nothing is drawn for the data "drawn"
    """

    def __init__(self, settings: Settings, points: np.ndarray | None = None) -> None:
        self.settings = settings
        self.points = points
        self.data = find_data(settings, points)
        self.trainer = Trainer(settings.resolve(), self.data)
        self.rounds = 0
        self.diverged: str | None = None
        self.z = self._run.latent(POINTS, seed=settings.seed)

    def change(self, settings: Settings, points: np.ndarray | None = None) -> None:
        """Go on with other settings; both networks, their moments and the random state stay.

        Parameters
        ----------
        settings : with the same packing and the same seed
        points : what the reader drew; None if that did not change

        Raises
        ------
        InputError : nothing is drawn for the data "drawn", or new networks are needed; the game stays as it is
        """
        if settings.needs_new_networks(self.settings):
            raise InputError("packing, seed: expected those of the game, got others, which need new networks")
        if settings == self.settings and points is None:
            return
        trainer, rules, config = self.trainer, self.trainer.game, settings.resolve()
        drawn = self.points if points is None else points
        if settings.data != self.settings.data or (points is not None and settings.data == DRAWN):
            self.data = find_data(settings, drawn)
            trainer.batches = Batches(
                self.data.samples, config.batch_size, rng=trainer.streams["order"], device=trainer.device
            )
        self.settings, self.points, trainer.config = settings, drawn, config
        trainer.batch_size = trainer.batches.batch_size = config.batch_size
        rules.objective = make_objective(config, rng=trainer.streams["soft labels"])
        rules.discriminator_penalty = None if config.penalty == "none" else get_penalty(config.penalty)
        rules.generator_optimizer.learning_rate = config.generator_learning_rate
        rules.discriminator_optimizer.learning_rate = config.discriminator_learning_rate
        assert isinstance(rules.discriminator_optimizer, Clipped)
        rules.discriminator_optimizer.weights = config.clip_weights

    def advance(self, rounds: int, *, patience: float = PATIENCE) -> dict[str, Any]:
        """Play some rounds, or fewer if they take longer than ``patience`` seconds, and return what a page shows.

        Returns
        -------
        ``round`` that was reached and ``diverged``. If the game did not diverge, also ``ms`` for each round and the
        means of `StepMetrics` over the rounds (all None without a round), and what `picture` returns.
        """
        with threads(1), np.errstate(all="ignore"):  # the products are too small to be worth a second thread
            start = time.perf_counter()
            seen: list[StepMetrics] = []
            while len(seen) < rounds and not self.diverged and time.perf_counter() - start < patience:
                seen.append(self._round())
            ms = 1000 * (time.perf_counter() - start) / max(len(seen), 1)
            found = {} if self.diverged else self.picture()
        answer: dict[str, Any] = {"round": self.rounds, "diverged": self.diverged}
        if self.diverged:
            return answer
        means = np.mean([[float(each) for each in step] for step in seen], axis=0).tolist() if seen else [None] * 4
        return {**answer, "ms": ms if seen else None, **dict(zip(StepMetrics._fields, means, strict=True)), **found}

    def picture(self) -> dict[str, Any]:
        """Return what a page draws: D's field with G's points, real points, the push on G's points, and the modes.

        ``push`` says where D's gradient sends G's points: for the first 120 points x, in packs as D judges them,

            push = -d loss(D(x)) / dx        what G's backward pass gets for each point, but for the mean over the batch
        """
        points = generate(self.trainer.generator, self.z)
        centres = centres_of(self.settings.data)
        field = find_field(self._run, points, reach=VIEW if centres is None else reach_of(points, centres))
        push = self._push(points[:ARROWS])
        if not all(np.isfinite(each).all() for each in (points, field.logits, push)):
            self._diverge()
            return {}
        samples = self.data.samples[:: max(1, len(self.data) // POINTS)][:POINTS]
        modes = None
        if self.settings.data in MODES:
            modes = mode_coverage(points, *MODES[self.settings.data])._asdict()
        return {"field": pack_fields(self._run, [field]), "real": pack(samples), "push": pack(push), "modes": modes}

    def _round(self) -> StepMetrics:
        """Let D take its steps and G its first one, as `Trainer.step` does, and then G its other steps."""
        trainer = self.trainer
        seen = trainer.step()
        for _ in range(self.settings.generator_steps - 1):
            z = draw_noise(
                trainer.streams["noise"], trainer.batch_size, trainer.generator.input_shape[0], trainer.device
            )
            x_fake, caches_fake = trainer.generator.forward(z, train=True, rng=trainer.layer_draws)
            generator_step(trainer.game, x_fake, caches_fake, rng=trainer.layer_draws)
        self.rounds += 1
        if not math.isfinite(float(seen.d_loss) + float(seen.g_loss)):
            self._diverge()
        return seen

    def _push(self, x: Array) -> Array:
        outputs, caches = self.trainer.discriminator.forward(x, train=False)
        _, ds = self.trainer.game.objective.generator(outputs)
        return -len(outputs) * self.trainer.discriminator.backward(ds, caches, param_grads=False)

    def _diverge(self) -> None:
        self.diverged = (
            f"In round {self.rounds:,} a number became too large: the game diverged. Choose lower learning rates, or a "
            "penalty that keeps D from growing steep, and press Reset."
        )

    @property
    def _run(self) -> Run:
        """The game as a run whose generator has the present weights, not their running average."""
        return Run(self.trainer.config, self.trainer.generator, self.trainer.discriminator, History([]))


def pack(points: np.ndarray) -> str:
    """Return points as the page reads them: float32 in base64."""
    return base64_of(np.ascontiguousarray(points, dtype="<f4").tobytes())
