"""Sampling from a generator: truncated noise, and rejection of what the discriminator believes least.

Both trade variety for quality, so both are off unless they are asked for. For the default run (seed 0, 10,000 digits,
the first evaluator, k = 3), ``truncation=1.5`` raises the precision from 0.81 to 0.84 and lowers the recall from 0.64
to 0.40; ``reject=0.2`` leaves both as they are and makes the ten classes less equal (KL 0.021 instead of 0.001).
"""

from collections.abc import Callable
from math import prod

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device, to_host
from ..datasets.batches import from_pixels_first
from ..errors import InputError
from ..fast.threads import threads
from ..network import Network
from ..objectives import Objective
from ..objectives.conditional import Conditional

CHUNK = 500  # samples that are drawn at once
CALIBRATION = 1000  # samples whose scores say which score is high enough
MOST_BYTES = 4 << 30  # of samples and noise
ATTEMPTS = 50  # after which a sample is kept even so


def check_count(n: int, generator: Network) -> None:
    """Check that n is an integer of at least 1, and that n samples and their noise take at most 4 GiB.

    Raises
    ------
    InputError : it is not, or they take more; the message says how many samples fit
    """
    each = 4 * (prod(generator.output_shape) + prod(generator.input_shape))
    most = max(1, MOST_BYTES // each)
    if validation.integer("n", n) > most:
        raise InputError(
            f"n: expected at most {most:,}, which take {MOST_BYTES >> 30} GiB with their noise, got {n:,}, "
            f"which take {n * each / 2**30:,.0f} GiB"
        )


def generate(generator: Network, z: Array) -> np.ndarray:
    """Run the generator in eval mode, in chunks that bound the memory.

    Parameters
    ----------
    z : noise (n, Z), with the codes of a conditional game behind it

    Returns
    -------
    Images (n, H, W) or (n, H, W, C), or points (n, C), on the host.
    """
    with threads(device=device_of(z)):
        chunks = [generator.forward(z[i : i + CHUNK], train=False)[0] for i in range(0, len(z), CHUNK)]
    return np.concatenate([from_pixels_first(x) for x in chunks])


def truncate(draw: Callable[[int], np.ndarray], limit: float) -> np.ndarray:
    """Draw standard normal noise, and again every number that lies outside [-limit, limit], until none does.

    The result has the density of the normal distribution inside the limits, and 0 outside (Brock et al. 2019, arXiv
    1809.11096, section 3.1).

    Parameters
    ----------
    draw : of a round 0, 1, ...: noise (n, Z)
    limit : above 0
    """
    z, rounds = draw(0), 1
    while (outside := np.abs(z) > limit).any():
        z = np.where(outside, draw(rounds), z)
        rounds += 1
    return z


def score(
    generator: Network,
    discriminator: Network,
    z: Array,
    objective: Objective,
    conditional: type[Conditional] | None,
) -> np.ndarray:
    """Return D's logit of each sample that G makes of z, (n,), on the host; the mean over several discriminators."""
    scores = []
    with threads(device=device_of(z)):
        for i in range(0, len(z), CHUNK):
            part = z[i : i + CHUNK]
            outputs, _ = discriminator.forward(generator.forward(part, train=False)[0], train=False)
            if conditional:
                codes = part[:, part.shape[1] - outputs.shape[1] + 1 :]
                outputs, _ = conditional(objective, codes).logit(outputs)
            scores.append(to_host(outputs.mean(axis=1)))
    return np.concatenate(scores)


def redraw(draw: Callable[[int], Array], believe: Callable[[Array], np.ndarray], threshold: float) -> Array:
    """Draw samples again whose score is below a threshold (after Azadi et al. 2019, arXiv 1810.06758).

    Azadi et al. keep a sample with a probability that rises with D's logit. Here the probability is 0 or 1, which needs
    no assumption about what the logit of an objective measures.

    Parameters
    ----------
    draw : of an attempt 0, 1, ...: noise and codes of all n samples
    believe : of noise and codes (m, ...): the scores (m,) of the samples
    threshold : the lowest score that is kept

    Returns
    -------
    Noise and codes (n, ...): of each sample the first attempt that is kept, or the 50th.
    """
    z = draw(0)
    refused = np.flatnonzero(believe(z) < threshold)
    for attempt in range(1, ATTEMPTS):
        if not len(refused):
            break
        rows = to_device(refused, device_of(z))
        z[rows] = draw(attempt)[rows]
        refused = refused[believe(z[rows]) < threshold]
    return z
