"""The options of a training run: each with its type, default, group, help sentence and check."""

from dataclasses import dataclass
from typing import Any

from .. import validation
from ..objectives.penalties import PENALTIES, get_penalty
from .declare import option
from .game_options import GameOptions
from .stop_when import condition_text

positive, fraction = validation.positive, validation.fraction
integer, boolean = validation.integer, validation.boolean


def penalty_text(name: str, value: Any) -> str:
    """Return the text of a penalty when it is "none" or `get_penalty` can read it."""
    if not isinstance(value, str) or value != "none":
        get_penalty(value)
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Options(GameOptions):
    """All options of one training run, in the groups and in the order of ``minigan train --help``."""

    seconds: float | None = option(
        None,
        "optimisation",
        "Stop after this many seconds of training. If a number of steps is given as well, the run stops at whichever "
        "comes first.",
        check=positive,
    )
    stop_when: str | None = option(
        None,
        "optimisation",
        "Stop as soon as a number in the log passes a limit, for example 'fid<1' or 'd_fake>0.49' (in quotes, because "
        "of the shell). The number of steps or seconds remains the upper limit. fid needs --evaluate-every. "
        "Default: no such limit.",
        check=condition_text,
    )
    learning_rate: float | None = option(
        None, "optimisation", "Learning rate of Adam for both players. Default: the model's own.", check=positive
    )
    generator_learning_rate: float | None = option(
        None, "optimisation", "Learning rate of the generator alone. Default: the common one.", check=positive
    )
    discriminator_learning_rate: float | None = option(
        None, "optimisation", "Learning rate of the discriminator alone. Default: the common one.", check=positive
    )
    learning_rate_decay: str | None = option(
        None,
        "optimisation",
        "Keep the learning rates as they are, or let them fall in a straight line to 0 at the end of the run. "
        "Default: linear for conv, otherwise none.",
        choices=("none", "linear"),
    )
    beta1: float | None = option(
        None,
        "optimisation",
        "Adam's decay rate for the mean of the gradient, at least 0 and below 1. Default: the model's own.",
        check=fraction,
    )
    beta2: float | None = option(
        None,
        "optimisation",
        "Adam's decay rate for the mean of the squared gradient, at least 0 and below 1. Default: the model's own.",
        check=fraction,
    )
    average_decay: float | None = option(
        None,
        "optimisation",
        "Samples are drawn with a running average of the generator's weights. This is its decay rate, at least 0 and "
        "below 1. Default: the model's own.",
        check=fraction,
    )
    device: str = option(
        "auto",
        "optimisation",
        "Where to compute; auto takes the GPU when there is one that works.",
        choices=("auto", "cpu", "cuda"),
    )

    penalty: str | None = option(
        None,
        "regularisation",
        f"Penalty on the slope of the discriminator: none, {', '.join(PENALTIES)}. Its options follow a colon, as in "
        "r1:weight=10,every=4. Default: r1:weight=1,every=8 for conv if the objective is not wasserstein, "
        "otherwise none.",
        check=penalty_text,
    )
    clip_gradient_norm: float | None = option(
        None,
        "regularisation",
        "Upper limit for the norm of each player's gradient. Default: no limit.",
        check=positive,
    )
    clip_gradient_value: float | None = option(
        None,
        "regularisation",
        "Upper limit for the size of every number in each player's gradient. Default: no limit.",
        check=positive,
    )
    clip_weights: float | None = option(
        None,
        "regularisation",
        "Upper limit for the size of every weight of the discriminator. Default: 0.01 for wasserstein without a "
        "penalty or spectral norm, otherwise no limit.",
        check=positive,
    )
    instance_noise: float = option(
        0.0,
        "regularisation",
        "Standard deviation of the noise that is added to the discriminator's input at the start; it falls to 0 over "
        "the run.",
        check=validation.not_negative,
    )
    real_label: float = option(
        1.0,
        "regularisation",
        "Label of real samples in the discriminator's loss; a value below 1 makes the discriminator less sure.",
        check=validation.finite,
    )
    fake_label: float = option(
        0.0, "regularisation", "Label of generated samples in the discriminator's loss.", check=validation.finite
    )
    label_noise: float = option(
        0.0,
        "regularisation",
        "Move each label towards the other one by a random amount of up to this.",
        check=validation.finite,
    )
    label_flip: float = option(
        0.0, "regularisation", "Share of the labels that are exchanged, at least 0 and below 1.", check=fraction
    )

    log_every: int = option(50, "output", "Steps between two lines of the log, metrics.jsonl.", check=integer)
    evaluate_every: int | None = option(
        None,
        "output",
        "Steps between two evaluations, of 2,000 drawn digits or of 2,500 points of a toy set. The best model so far "
        "is kept in best.npz. Each takes less than a second on two cores, which --seconds does not count. "
        "Default: no evaluations.",
        check=integer,
    )
    checkpoint_every: float = option(
        30.0,
        "output",
        "Seconds between two checkpoints, from which `minigan resume` goes on. If one takes long to write, the next "
        "comes later, so that they take less than one percent of the time.",
        check=positive,
    )
    keep_checkpoints: int = option(2, "output", "Number of checkpoints to keep; older ones are removed.", check=integer)
    overwrite: bool = option(
        False, "output", "If the folder of --out holds a run, remove that run first.", check=boolean
    )
    quiet: bool = option(False, "output", "Print nothing.", check=boolean)
