"""Adversarial examples: images changed by at most epsilon in every pixel, so that a network misjudges them.

An attack raises a loss of the network in its input x and leaves the weights as they are. The gradient comes from the
network's own backward pass, which goes on below the first layer:

    dx = J^T dy        as G gets its gradient through D

Pixels lie in [-1, 1]. So epsilon 0.2 is a tenth of the way from black to white, 25.5 of 255 grey levels, and articles
that count pixels from 0 to 1 call it 0.1.
"""

from collections.abc import Callable

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..errors import InputError
from ..metrics import Evaluator
from ..metrics.hidden_features import check_judges_alone
from ..objectives.conditional import Projection, get_conditional
from ..objectives.cross_entropy import one_hot, softmax_cross_entropy
from ..runs.run import Run

Loss = Callable[[Array], tuple[Array, Array]]  # of images (H, W, N, C): a number for each (N,), and its gradient in x
Judge = Callable[[Array], tuple[Array, Callable[[Array], Array]]]
METHODS = ("pgd", "fgsm")
STEPS = 20  # of PGD
REACH = 2.5  # length of all steps of PGD together, in epsilons; 2 lead from any corner of the ball to any other


def fgsm(x: Array, loss: Loss, *, epsilon: float) -> Array:
    """Return x after one step of the fast gradient sign method.

    y = clip(x + epsilon sign(dx), -1, 1)            (Goodfellow, Shlens & Szegedy 2015, arXiv 1412.6572, section 4)

    To first order loss(x + r) = loss(x) + <dx, r>. Of all r with no element above epsilon, r = epsilon sign(dx) makes
    <dx, r> largest: it then is epsilon times the sum of all |dx|. Many small changes add up.

    Parameters
    ----------
    x : images (H, W, N, C) in [-1, 1]
    loss : what the attack raises, for each image by itself
    epsilon : the largest change of a pixel, in (0, 2]

    Raises
    ------
    InputError : epsilon is out of its range
    """
    check_epsilon(epsilon)
    return _project(x + epsilon * get_array_module(x).sign(loss(x)[1]), x, epsilon)


def pgd(x: Array, loss: Loss, *, epsilon: float, rng: np.random.Generator, steps: int = STEPS) -> Array:
    """Return the images of the highest loss on a path of projected gradient steps.

    y_0     = P(x + u),  u uniform in [-epsilon, epsilon]
    y_(t+1) = P(y_t + a sign(dloss/dy_t))            (Madry et al. 2018, arXiv 1706.06083, section 2.1)

    P moves every pixel to the nearest value in [x - epsilon, x + epsilon] and in [-1, 1]; both are intervals, so this
    is the projection onto their intersection. The size of a step is a = 2.5 epsilon / steps. For each image the y_t of
    the highest loss is kept, since a step of a fixed size can also go too far.

    Parameters
    ----------
    x : images (H, W, N, C) in [-1, 1]
    loss : what the attack raises, for each image by itself
    epsilon : the largest change of a pixel, in (0, 2]
    rng : draws u on the host
    steps : number of steps, at least 1

    Raises
    ------
    InputError : epsilon or the number of steps is out of its range
    """
    check_epsilon(epsilon)
    size = REACH * epsilon / validation.integer("steps", steps)
    xp = get_array_module(x)
    u = rng.uniform(-epsilon, epsilon, x.shape).astype(x.dtype)
    y = _project(x + xp.asarray(u), x, epsilon)
    best, highest = y, None
    for step in range(steps + 1):
        value, dy = loss(y)
        better = xp.ones(value.shape, dtype=bool) if highest is None else value > highest
        best = xp.where(better[:, None], y, best)  # (N, 1) against (H, W, N, C)
        highest = value if highest is None else xp.maximum(value, highest)
        if step < steps:
            y = _project(y + size * xp.sign(dy), x, epsilon)
    return best


def random_signs(x: Array, *, epsilon: float, rng: np.random.Generator) -> Array:
    """Change every pixel by +epsilon or -epsilon at random, within [-1, 1]: the size of FGSM, but no gradient."""
    check_epsilon(epsilon)
    signs = rng.choice(np.array([-1, 1], dtype=x.dtype), x.shape)
    return _project(x + epsilon * get_array_module(x).asarray(signs), x, epsilon)


def _project(y: Array, x: Array, epsilon: float) -> Array:
    xp = get_array_module(x)
    return xp.clip(xp.clip(y, x - epsilon, x + epsilon), -1, 1)


def check_epsilon(epsilon: float) -> None:
    """Check that epsilon is above 0, and at most 2, the way from black to white.

    Raises
    ------
    InputError : it is not
    """
    if validation.positive("epsilon", epsilon) > 2:
        raise InputError(f"epsilon: expected a number above 0 and at most 2, got {epsilon!r}")


def beliefs(run: Run) -> Judge:
    """Return a function of images that gives D's logits, one for each discriminator, and the map from dlogits to dx.

    In the games "projection" and "clusters" D judges pairs of an image and a class, with the logit s + a_y for class y.
    Of an image alone this takes the class that D believes most,

        logit = s + max_y a_y        dlogit/ds = 1, dlogit/da_y = 1 for the largest a_y, else 0

    so it also is defined for images whose class is unknown, such as the cluster of a new digit.

    Raises
    ------
    InputError : D judges several images together, or the run is an autoencoder, which has no D
    """
    if run.config.spec.autoencodes:
        raise InputError("run: expected a model with a discriminator, got an autoencoder")
    discriminator = run.discriminator
    check_judges_alone(discriminator)
    game = get_conditional(run.config.conditional)

    def judge(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        outputs, caches = discriminator.forward(x, train=False)
        xp = get_array_module(x)
        slopes = xp.ones_like(outputs)
        if game is not None:
            slopes[:, 1:] = 0
            if issubclass(game, Projection):
                slopes[xp.arange(len(outputs)), 1 + outputs[:, 1:].argmax(axis=1)] = 1
        logits = outputs if game is None else (outputs * slopes).sum(axis=1, keepdims=True)
        return logits, lambda ds: discriminator.backward(ds * slopes, caches, param_grads=False)

    return judge


def belief(run: Run, *, sign: int = 1) -> Loss:
    """Return the loss of an attack on D: its logit, the mean over several discriminators, times +1 or -1.

    With +1 the attack makes D believe an image, with -1 it makes D doubt it.
    """
    judge = beliefs(run)

    def loss(x: Array) -> tuple[Array, Array]:
        logits, back = judge(x)
        ds = get_array_module(x).full_like(logits, sign / logits.shape[1])
        return sign * logits.mean(axis=1), back(ds)

    return loss


def misreading(evaluator: Evaluator, labels: np.ndarray) -> Loss:
    """Return the loss of an attack on an evaluator: the cross-entropy of what it reads and the labels (N,).

    The logits become float64 for the loss: where the evaluator is sure, softmax(s) - t is a difference that float32
    would round to 0.
    """
    target = one_hot(labels, evaluator.head.output_shape[0], device=evaluator.head.device).astype(np.float64)

    def loss(x: Array) -> tuple[Array, Array]:
        features, below = evaluator.body.forward(x, train=False)
        logits, above = evaluator.head.forward(features, train=False)
        value, ds = softmax_cross_entropy(logits.astype(np.float64), target)
        dfeatures = evaluator.head.backward(ds.astype(logits.dtype), above, param_grads=False)
        return value[:, 0], evaluator.body.backward(dfeatures, below, param_grads=False)

    return loss


def attacked(
    method: str, x: Array, loss: Loss, *, epsilon: float, rng: np.random.Generator, steps: int = STEPS
) -> Array:
    """Return what the attack of this name makes of images (H, W, N, C).

    Raises
    ------
    InputError : there is no such method, or a number is out of its range
    """
    if validation.one_of("method", method, METHODS) == "fgsm":
        return fgsm(x, loss, epsilon=epsilon)
    return pgd(x, loss, epsilon=epsilon, rng=rng, steps=steps)
