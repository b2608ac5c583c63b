"""The loop of a run: steps until the budget is spent, and records, pictures and evaluations by the way."""

import math
from functools import cached_property
from typing import TYPE_CHECKING

from ..backend import get_array_module, to_host
from ..datasets import Dataset, Points
from ..errors import DivergedError
from ..models import kind_of
from ..training.stop_when import read_condition
from .clock import Clock
from .diagnosis import diagnose
from .history import History, Record
from .judge import Judge, Verdict
from .progress import Progress
from .run import Run
from .run_folder import RunFolder, samples_to_show
from .sampling import generate
from .symptoms import FEWEST, RealSamples, find_symptoms

if TYPE_CHECKING:
    from ..training.trainer import StepMetrics, Trainer

REASONS: dict[str | None, str] = {  # by `Run.stopped`
    "steps": "at the limit of steps",
    "seconds": "at the limit of seconds",
    "interrupt": "because of Ctrl-C",
}
SNAPSHOTS = 40  # pictures of one fixed z over a run, more of them at its start
GRID = {"images": 64, "points": 1000}  # samples in each of these pictures
EARLY = 500  # steps before which no game is diagnosed
FIRST_LOOK, BETWEEN_LOOKS = 0.25, 0.2  # shares of the budget: a diagnosis takes as long as some steps


class Loop:
    """Everything that happens between the first step of a run and the last.

    Parameters
    ----------
    trainer : takes the steps
    folder : gets the records, the pictures and the best model, or None
    progress : shows the records
    judge : evaluates the generator after every ``evaluate_every`` steps, or None
    dataset : what the run learns from, if the loop is to warn of what goes wrong; None warns of nothing
    """

    def __init__(
        self,
        trainer: "Trainer",
        folder: RunFolder | None,
        progress: Progress,
        judge: Judge | None = None,
        dataset: Dataset | Points | None = None,
    ) -> None:
        self.trainer = trainer
        self.config = trainer.config
        self.folder = folder
        self.progress = progress
        self.judge = judge
        self.dataset = dataset
        path = folder.path if folder else None
        self.run = Run(self.config, trainer.average.network, trainer.discriminator, History(), path, trainer.shares)
        self.kind = kind_of(trainer.generator.output_shape)
        n, label = samples_to_show(self.run, default=GRID[self.kind])
        self.z_fixed = self.run.latent(n, seed=self.config.seed, label=label)
        self.condition = read_condition(self.config.stop_when) if self.config.stop_when else None
        self.pending: list[StepMetrics] = []  # of the steps since the last record
        self.steps = 0  # taken so far
        self.share = 0.0  # of the budget that is spent
        self.snapshots = 0  # that are over
        self.evaluations = 0
        self.best: tuple[int, Verdict] | None = None  # the step with the best verdict so far
        self.clock = Clock()
        self.recorded = 0.0  # seconds at the last record
        self.next_look = FIRST_LOOK  # the share of the budget at which the game is diagnosed next
        self.suspected: set[str] = set()  # names of what the last diagnosis found
        self.warned: set[str] = set()  # names of what was shown

    def train(self) -> Run:
        """Take steps until the budget is spent, the condition holds or Ctrl-C comes, and finish the run's folder."""
        try:
            self.draw()
            while self.run.stopped is None:
                self.step()
                self.record()
                self.draw()
        except KeyboardInterrupt:
            self.run.stopped = "interrupt"
            if self.pending:
                self.write_record()
        self.finish()
        return self.run

    def step(self) -> None:
        """Take one step, and say how much of the budget is spent."""
        self.pending.append(self.trainer.step(self.share))
        self.steps += 1
        steps = self.steps / (self.config.steps or math.inf)
        seconds = self.clock.seconds / (self.config.seconds or math.inf)
        self.share = min(max(steps, seconds), 1.0)
        if self.share == 1:
            self.run.stopped = "steps" if steps >= 1 else "seconds"

    def record(self) -> None:
        """Write a record when one is due, with an evaluation when that is due, and look at the condition."""
        evaluate = self.is_due(self.config.evaluate_every)
        if evaluate or self.is_due(self.config.log_every):
            record = self.write_record(evaluate=evaluate)
            if self.condition and self.condition.holds(record):
                self.run.stopped = "stop_when"
            self.look()

    def look(self) -> None:
        """Diagnose the game a few times in a run, but not in its first steps, and warn once of each finding.

        What is found once may pass, so it is shown when it is found again, or at the end of the run. The random state
        of the training is not touched, and nothing is stopped.
        """
        if self.dataset is None or self.steps < EARLY or (self.share < self.next_look and self.run.stopped is None):
            return
        self.next_look = self.share + BETWEEN_LOOKS
        diagnosis = diagnose(find_symptoms(self.run.history, self.config, self.run.sample, self.real))
        for finding in diagnosis.findings:
            again = finding.name in self.suspected or self.run.stopped is not None
            if again and finding.name not in self.warned:
                self.warned.add(finding.name)
                self.progress.message(f"step {self.steps:>6,}  Warning: {diagnosis.sentence(finding)}")
        self.suspected = {finding.name for finding in diagnosis.findings}

    @cached_property
    def real(self) -> RealSamples | None:
        """Real samples to compare with; None if there are too few of them."""
        assert self.dataset is not None
        return RealSamples(self.dataset, self.trainer.generator.output_shape) if len(self.dataset) >= FEWEST else None

    def is_due(self, every: int | None) -> bool:
        """Return whether it is time for what comes after ``every`` so many steps, and after the last one."""
        return every is not None and (self.steps % every == 0 or self.run.stopped is not None)

    def write_record(self, *, evaluate: bool = False) -> Record:
        """Write a record of the steps since the last one.

        Raises
        ------
        DivergedError : a loss is no longer a finite number; the record is written all the same
        """
        record = summarise(self.steps, self.pending)
        verdict = self.evaluate() if evaluate and not diverged(record) else None
        seconds = self.clock.seconds
        record["seconds"] = seconds
        record["images_per_second"] = len(self.pending) * self.config.batch_size / (seconds - self.recorded)
        if verdict:
            record |= verdict.columns
        self.recorded = seconds
        self.pending.clear()
        self.run.history.append(record)
        if self.folder:
            self.folder.add_record(record)
        self.progress.update(record, self.share, elapsed=self.clock.elapsed)
        if problem := diverged(record):
            raise DivergedError(problem)
        if verdict:
            self.compare(verdict)
        return record

    def evaluate(self) -> Verdict:
        """Judge samples of the averaged generator. Their noise is the same at every step, and the clock stands still.

        The random state of the training is not touched, so the weights are the same with evaluations and without.
        """
        assert self.judge is not None
        with self.clock.pause():
            verdict = self.judge(self.run.sample(self.judge.samples, seed=self.config.seed))
        self.evaluations += 1
        return verdict

    def compare(self, verdict: Verdict) -> None:
        """Show a verdict, and keep the model if it is the best so far."""
        better = self.best is None or verdict.rank < self.best[1].rank
        if better:
            with self.clock.pause():
                if self.folder:
                    self.folder.save_best(self.run)
            self.best = (self.steps, verdict)
        self.progress.message(f"step {self.steps:>6,}  {verdict.text}{', the best so far' if better else ''}")

    def draw(self) -> None:
        """Write a picture of the fixed z when one is due: often at first, rarely later, and after the last step."""
        over = self.share >= (self.snapshots / SNAPSHOTS) ** 2
        if self.folder and (over or self.run.stopped is not None):
            self.folder.add_snapshot(self.steps, generate(self.run.generator, self.z_fixed))
        while self.share >= (self.snapshots / SNAPSHOTS) ** 2:
            self.snapshots += 1

    def finish(self) -> None:
        """Say what was done and why it ended, and write the model and the pictures of the whole run."""
        self.progress.close()
        for line in self.closing_lines():
            self.progress.message(line)
        if self.folder:
            self.folder.finish(self.run)
            self.progress.message(self.folder.describe())

    def closing_lines(self) -> list[str]:
        """Return how much was done, what ended it if there were several limits, and which step was the best."""
        done = f"{self.steps:,} steps, {self.steps * self.config.batch_size:,} {self.kind}, {self.clock.seconds:.1f} s"
        if self.evaluations:
            done += f" and {self.clock.paused:.1f} s for {self.evaluations:,} evaluations"
        lines = [f"interrupted after {done}" if self.run.interrupted else done]
        if self.condition or (self.config.steps and self.config.seconds):
            lines.append(self.reason())
        if self.best:
            step, verdict = self.best
            lines.append(f"The best model is that of step {step:,}: {verdict.text}")
        return lines

    def reason(self) -> str:
        """Return a sentence that says what ended the training."""
        if self.condition is None:
            return f"It stopped {REASONS[self.run.stopped]}."
        if self.run.stopped == "stop_when":
            value = self.run.history.records[-1][self.condition.column]
            return f"It stopped because of {self.config.stop_when}: {self.condition.column} is {value:.4g}."
        return f"It stopped {REASONS[self.run.stopped]}; {self.config.stop_when} was not reached."


def summarise(step: int, metrics: "list[StepMetrics]") -> Record:
    """Return the means over some steps, of which ``step`` is the last; only here does the host wait for the device."""
    xp = get_array_module(metrics[0].d_loss)
    means = to_host(xp.stack([xp.stack(m) for m in metrics]).mean(axis=0))
    return {"step": step, **dict(zip(metrics[0]._fields, map(float, means), strict=True))}


def diverged(record: Record) -> str | None:
    """Return what is wrong when a loss in the record is not a finite number, otherwise None."""
    for player, name in (("discriminator", "d_loss"), ("generator", "g_loss")):
        if not math.isfinite(record[name]):
            return (
                f"the {player}'s loss is {record[name]} at step {record['step']:,.0f}: training has diverged; "
                "a smaller learning_rate usually helps"
            )
    return None
