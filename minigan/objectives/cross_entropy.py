"""Cross-entropies of logits, with their gradients: of two classes for D, of several for a classifier.

Both are written in the logits, because log(sigmoid(s)) or log(softmax(s)) taken in two steps overflows or loses its
gradient exactly when the answer is confidently wrong.
"""

import numpy as np

from ..backend import Array, Device, get_array_module, to_device
from ..errors import InputError
from ..layers.activations import sigmoid


def sigmoid_cross_entropy(logits: Array, target: float) -> tuple[Array, Array]:
    """-t log sigmoid(s) - (1 - t) log(1 - sigmoid(s)) of every logit, and its derivative.

    Forward   loss = max(s, 0) - s t + log1p(exp(-|s|))
    Backward  ds = sigmoid(s) - t = (1 - t) sigmoid(s) - t sigmoid(-s)

    From log(1 + e^s) = max(s, 0) + log1p(e^-|s|). The second form of ds takes no difference of nearly equal numbers:
    at s = 100, t = 1 it is -3.8e-44, where the first rounds to 0.

    logits : (N, 1), any finite numbers
    target : t in [0, 1], the label of all of them
    returns : loss and ds, (N, 1)
    """
    if not 0 <= target <= 1:
        raise InputError(f"target: expected a number in [0, 1], got {target!r}")
    target = float(target)  # a NumPy number would promote
    xp = get_array_module(logits)
    loss = xp.maximum(logits, 0) - logits * target + xp.log1p(xp.exp(-xp.abs(logits)))
    return loss, (1 - target) * sigmoid(logits) - target * sigmoid(-logits)


def softmax(logits: Array) -> Array:
    """p_k = exp(s_k - m) / sum_j exp(s_j - m) with m = max s, which cancels and keeps every exp at most 1.

    logits : (N, K)
    """
    e = get_array_module(logits).exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_cross_entropy(logits: Array, target: Array) -> tuple[Array, Array]:
    """-sum_k t_k log softmax(s)_k of every row, and its derivative.

    Forward   loss = log sum_k exp(s_k - m) - sum_k t_k (s_k - m)         m = max s
    Backward  ds = softmax(s) - t

    From log softmax(s)_k = s_k - log sum_j exp s_j, sum_k t_k = 1, and d log sum_j exp s_j / ds_k = softmax(s)_k
    (Goodfellow, Bengio & Courville 2016, section 6.2.2.3).

    logits : (N, K), any finite numbers
    target : t (N, K), each row a distribution over the classes, as `one_hot` makes it
    returns : loss (N, 1) and ds (N, K)
    """
    if target.shape != logits.shape:
        raise InputError(f"target: expected the shape of logits, {logits.shape}, got {target.shape}")
    xp = get_array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
    return log_sum - (target * shifted).sum(axis=1, keepdims=True), softmax(logits) - target


def one_hot(labels: np.ndarray, classes: int, *, device: Device = "cpu") -> Array:
    """Return (N, K) float32 with a 1 in the column of each label, on ``device``.

    labels : (N,) integers in 0..K-1, on the host; raises ``InputError`` for any other
    """
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels: expected integers of shape (N,), got {labels.dtype} of shape {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(f"labels: expected 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return to_device(np.eye(classes, dtype=np.float32)[labels], device)
