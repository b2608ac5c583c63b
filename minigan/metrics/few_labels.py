"""Learning from few labels: which samples are labelled, and a linear classifier whose regulariser they choose."""

from math import inf
from typing import NamedTuple

import numpy as np

from ..backend import Array, device_of, get_array_module, to_device, to_host
from ..objectives.cross_entropy import one_hot, softmax_cross_entropy
from .softmax_regression import fit

WEIGHTS = tuple(10.0**-k for k in range(1, 8))  # of the regulariser, from which the held-out samples choose
HELD_OUT = 5  # one of so many labelled samples of a class helps to choose the weight


class Score(NamedTuple):
    """What one classifier reached.

    accuracy : share of the test digits that are read correctly
    weight : of the regulariser, as the held-out digits chose it
    """

    accuracy: float
    weight: float


def turns(labels: np.ndarray) -> np.ndarray:
    """Return for each sample how many earlier ones have the same label.

    >>> turns(np.array([3, 3, 8, 3]))
    array([0, 1, 0, 2])
    """
    found = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        found[mine] = np.arange(len(mine))
    return found


def order_by_class(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the samples in a random order in which the classes take turns, so that each start of it is balanced.

    The first K samples of K equally frequent classes are one of each class, the next K are the second of each, and so
    on.
    """
    shuffled = rng.permutation(len(labels))
    return shuffled[np.argsort(turns(labels[shuffled]), kind="stable")]


def learn(x: Array, labels: np.ndarray, test_x: Array, test_labels: np.ndarray, classes: int) -> Score:
    """Fit the classifier to labelled samples, and let it read the test samples.

    The features are moved by their mean and divided by one number, so that |x|^2 is 1 on average; mean and number come
    from the labelled samples. One number for all features, and not one for each, keeps a pixel that is nearly always
    black from becoming as large as the others. The fifth, tenth, ... labelled sample of each class is held out and
    chooses the weight of the regulariser: from the largest weight on, the weight shrinks until the loss on these
    samples rises. Then the classifier is fitted to all labelled samples. Nothing is chosen by the test samples.

    Parameters
    ----------
    x : (n, F) floating; some class has at least five samples
    labels : (n,) integers
    test_x : (m, F)
    test_labels : (m,)
    classes : number K of classes
    """
    xp, device = get_array_module(x), device_of(x)
    mean = x.mean(axis=0)
    spread = float(((x - mean) ** 2).sum(axis=1).mean())
    scale = spread**-0.5 if spread else 1.0  # features that are all equal say nothing, at any scale

    def scaled(part: Array) -> Array:
        return xp.hstack(((part - mean) * scale, xp.ones((len(part), 1), dtype=part.dtype)))

    x, target = scaled(x), one_hot(labels, classes, device=device).astype(x.dtype, copy=False)
    held_out = to_device(turns(labels) % HELD_OUT == HELD_OUT - 1, device)
    kept_x, kept_target, held_x, held_target = x[~held_out], target[~held_out], x[held_out], target[held_out]
    least, best, start = inf, WEIGHTS[0], None
    for weight in WEIGHTS:
        start = fit(kept_x, kept_target, weight=weight, start=start).w
        loss = float(softmax_cross_entropy(held_x @ start, held_target)[0].mean())
        if loss > least:
            break
        least, best = loss, weight
    w = fit(x, target, weight=best).w
    read = to_host((scaled(test_x) @ w).argmax(axis=1))
    return Score(float((read == test_labels).mean()), best)
