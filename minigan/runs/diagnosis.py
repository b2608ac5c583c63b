"""Diagnosis: what is wrong with a game, told from its symptoms, in plain words and with something to try.

The limits were fitted on the museum (`minigan museum`), which also says how often they are wrong.
"""

import math
from dataclasses import asdict, dataclass
from typing import NamedTuple

from .symptoms import Symptoms

LOSS = 1000.0  # losses of a healthy game stay far below
STRONG = 0.85  # D's advantage above which G learns little
PULL = 0.02  # a loss that pulls less than this at the fakes teaches G nothing
IGNORANT = 0.06  # the greatest advantage of a D that never learned to tell samples apart
MISSING = 0.5  # share of the data above which whole kinds of samples are not drawn
STRAY = 0.5  # share of the samples above which they are bad, even if they are spread like the data
VARIETY = 0.2  # below this, the samples are nearly the same
COPIED = 0.75  # below this, the samples are copies


class Figure(NamedTuple):
    """A symptom in words: its label, its healthy range, and why it may be unknown."""

    label: str
    healthy: str
    unknown: str


NO_RECORDS = "there are no records of a game"
NO_DATA = "the training data are not at hand; give them as `run.diagnose(data=...)`"
FIGURES = {
    "loss": Figure("largest recent loss", f"below {LOSS:,.0f}", NO_RECORDS),
    "advantage": Figure("advantage of D", f"below {STRONG:g}", f"{NO_RECORDS}, or the scores of D have no scale"),
    "best_advantage": Figure(
        "its greatest advantage", f"above {IGNORANT:g} at some time", f"{NO_RECORDS}, or the scores of D have no scale"
    ),
    "pull": Figure("pull of G's loss", f"above {PULL:g}", f"{NO_RECORDS}, or D gives scores, where it cannot vanish"),
    "missing": Figure("missing share of the data", f"below {MISSING:g}; real samples: about 0.05", NO_DATA),
    "stray": Figure("share of samples far from the data", "real samples: about 0; bad where D is at chance", NO_DATA),
    "variety": Figure(
        "variety of the samples",
        f"above {VARIETY:g}; real samples: 1",
        "only images whose training data are at hand have one",
    ),
    "copied": Figure(
        "distance from the nearest training image",
        f"above {COPIED:g}; new images: about 1",
        "only images have one, where at most 10,000 training images are at hand",
    ),
}


class Finding(NamedTuple):
    """Something that is wrong with a game.

    name : what it is called
    seen : the symptoms that show it
    means : what that means, in a sentence
    cure : what to try, with the options of ``minigan train``
    """

    name: str
    seen: tuple[str, ...]
    means: str
    cure: str


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found; ``print(diagnosis)`` shows it with all that was seen.

    findings : what is wrong; a cause comes before its effects
    symptoms : what was seen
    """

    findings: tuple[Finding, ...]
    symptoms: Symptoms

    @property
    def healthy(self) -> bool:
        """Whether nothing wrong was seen."""
        return not self.findings

    def sentence(self, finding: Finding) -> str:
        """Return a finding in one line, as the loop prints it."""
        values = asdict(self.symptoms)
        seen = ", ".join(f"{FIGURES[name].label} {values[name]:.3g}" for name in finding.seen)
        return f"{finding.name} ({seen}): {finding.means} {finding.cure}"

    def __str__(self) -> str:
        lines = []
        for finding in self.findings:
            lines += [finding.name, f"  {finding.means}", f"  {finding.cure}"]
        lines += [] if self.findings else ["Nothing wrong was seen."]
        lines.append("What was seen:")
        suspect = {name for finding in self.findings for name in finding.seen}
        for name, value in asdict(self.symptoms).items():
            label, healthy, unknown = FIGURES[name]
            if math.isnan(value):
                lines.append(f"    {label:<41} not known: {unknown}")
            else:
                lines.append(f"{'  ! ' if name in suspect else '    '}{label:<41}{value:>10.3g}  healthy: {healthy}")
        return "\n".join(lines)


AUTOENCODER = {  # what a finding means without a discriminator, and what to try then
    "divergence": ("The bound is no longer a finite number.", "Try a tenth of --learning-rate."),
    "memorisation": (
        "The samples lie nearer to training images than these lie to each other.",
        "Take more data, or fewer --steps.",
    ),
    "mode collapse": (
        "The generator draws few kinds of samples, or the same ones again and again.",
        "If the column kl of the log is near 0, z tells nothing about an image: try a smaller --learning-rate.",
    ),
}


def diagnose(symptoms: Symptoms, *, autoencoder: bool = False) -> Diagnosis:
    """Name what is wrong with a game, or with an autoencoder, which shows only some of the symptoms.

    A symptom that is NaN shows nothing, so no finding needs it. The findings, a cause before its effects:

    ===========================  ====================================================================
    divergence                   a loss above 1,000 or not finite
    memorisation                 copied < 0.75
    vanishing gradient           advantage > 0.85 and pull < 0.02
    discriminator too strong     advantage > 0.85, and the gradient of G does not vanish
    discriminator at chance      best_advantage < 0.06, and the samples are bad: stray > 0.5, or as in
                                 the next line
    mode collapse                missing > 0.5 or variety < 0.2
    ===========================  ====================================================================
    """
    s = symptoms
    found = []
    if s.loss > LOSS:
        found.append(
            Finding(
                "divergence",
                ("loss",),
                "The losses grow without bound, so the steps of the players are too long or D is free to grow steep.",
                "Try a tenth of --learning-rate. With --objective wasserstein, bound the critic: --penalty wgan-gp, or "
                "--clip-weights 0.01.",
            )
        )
    if s.copied < COPIED:
        found.append(
            Finding(
                "memorisation",
                ("copied",),
                "The samples lie nearer to training images than these lie to each other: G repeats its data.",
                "Take more data, or let D never see an image twice in the same way: --augment-shift 2. Fewer --steps "
                "help as well.",
            )
        )
    strong = s.advantage > STRONG
    if strong and s.pull < PULL:
        found.append(
            Finding(
                "vanishing gradient",
                ("advantage", "pull"),
                "D is sure that the fakes are fakes, and there the loss of G is flat, so G no longer learns.",
                "Try --objective non-saturating, whose loss is steep where D wins, and a smaller "
                "--discriminator-learning-rate.",
            )
        )
    elif strong:
        found.append(
            Finding(
                "discriminator too strong",
                ("advantage",),
                "D tells nearly all samples apart, and G does not catch up.",
                "Give both players the same learning rate and --discriminator-steps 1, or hold D back: --penalty r1, "
                "--spectral-norm or --instance-noise 0.5.",
            )
        )
    collapsed = [name for name, holds in (("missing", s.missing > MISSING), ("variety", s.variety < VARIETY)) if holds]
    stray = ("stray",) if s.stray > STRAY else ()
    if s.best_advantage < IGNORANT and (collapsed or stray):
        found.append(
            Finding(
                "discriminator at chance",
                ("best_advantage", *collapsed, *stray),
                "D never learned to tell bad samples from real ones, so G had no teacher.",
                "Let D learn: the same learning rate for both players, --label-flip 0, more --discriminator-steps, or "
                "a model with a larger D.",
            )
        )
    if collapsed:
        found.append(
            Finding(
                "mode collapse",
                tuple(collapsed),
                "G draws few kinds of samples, or the same ones again and again.",
                "Try equal learning rates, --conditional clusters, --packing 2 or --minibatch-std, which let D see "
                "what is missing, or a smaller --learning-rate.",
            )
        )
    if autoencoder:
        found = [Finding(each.name, each.seen, *AUTOENCODER[each.name]) for each in found]
    return Diagnosis(tuple(found), symptoms)
