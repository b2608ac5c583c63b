"""Softmax regression: a linear classifier on features, fitted to the one optimum of its convex loss."""

from collections import deque
from math import inf
from typing import NamedTuple

from .. import validation
from ..backend import Array, get_array_module
from ..errors import InputError
from ..objectives.cross_entropy import softmax_cross_entropy

MEMORY = 10  # pairs of steps and changes of the gradient that L-BFGS keeps
SUFFICIENT = 1e-4  # share of the decrease along the tangent that a step must bring (Nocedal & Wright, eq. 3.4)
SHORTEST = 1e-10  # step below which only rounding is left


class Fit(NamedTuple):
    """What `fit` found.

    w : the weights (F, K)
    loss : the value f(w)
    gap : a bound on f(w) - min f, in nats
    steps : how many steps were taken
    """

    w: Array
    loss: float
    gap: float
    steps: int


def loss_and_gradient(w: Array, x: Array, target: Array, weight: float) -> tuple[float, Array]:
    """Return f(w) = mean cross-entropy + weight / 2 |w|^2, and its gradient.

    Forward   f(w) = 1/N sum_n CE(x_n w, t_n) + weight/2 |w|^2        CE as in `softmax_cross_entropy`
    Backward  dw = 1/N x^T (softmax(x w) - t) + weight w

    CE is convex in the logits, the logits are linear in w, and |w|^2 is strongly convex, so f has one minimum and no
    other point with gradient 0.

    Parameters
    ----------
    w : (F, K)
    x : (N, F), the features; a column of ones among them gives each class a bias
    target : (N, K), a distribution over the classes in each row
    weight : the factor of the regulariser, at least 0
    """
    loss, ds = softmax_cross_entropy(x @ w, target)
    return float(loss.mean()) + weight / 2 * _dot(w, w), x.T @ (ds / len(x)) + weight * w


def fit(
    x: Array, target: Array, *, weight: float, start: Array | None = None, tolerance: float = 1e-4, most: int = 1000
) -> Fit:
    """Minimise `loss_and_gradient` over w with L-BFGS, all samples in every step.

    f - weight/2 |w|^2 is convex, so the distance from the minimum is known without knowing the minimum:

        f(v) >= f(w) + <dw, v - w> + weight/2 |v - w|^2 for all v        and so, with the least right-hand side,
        min f >= f(w) - |dw|^2 / (2 weight)

    The search ends when this bound, the ``gap``, is at most ``tolerance``.

    A step is w - s H dw. H is the estimate of the inverse second derivative from the last ten steps (Nocedal & Wright
    2006, algorithm 7.4), and s = 1, 1/2, 1/4, ... is the first that lowers f enough. No further condition on s is
    needed: <change of w, change of dw> >= weight |change of w|^2 > 0 always holds, so H stays positive. The very first
    H is 1/L with L = mean |x_n|^2 / 2 + weight, which no second derivative of f exceeds: that of CE in the logits,
    diag(p) - p p^T, has no eigenvalue above 1/2 (Boehning 1992).

    Parameters
    ----------
    x : (N, F) floating
    target : (N, K) of the same type and device
    weight : the factor of the regulariser, above 0
    start : (F, K), where the search begins; None is 0
    tolerance : the largest gap, in nats
    most : number of steps after which the search ends in any case

    Raises
    ------
    InputError : the weight or the tolerance is not above 0, or the shapes do not fit
    """
    validation.positive("weight", weight)
    validation.positive("tolerance", tolerance)
    if x.ndim != 2 or target.ndim != 2 or len(x) != len(target) or not len(x):
        raise InputError(f"x, target: expected shapes (N, F) and (N, K), got {x.shape} and {target.shape}")
    w = get_array_module(x).zeros((x.shape[1], target.shape[1]), dtype=x.dtype) if start is None else start
    loss, dw = loss_and_gradient(w, x, target, weight)
    scale = 1 / (_dot(x, x) / len(x) / 2 + weight)
    pairs: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)
    for steps in range(most + 1):
        gap = _dot(dw, dw) / (2 * weight)
        if gap <= tolerance or steps == most:
            break
        direction = _times_inverse(dw, pairs, scale)
        slope = _dot(dw, direction)
        size, new_loss = 1.0, inf
        while size > SHORTEST:
            new = w - size * direction
            new_loss, new_dw = loss_and_gradient(new, x, target, weight)
            if new_loss < loss and new_loss <= loss - SUFFICIENT * size * slope:
                break
            size /= 2
        else:
            break  # no step lowers f: the rest is rounding
        change, change_dw = new - w, new_dw - dw
        product = _dot(change, change_dw)
        if product > 0:  # always, but for rounding
            pairs.append((change, change_dw, 1 / product))
            scale = product / _dot(change_dw, change_dw)
        w, loss, dw = new, new_loss, new_dw
    return Fit(w, loss, gap, steps)


def _times_inverse(dw: Array, pairs: deque[tuple[Array, Array, float]], scale: float) -> Array:
    """Return H dw: the two loops of L-BFGS over the pairs (s, y, 1 / <s, y>), the newest last."""
    q, shares = dw.copy(), []
    for s, y, rho in reversed(pairs):
        shares.append(rho * _dot(s, q))
        q -= shares[-1] * y
    q *= scale
    for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
        q += (share - rho * _dot(y, q)) * s
    return q


def _dot(a: Array, b: Array) -> float:
    return float((a * b).sum())
