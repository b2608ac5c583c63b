"""Looks at a game a few times while it trains, and says what goes wrong."""

from functools import cached_property

from ..datasets import Dataset, Points
from .checkpoint import Standing
from .diagnosis import diagnose
from .run import Run
from .symptoms import FEWEST, RealSamples, find_symptoms

EARLY = 500  # steps before which no game is diagnosed
FIRST_LOOK, BETWEEN_LOOKS = 0.25, 0.2  # shares of the budget: a diagnosis takes as long as some steps


class Watch:
    """Diagnoses a game a few times in a run, but not in its first steps, and warns once of each finding.

    What is found once may pass, so it is shown when it is found again, or at the end of the run. The random state of
    the training is not touched, and nothing is stopped.

    Parameters
    ----------
    run : whose records and samples are looked at
    dataset : what the run learns from
    """

    def __init__(self, run: Run, dataset: Dataset | Points) -> None:
        self.run = run
        self.dataset = dataset

    def look(self, standing: Standing) -> list[str]:
        """Return the warnings that are due, and note in the standing what was found and shown."""
        over = self.run.stopped is not None
        due = standing.share >= max(FIRST_LOOK, standing.next_look)
        if standing.step < EARLY or not (due or over):
            return []
        standing.next_look = standing.share + BETWEEN_LOOKS
        config = self.run.config
        symptoms = find_symptoms(self.run.history, config, self.run.sample, self.real)
        diagnosis = diagnose(symptoms, autoencoder=config.spec.autoencodes)
        shown = [
            finding
            for finding in diagnosis.findings
            if (finding.name in standing.suspected or over) and finding.name not in standing.warned
        ]
        standing.warned += [finding.name for finding in shown]
        standing.suspected = [finding.name for finding in diagnosis.findings]
        return [diagnosis.sentence(finding) for finding in shown]

    @cached_property
    def real(self) -> RealSamples | None:
        """Real samples to compare with; None if there are too few of them."""
        return RealSamples(self.dataset, self.run.generator.output_shape) if len(self.dataset) >= FEWEST else None
