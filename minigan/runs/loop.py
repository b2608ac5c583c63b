"""The loop of a run: steps until the budget is spent, and records and pictures by the way."""

import math
import time
from typing import TYPE_CHECKING

from ..backend import get_array_module, to_host
from ..errors import DivergedError
from ..models import kind_of
from .history import History, Record
from .progress import Progress
from .run import Run, generate
from .run_folder import RunFolder, samples_to_show

if TYPE_CHECKING:
    from ..training.trainer import StepMetrics, Trainer

SNAPSHOTS = 40  # pictures of one fixed z over a run, more of them at its start
GRID = {"images": 64, "points": 1000}  # samples in each of these pictures


class Loop:
    """Everything that happens between the first step of a run and the last.

    Parameters
    ----------
    trainer : takes the steps
    folder : gets the records and the pictures, or None
    progress : shows the records
    """

    def __init__(self, trainer: "Trainer", folder: RunFolder | None, progress: Progress) -> None:
        self.trainer = trainer
        self.config = trainer.config
        self.folder = folder
        self.progress = progress
        path = folder.path if folder else None
        self.run = Run(self.config, trainer.average.network, trainer.discriminator, History(), path)
        self.kind = kind_of(trainer.generator.output_shape)
        n, label = samples_to_show(self.run, default=GRID[self.kind])
        self.z_fixed = self.run.latent(n, seed=self.config.seed, label=label)
        self.pending: list[StepMetrics] = []  # of the steps since the last record
        self.steps = 0  # taken so far
        self.share = 0.0  # of the budget that is spent
        self.snapshots = 0  # that are over
        self.started = self.recorded = time.perf_counter()

    def train(self) -> Run:
        """Take steps until the budget is spent or Ctrl-C comes, and finish the run's folder."""
        try:
            self.draw()
            while self.share < 1:
                self.step()
                self.record()
                self.draw()
        except KeyboardInterrupt:
            self.run.interrupted = True
            if self.pending:
                self.write_record()
        self.finish()
        return self.run

    def step(self) -> None:
        """Take one step, and say how much of the budget is spent."""
        self.pending.append(self.trainer.step(self.share))
        self.steps += 1
        seconds = time.perf_counter() - self.started
        spent = (self.steps / (self.config.steps or math.inf), seconds / (self.config.seconds or math.inf))
        self.share = min(max(spent), 1.0)

    def record(self) -> None:
        """Write a record when one is due: after every ``log_every`` steps, and after the last step."""
        if self.steps % self.config.log_every == 0 or self.share == 1:
            self.write_record()

    def write_record(self) -> None:
        """Write a record of the steps since the last one.

        Raises
        ------
        DivergedError : a loss is no longer a finite number; the record is written all the same
        """
        record = summarise(self.steps, self.pending)
        now = time.perf_counter()
        record["seconds"] = now - self.started
        record["images_per_second"] = len(self.pending) * self.config.batch_size / (now - self.recorded)
        self.recorded = now
        self.pending.clear()
        self.run.history.append(record)
        if self.folder:
            self.folder.add_record(record)
        self.progress.update(record, self.share)
        check_finite(record)

    def draw(self) -> None:
        """Write a picture of the fixed z when one is due; at first this is often, later it is rare."""
        if self.folder and self.share >= (self.snapshots / SNAPSHOTS) ** 2:
            self.folder.add_snapshot(self.steps, generate(self.run.generator, self.z_fixed))
            while self.share >= (self.snapshots / SNAPSHOTS) ** 2:
                self.snapshots += 1

    def finish(self) -> None:
        """Say how long it took, and write the model and the pictures of the whole run."""
        seconds = time.perf_counter() - self.started
        self.progress.close()
        self.progress.message(
            f"{'interrupted after ' if self.run.interrupted else ''}{self.steps:,} steps, "
            f"{self.steps * self.config.batch_size:,} {self.kind}, {seconds:.1f} s"
        )
        if self.folder:
            self.folder.finish(self.run)
            self.progress.message(self.folder.describe())


def summarise(step: int, metrics: "list[StepMetrics]") -> Record:
    """Return the means over some steps, of which ``step`` is the last; only here does the host wait for the device."""
    xp = get_array_module(metrics[0].d_loss)
    means = to_host(xp.stack([xp.stack(m) for m in metrics]).mean(axis=0))
    return {"step": step, **dict(zip(metrics[0]._fields, map(float, means), strict=True))}


def check_finite(record: Record) -> None:
    """Raise `DivergedError` when a loss in the record is not a finite number."""
    for player, name in (("discriminator", "d_loss"), ("generator", "g_loss")):
        if not math.isfinite(record[name]):
            raise DivergedError(
                f"the {player}'s loss is {record[name]} at step {record['step']:,.0f}: training has diverged; "
                "a smaller learning_rate usually helps"
            )
