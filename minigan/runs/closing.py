"""What is said at the end of a run."""

from ..models import kind_of
from ..training.stop_when import read_condition
from .checkpoint import Standing
from .diagnosis import diagnose
from .run import Run
from .symptoms import Symptoms, of_history

REASONS: dict[str | None, str] = {  # by `Run.stopped`
    "steps": "at the limit of steps",
    "seconds": "at the limit of seconds",
    "interrupt": "because of Ctrl-C",
    "terminate": "because the system asked for it (SIGTERM)",
    "hangup": "because its terminal was closed (SIGHUP)",
}


def closing_lines(run: Run, standing: Standing) -> list[str]:
    """Return how much was done, what ended it if there were several limits, which step was the best, and a warning."""
    config, kind = run.config, kind_of(run.generator.output_shape)
    done = f"{standing.step:,} steps, {standing.step * config.batch_size:,} {kind}, {standing.seconds:.1f} s"
    if standing.evaluations:
        done += f" and {standing.evaluating:.1f} s for {standing.evaluations:,} evaluations"
    lines = [f"interrupted after {done}" if run.interrupted else done]
    if config.stop_when or (config.steps and config.seconds):
        lines.append(_reason(run))
    if standing.best_step:
        lines.append(f"The best model is that of step {standing.best_step:,}: {standing.best_text}")
    warning = runaway(run)
    if warning and "divergence" not in standing.warned:
        lines.append(f"Warning: {warning}")
    if run.interrupted and run.folder:
        lines.append(f"To go on: minigan resume {run.folder}")
    return lines


def _reason(run: Run) -> str:
    """Return a sentence that says what ended the training."""
    text = run.config.stop_when
    if text is None:
        return f"It stopped {REASONS[run.stopped]}."
    if run.stopped == "stop_when":
        condition = read_condition(text)
        value = run.history.records[-1][condition.column]
        return f"It stopped because of {text}: {condition.column} is {value:.4g}."
    return f"It stopped {REASONS[run.stopped]}; {text} was not reached."


def runaway(run: Run) -> str | None:
    """Return a sentence about losses that have grown without bound by the end of a run, or None."""
    diagnosis = diagnose(Symptoms(**of_history(run.history, run.config)), autoencoder=run.config.spec.autoencodes)
    return next((diagnosis.sentence(each) for each in diagnosis.findings if each.name == "divergence"), None)
