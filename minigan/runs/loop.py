"""The loop of a run: steps until the budget is spent, and records, pictures, evaluations and checkpoints by the way."""

import copy
import math
from typing import TYPE_CHECKING

import numpy as np

from ..datasets import Dataset, Points
from ..distributed import average
from ..models import kind_of
from ..training.stop_when import read_condition
from .attempts import Attempts
from .checkpoint import Checkpoint, Standing
from .clock import Clock
from .closing import closing_lines, runaway
from .history import History
from .judge import Judge, Verdict
from .keeper import Keeper
from .pictures import samples_to_show, snapshots_until
from .progress import Progress
from .records import first_fault, summarise, to_numbers
from .run import Run
from .run_folder import RunFolder
from .sampling import generate
from .signals import Signals
from .watch import Watch

if TYPE_CHECKING:
    from ..training.base_trainer import BaseTrainer, Seen

GRID = {"images": 64, "points": 1000}  # samples in each picture of the fixed z


class Loop:
    """Everything that happens between the first step of a run and the last.

    What a run can do without may fail: a picture, a record, a checkpoint. It warns once and goes on.
    In a distributed run every rank has a loop. Those of the ranks above 0 have no folder and no judge and print
    nothing, and all loops do the same at the same steps: the time and the records are those of rank 0.

    Parameters
    ----------
    trainer : takes the steps
    dataset : what the run learns from
    folder : gets the records, the pictures, the checkpoints and the model, or None
    progress : shows the records
    judge : evaluates the generator after every ``evaluate_every`` steps, or None
    checkpoint : where the run goes on, or None for its start
    history : the records up to there
    """

    def __init__(
        self,
        trainer: "BaseTrainer",
        dataset: Dataset | Points,
        folder: RunFolder | None,
        progress: Progress,
        judge: Judge | None = None,
        *,
        checkpoint: Checkpoint | None = None,
        history: History,
    ) -> None:
        self.trainer = trainer
        self.config = folder.config if folder else trainer.config
        self.ranks = trainer.communicator
        self.folder = folder
        self.progress = progress
        self.judge = judge
        path = folder.path if folder else None
        self.run = Run(self.config, trainer.average.network, trainer.discriminator, history, path, trainer.shares)
        self.run.rank = self.ranks.rank
        self.columns = self.config.base_objective.columns  # of what a step sees
        n, label = samples_to_show(self.run, default=GRID[kind_of(trainer.generator.output_shape)])
        self.z_fixed = self.run.latent(n, seed=self.config.seed, label=label)
        self.condition = read_condition(self.config.stop_when) if self.config.stop_when else None
        self.watch = None if self.config.quiet else Watch(self.run, dataset)
        self.attempts = Attempts()
        self.keeper = Keeper(trainer, dataset, self.run, folder, self.attempts, checkpoint)
        self.at = copy.deepcopy(checkpoint.standing) if checkpoint else Standing()
        self.pending: list[Seen] = []  # of the steps since the last record or checkpoint
        self.clock = Clock(self.at.seconds)
        self.at.share = self.spent()
        self.snapshots = snapshots_until(self.at.share) if checkpoint else 0
        if checkpoint:  # of a run that may have ended before its results were saved
            met = checkpoint.meets(self.config.stop_when)
            self.run.stopped = "stop_when" if met else self.at.limit(self.config)

    def train(self) -> Run:
        """Take steps until the budget is spent, the condition holds or a signal comes, and finish the run's folder.

        Raises
        ------
        DivergedError : a loss or a weight is no longer a finite number
        """
        with Signals() as signals:
            if self.at.step == 0:
                self.draw()
            while self.run.stopped is None:
                self.step()
                self.record()
                self.draw()
                if self.agree(signals):
                    self.keep()
            self.finish(signals)
        if signals.urgent:
            self.run.stopped = signals.wish  # even if the last step was taken, because pictures may be missing
        return self.run

    def agree(self, signals: Signals) -> bool:
        """Let a signal to one rank be one to all; return whether a checkpoint is due on rank 0."""
        received, due = zip(*self.ranks.gather((signals.received, self.keeper.is_due(self.clock))), strict=True)
        if any(received):
            signals.received = next(filter(None, received))
            self.run.stopped = self.run.stopped or signals.wish
        return due[0]

    def step(self) -> None:
        """Take one step, and say how much of the budget is spent.

        Raises
        ------
        DivergedError : a loss is not a finite number; on a GPU this is seen with the next record
        """
        self.keeper.shares.append(self.at.share)
        seen = self.trainer.step(self.at.share)
        self.pending.append(seen)
        self.at.step += 1
        self.at.share = self.spent()
        self.run.stopped = self.at.limit(self.config)
        fault = self.config.device == "cpu" and not math.isfinite(seen[0] + seen[1])
        if any(self.ranks.gather(fault)):
            self.write_record()

    def spent(self) -> float:
        """Return the share of the budget that is spent on rank 0, in [0, 1]."""
        self.at.seconds = self.ranks.gather(self.clock.seconds)[0]
        steps = self.at.step / (self.config.steps or math.inf)
        return min(max(steps, self.at.seconds / (self.config.seconds or math.inf)), 1.0)

    def record(self) -> None:
        """Write a record when one is due, with an evaluation when that is due, and look at the condition."""
        evaluate = self.is_due(self.config.evaluate_every)
        if evaluate or self.is_due(self.config.log_every):
            self.write_record(evaluate=evaluate)
            if self.condition and self.condition.holds(self.run.history.records[-1]):
                self.run.stopped = "stop_when"
            for warning in self.watch.look(self.at) if self.watch else ():
                self.progress.message(f"step {self.at.step:>6,}  Warning: {warning}")

    def is_due(self, every: int | None) -> bool:
        """Return whether it is time for what comes after ``every`` so many steps, and after the last one."""
        return every is not None and (self.at.step % every == 0 or self.run.stopped is not None)

    def write_record(self, *, evaluate: bool = False) -> None:
        """Write a record of the steps since the last one.

        Raises
        ------
        DivergedError : a loss is no longer a finite number; the record is written all the same
        """
        rows = self.read_pending()
        fault = first_fault(self.at.step, rows, self.columns)
        verdict = self.evaluate() if evaluate and self.judge and not fault else None
        record = summarise(self.at.step, rows, self.columns)
        record["seconds"] = seconds = self.clock.seconds
        record["images_per_second"] = len(rows) * self.config.batch_size / (seconds - self.at.recorded)
        if verdict:
            record |= verdict.columns
        self.at.recorded, self.at.pending = seconds, []
        record = self.ranks.gather(record)[0]
        self.run.history.append(record)
        if self.folder:
            self.attempts.make("metrics.jsonl", self.folder.add_record, record)
        self.progress.update(record, self.at.share, elapsed=self.clock.elapsed)
        if fault:
            raise self.keeper.diverged(*fault)
        if evaluate:
            self.compare(verdict)

    def read_pending(self) -> np.ndarray:
        """Return what the steps since the last record saw, (n, 4), as means over the ranks."""
        rows = to_numbers(self.pending)
        average(self.ranks, rows)
        rows = np.concatenate((np.array(self.at.pending, dtype=rows.dtype).reshape(-1, 4), rows))
        self.at.pending = rows.tolist()
        self.pending.clear()
        return rows

    def evaluate(self) -> Verdict:
        """Judge samples of the averaged generator. Their noise is the same at every step, and the clock stands still.

        The random state of the training is not touched, so the weights are the same with evaluations and without.
        """
        assert self.judge is not None
        paused = self.clock.paused
        with self.clock.pause():
            verdict = self.judge(self.run.sample(self.judge.samples, seed=self.config.seed))
        self.at.evaluating += self.clock.paused - paused
        self.at.evaluations += 1
        return verdict

    def compare(self, verdict: Verdict | None) -> None:
        """Show the verdict, which rank 0 has, and keep the model if it is the best so far."""
        better = verdict is not None and (not self.at.best_step or verdict.rank < tuple(self.at.best_rank))
        if verdict and better:
            self.at.best_step, self.at.best_rank, self.at.best_text = self.at.step, list(verdict.rank), verdict.text
        if any(self.ranks.gather(better)):
            self.keeper.keep_best(self.at, self.clock)
        if verdict:
            text = f"{verdict.text}, the best so far" if better else verdict.text
            self.progress.message(f"step {self.at.step:>6,}  {text}")

    def draw(self) -> None:
        """Write a picture of the fixed z when one is due: often at first, rarely later, and after the last step."""
        over = snapshots_until(self.at.share)
        if self.folder and (over > self.snapshots or self.run.stopped is not None):
            samples = generate(self.run.generator, self.z_fixed)
            self.attempts.make("samples", self.folder.add_snapshot, self.at.step, samples, self.run)
        self.snapshots = over

    def keep(self) -> None:
        """Keep a checkpoint of now.

        Raises
        ------
        DivergedError : a loss or a weight is no longer a finite number
        """
        if first_fault(self.at.step, self.read_pending(), self.columns):
            self.write_record()
        self.at.seconds = self.clock.seconds
        self.keeper.keep(self.at, self.clock)

    def finish(self, signals: Signals) -> None:
        """Save the run, say what was done and why it ended, and draw the pictures of the whole run."""
        self.progress.close()
        self.keep()
        self.run.checkpoint = self.keeper.last
        if self.at.pending:
            self.write_record()
        if self.folder:
            self.run.model = self.attempts.make("model.npz", self.folder.save_model, self.run)
        for line in closing_lines(self.run, self.at):
            self.progress.message(line)
        self.run.runaway = runaway(self.run) is not None
        if self.folder:
            for name, write in self.folder.pictures(self.run).items():
                if not signals.urgent:  # after that the process may soon be killed
                    self.attempts.make(name, write)
            self.progress.message(self.folder.describe())
