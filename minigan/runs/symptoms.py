"""Symptoms: what can be seen of a game, in numbers that need no classifier, so that any images and points have them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..datasets import MODES, Dataset, Points, load_dataset
from ..datasets.clusters import cluster_labels
from ..errors import InputError
from ..metrics.distances import blocks, nearest, nearest_others
from ..objectives import ELBO, Objective
from ..training.config import ResolvedConfig
from .history import History

FEWEST = 4  # real samples that can be compared with anything
COMPARED = 500  # samples of the generator, and as many real ones
GROUPED = 2000  # real samples that are sorted into groups
GROUPS = 20  # where the data has no known modes, and at least as many samples for each
STRAY = 2.0  # times the distance that nearly all real samples keep to the centre of their group
COPIES = 200  # samples whose nearest training image is looked for
SEARCHED = 10_000  # training images that are searched at most
TINY = 1e-12  # in the place of a distance of 0
RECENT = 0.2  # the part of the records that tells how the game stands
GAP = {"least-squares": 1.0, "hinge": 4.0}  # mean D(x) - mean D(G(z)) of a D that wins, where D(x) is a score


@dataclass(frozen=True)
class Symptoms:
    """What was seen of a game; NaN stands for what could not be seen.

    loss : the largest size of a recent loss; infinite when a loss or a sample is not a finite number
    advantage : D's recent advantage, mean D(x) - mean D(G(z)) in units of what it is for a D that is always right
    best_advantage : D's greatest advantage in the run
    pull : how strongly G's loss pulls at the logit of a recent fake, |dL_G/ds|, in units of its pull at s = 0
    missing : share of the real samples whose kind the generator does not draw, or draws too rarely; see `RealSamples`
    stray : share of the samples that lie far from all real ones
    variety : median distance of a sample to the nearest other sample, in units of that of real samples
    copied : median distance of a sample to the nearest training image, in units of the distance of this image to the
        nearest other one; far below 1 for copies
    """

    loss: float = math.nan
    advantage: float = math.nan
    best_advantage: float = math.nan
    pull: float = math.nan
    missing: float = math.nan
    stray: float = math.nan
    variety: float = math.nan
    copied: float = math.nan


def find_symptoms(
    history: History, config: ResolvedConfig, sample: Callable[[int], np.ndarray], real: "RealSamples | None"
) -> Symptoms:
    """Look at the records of a run and, where real samples are given, at samples of its generator.

    Parameters
    ----------
    sample : draws that many samples
    """
    seen = of_history(history, config)
    if real:
        seen |= real.symptoms(sample(real.count))
    return Symptoms(**seen)


def find_real_samples(data: Any, name: str, shape: tuple[int, ...]) -> "RealSamples | None":
    """Return real samples from ``data``, or if that is None, from the data set called ``name``, or None without one.

    Raises
    ------
    InputError : ``data`` are given, but they cannot be loaded or do not fit
    """
    if data is not None:
        return RealSamples(load_dataset(data), shape)
    try:
        return RealSamples(load_dataset(name), shape)
    except InputError:
        return None


def of_history(history: History, config: ResolvedConfig) -> dict[str, float]:
    """Return the symptoms that the records show; "recent" means the last fifth of them, and at least one.

    For the cross-entropy games D(G(z)) = sigmoid(s) is a probability, and the pull is taken at the logit s of its mean.
    It is 2 D(G(z)) for the minimax game, and 2 (1 - D(G(z))) for the non-saturating one.
    """
    if not len(history):
        return {}
    recent = slice(-max(1, round(RECENT * len(history))), None)
    objective = config.base_objective
    losses = np.abs([history[name] for name in objective.columns[:2]])[:, recent]
    seen = {"loss": float(losses.max()) if np.isfinite(losses).all() else math.inf}
    if isinstance(objective, ELBO):
        return {} if math.isfinite(seen["loss"]) else seen  # the bound has no scale of its own
    gap = full_gap(config, objective)
    if math.isfinite(gap):
        advantage = (history["d_real"] - history["d_fake"]) / gap
        seen |= {"advantage": float(advantage[recent].mean()), "best_advantage": float(advantage.max())}
    if objective.log_odds:
        d = np.clip(history["d_fake"][recent].mean(), 1e-12, 1 - 1e-12)
        logits = np.array([[np.log(d / (1 - d))], [0.0]])
        slopes = np.abs(objective.generator_loss(logits)[1])[:, 0]
        seen["pull"] = float(slopes[0] / slopes[1])
    return seen


def full_gap(config: ResolvedConfig, objective: Objective) -> float:
    """Return mean D(x) - mean D(G(z)) for a D that is always right; NaN where the scores have no scale of their own.

    A probability or a score of the least-squares game is 1 for real samples then, and 0 for fakes. In the hinge game
    the gap is 2 at the margins, where G still learns well (1.3 to 2.2 in healthy games), and above 7 where D wins.
    """
    gap = 1.0 if objective.log_odds else GAP.get(objective.name, math.nan)
    return gap * (config.real_label - config.fake_label)


class RealSamples:
    """Real samples, with which those of a generator are compared.

    ``missing`` counts how many samples belong to each of several groups: the modes of a toy set, or 20 clusters that
    k-means finds in other data. With the shares p_k of the real samples and q_k of the others it is

        sum_k max(0, p_k - q_k)            0 at best, 1 at worst; the total variation distance

    Such bins show lost modes without a classifier (Richardson & Weiss 2018, arXiv 1805.12462, section 2). 500 other
    real samples have about 0.05, because so few fill no group exactly.

    ``stray`` counts samples that are further from every centre of a group than twice the distance that 99 % of the real
    samples keep to theirs.

    ``variety`` is computed for images, from 500 of each kind. ``copied`` is computed for sets of at most 10,000 images,
    from 200 samples. Images are compared pixel by pixel.

    Parameters
    ----------
    dataset : what the run learned from
    shape : of one sample of the generator

    Raises
    ------
    InputError : the shape is another one, or there are too few samples
    """

    def __init__(self, dataset: Dataset | Points, shape: tuple[int, ...]) -> None:
        if dataset.sample_shape != shape or len(dataset) < FEWEST:
            raise InputError(
                f"data: expected at least {FEWEST} samples of shape {shape}, "
                f"got {len(dataset):,} of {dataset.sample_shape}"
            )
        self.dataset = dataset
        self.count = min(COMPARED, len(dataset))
        rng = np.random.default_rng(0)
        real = flat(dataset.samples[rng.permutation(len(dataset))[:GROUPED]])
        if dataset.name in MODES:
            self.centres = flat(MODES[dataset.name].centres)
        else:
            labels = cluster_labels(real, max(1, min(GROUPS, len(real) // GROUPS)), rng=rng)
            self.centres = np.stack([real[labels == k].mean(axis=0) for k in np.unique(labels)])
        distance, group = nearest(real, self.centres)
        self.radius = STRAY * float(np.quantile(distance, 0.99))
        self.shares = self._shares(group)
        self.spacing = median_spacing(real[: self.count])

    def symptoms(self, samples: np.ndarray) -> dict[str, float]:
        """Compare samples of a generator, ``count`` or more of them, with the real ones.

        Returns
        -------
        The symptoms that these data can show, or an infinite loss if a sample is not finite.
        """
        x = flat(samples[: self.count])
        if not np.isfinite(x).all():
            return {"loss": math.inf}
        distance, group = nearest(x, self.centres)
        found = {
            "missing": float(np.maximum(self.shares - self._shares(group), 0).sum()),
            "stray": float((distance > self.radius).mean()),
        }
        if isinstance(self.dataset, Dataset):
            found["variety"] = median_spacing(x) / max(self.spacing, TINY)
            if len(self.dataset) <= SEARCHED:
                found["copied"] = copied(x[:COPIES], flat(self.dataset.images))
        return found

    def _shares(self, group: np.ndarray) -> np.ndarray:
        """Return the share of the samples that is in each group, of the group of each sample (n,)."""
        return np.bincount(group, minlength=len(self.centres)) / len(group)


def copied(x: np.ndarray, training: np.ndarray) -> float:
    """Return the median of |x_i - t| / |t - t'|, where t is the row of ``training`` nearest to x_i, and t' to t.

    New samples have about 1, because a new sample is about as far from t as another training sample is. Copies have 0.
    (Alaa et al. 2022, arXiv 2102.08921, section 4, count how often the quotient is below 1.)

    Parameters
    ----------
    x : (n, C)
    training : (N, C), N at least 2
    """
    to_training, index = nearest(x, training)
    to_next = np.empty_like(to_training)
    for rows, squares in blocks(training[index], training):
        squares[np.arange(len(squares)), index[rows]] = np.inf
        to_next[rows] = np.sqrt(squares.min(axis=1))
    return float(np.median(to_training / np.maximum(to_next, TINY)))


def median_spacing(x: np.ndarray) -> float:
    """Return the median distance of the rows of x (n, C) to their nearest others."""
    return float(np.median(np.sqrt(nearest_others(x, 1))))


def flat(samples: np.ndarray) -> np.ndarray:
    """Return samples as rows: images as float32 with pixels in [-1, 1], points as float64."""
    if samples.ndim == 2:
        return samples.astype(np.float64)
    rows = samples.reshape(len(samples), -1).astype(np.float32)
    return rows / np.float32(127.5) - 1 if samples.dtype == np.uint8 else rows
