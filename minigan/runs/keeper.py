"""The keeper of a run: it takes a checkpoint now and then, and goes back to the last one when the training diverges."""

import copy
import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from ..datasets import Dataset, Points
from ..errors import DivergedError
from ..training.state import put, take
from .attempts import Attempts
from .checkpoint import Checkpoint, Standing, fingerprint
from .clock import Clock
from .divergence import find_origin
from .run import Run
from .run_folder import RunFolder

if TYPE_CHECKING:
    from ..training.base_trainer import BaseTrainer

SHARE = 0.01  # of the time, which checkpoints may take at most
WHAT_TO_TRY = "Try a tenth of --learning-rate, --penalty r1, or --clip-gradient-norm 1."
WITHOUT_D = "Try a tenth of --learning-rate, or --clip-gradient-norm 1."


class Keeper:
    """Holds the last good checkpoint of a run, in memory and in the run's folder if there is one.

    Parameters
    ----------
    trainer, dataset, run, folder : of the loop
    attempts : write what may fail
    checkpoint : where the run goes on; the trainer gets its state
    """

    def __init__(
        self,
        trainer: "BaseTrainer",
        dataset: Dataset | Points,
        run: Run,
        folder: RunFolder | None,
        attempts: Attempts,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.trainer = trainer
        self.dataset = dataset
        self.run = run
        self.folder = folder
        self.attempts = attempts
        self.last = checkpoint
        self.shares: list[float] = []  # of the budget: what each step since the last checkpoint was told
        self.data = fingerprint(dataset)
        self.every = run.config.checkpoint_every
        self.next = self.every  # seconds on the clock
        if checkpoint:
            put(trainer, checkpoint.state)
            self.next += checkpoint.standing.seconds

    def is_due(self, clock: Clock) -> bool:
        """Say whether it is time for a checkpoint."""
        return clock.elapsed >= self.next

    def keep(self, standing: Standing, clock: Clock) -> None:
        """Keep a checkpoint of now; a state with a number that is not finite is not kept.

        Raises
        ------
        DivergedError : such a number is in a network
        """
        began = clock.elapsed
        with clock.pause():
            checkpoint = self.checkpoint(standing)
            bad = [name for name, array in checkpoint.state.arrays.items() if not np.isfinite(array).all()]
            if any(name.endswith(("_theta", "_stats")) for name in bad):
                player = self.run.config.spec.second if bad[0].startswith("discriminator") else bad[0].split("_")[0]
                problem = f"the {player} has weights that are not finite after step {standing.step:,}"
                raise self.diverged(standing.step, f"{problem}: training has diverged")
            if bad:
                self.attempts.warn(
                    "checkpoint",
                    f"the checkpoint of step {standing.step:,} is not kept, because {bad[0]} is not finite",
                )
            else:
                self.last = checkpoint
                self.shares.clear()
                if self.folder:
                    self.attempts.make("checkpoints", self.folder.save_checkpoint, checkpoint)
        self.next = clock.elapsed + max(self.every, (clock.elapsed - began) / SHARE)

    def keep_best(self, standing: Standing, clock: Clock) -> None:
        """Write the checkpoint of the best model so far."""
        with clock.pause():
            checkpoint = self.checkpoint(standing)
            if self.folder:
                self.attempts.make("best.npz", self.folder.save_best, checkpoint)

    def checkpoint(self, standing: Standing) -> Checkpoint:
        """Return the run as it is now."""
        return Checkpoint(
            dataclasses.asdict(self.run.config),
            self.trainer.generator.output_shape,
            self.trainer.code_length,
            self.data,
            copy.deepcopy(standing),
            list(self.run.history),
            take(self.trainer),
        )

    def diverged(self, step: int, problem: str) -> DivergedError:
        """Return an error that says in which layer a divergence began, what to try, and what is kept."""
        first = self.last.standing.step if self.last else 0
        state = self.last.state if self.last else None
        alone = self.trainer.communicator.size == 1
        origin = find_origin(self.run.config, self.dataset, state, self.shares[: step - first]) if alone else None
        cure = WITHOUT_D if self.run.config.spec.autoencodes else WHAT_TO_TRY
        text = " ".join(filter(None, (f"{problem}.", origin, cure)))
        if self.folder and self.last:
            text += f" The model of step {first:,} is kept: minigan sample {self.folder.path}"
        return DivergedError(text)
