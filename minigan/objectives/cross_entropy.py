"""The cross-entropy losses and their gradients: with two classes for a discriminator, with several for a classifier.

Both losses take logits, not probabilities. The logarithm of a computed sigmoid or softmax overflows, or loses its
gradient, exactly where the network is sure of a wrong answer.
"""

import numpy as np

from ..backend import Array, Device, get_array_module, to_device
from ..errors import InputError
from ..layers.activations import sigmoid


def sigmoid_cross_entropy(logits: Array, target: float) -> tuple[Array, Array]:
    """Return -t log sigmoid(s) - (1 - t) log(1 - sigmoid(s)) for every logit s, and its derivative.

    Forward   loss = max(s, 0) - s t + log1p(exp(-|s|))
    Backward  ds = sigmoid(s) - t = (1 - t) sigmoid(s) - t sigmoid(-s)

    The forward formula follows from log(1 + e^s) = max(s, 0) + log1p(e^-|s|). The second form of ds never subtracts
    two nearly equal numbers: for s = 40 and t = 1 it gives -4.2e-18, where the first form is rounded to 0.

    Parameters
    ----------
    logits : array of shape (N, 1)
        The logits s; any finite numbers.
    target : float in [0, 1]
        The label t of all samples.

    Returns
    -------
    loss, ds : arrays of shape (N, 1)

    Raises
    ------
    InputError
        If the target lies outside [0, 1].
    """
    if not 0 <= target <= 1:
        raise InputError(f"target: expected a number in [0, 1], got {target!r}")
    target = float(target)  # a NumPy number would turn float32 into float64
    xp = get_array_module(logits)
    loss = xp.maximum(logits, 0) - logits * target + xp.log1p(xp.exp(-xp.abs(logits)))
    return loss, (1 - target) * sigmoid(logits) - target * sigmoid(-logits)


def softmax(logits: Array) -> Array:
    """Return the probabilities p_k = exp(s_k - m) / sum_j exp(s_j - m), with m = max_j s_j.

    The factor exp(-m) cancels. It keeps every exponential at most 1, so nothing overflows.

    Parameters
    ----------
    logits : array of shape (N, K)

    Returns
    -------
    p : array of shape (N, K)
        Each row is positive and adds up to 1.
    """
    e = get_array_module(logits).exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_cross_entropy(logits: Array, target: Array) -> tuple[Array, Array]:
    """Return -sum_k t_k log softmax(s)_k for every row of logits s, and its derivative.

    Forward   loss = log sum_k exp(s_k - m) - sum_k t_k (s_k - m)         m = max_k s_k
    Backward  ds = softmax(s) - t

    The formulas follow from log softmax(s)_k = s_k - log sum_j exp s_j, from sum_k t_k = 1, and from
    d log sum_j exp s_j / ds_k = softmax(s)_k (Goodfellow, Bengio & Courville 2016, section 6.2.2.3).

    Parameters
    ----------
    logits : array of shape (N, K)
        The logits s; any finite numbers.
    target : array of shape (N, K)
        The targets t. Each row is a distribution over the classes, for example from `one_hot`.

    Returns
    -------
    loss : array of shape (N, 1)
    ds : array of shape (N, K)

    Raises
    ------
    InputError
        If the two shapes differ.
    """
    if target.shape != logits.shape:
        raise InputError(f"target: expected the shape of logits, {logits.shape}, got {target.shape}")
    xp = get_array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
    return log_sum - (target * shifted).sum(axis=1, keepdims=True), softmax(logits) - target


def one_hot(labels: np.ndarray, classes: int, *, device: Device = "cpu") -> Array:
    """Return one row for each label, with a 1 in the label's column and 0 elsewhere.

    Parameters
    ----------
    labels : ndarray of shape (N,)
        Integers from 0 to K - 1, on the host.
    classes : int
        The number of classes K.
    device : "cpu" or "cuda"
        Where the result lies.

    Returns
    -------
    float32 array of shape (N, K)

    Raises
    ------
    InputError
        If the labels are not integers of shape (N,), or lie outside 0 to K - 1.
    """
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels: expected integers of shape (N,), got {labels.dtype} of shape {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(f"labels: expected 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return to_device(np.eye(classes, dtype=np.float32)[labels], device)
