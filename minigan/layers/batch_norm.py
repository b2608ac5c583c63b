"""Batch normalisation in training and in evaluation, for dense and image activations."""

from typing import Any, NamedTuple

import numpy as np

from .. import validation
from ..backend import Array
from ..errors import InputError
from .base import Shape, SymmetricLayer, sum_over_rows


class BatchNormCache(NamedTuple):
    """What the backward pass needs: x_hat (..., N, C), inv_std, mean and var (C,), and the mode of the pass."""

    x_hat: Array
    inv_std: Array
    mean: Array
    var: Array
    train: bool


class BatchNorm(SymmetricLayer):
    """Normalise each channel over all axes but the last, then scale and shift (Ioffe & Szegedy 2015, alg. 1).

    Forward, train    mean = 1/M sum x,  var = 1/M sum (x - mean)^2          over the M = H W N rows of (..., C)
                      x_hat = (x - mean) / sqrt(var + eps),  y = gamma x_hat + beta
    Forward, eval     the same with running_mean, running_var for mean, var
    Backward          dbeta = sum dy,  dgamma = sum dy x_hat
             train    dx = gamma / sqrt(var + eps) * (dy - mean dy - x_hat mean(dy x_hat))
             eval     dx = gamma / sqrt(var + eps) * dy

    In training x changes y in three ways: directly, through the mean and through the variance. Because sum x_hat = 0,
    the derivative of x_hat along x_dot is  inv_std * (x_dot - mean(x_dot) - x_hat mean(x_hat x_dot)). This removes the
    parts of x_dot that only shift or only stretch the batch. The map is symmetric, so it is its own transpose, and
    `jvp` and `input_grad` are the same function in both modes.

    `update_stats` sets ``running <- decay * running + (1 - decay) * batch`` with the biased variance, as in Keras.
    Nothing else changes the running statistics.

    Parameters
    ----------
    decay : float in [0, 1)
        Share of the old running statistics that is kept.
    eps : float in (0, 0.01)
        Added to the variance.

    Raises
    ------
    InputError
        In ``forward`` in training, if x has fewer than two rows.
    """

    params = ("gamma", "beta")
    stats = ("running_mean", "running_var")
    couples_samples = True

    gamma: Array
    beta: Array
    dgamma: Array
    dbeta: Array
    running_mean: Array
    running_var: Array

    def __init__(self, *, decay: float = 0.9, eps: float = 1e-5) -> None:
        self.decay = validation.fraction("decay", decay)
        self.eps = validation.epsilon("eps", eps)

    def build(self, input_shape: Shape) -> Shape:
        self.array_shapes = {name: input_shape[-1:] for name in self.params + self.stats}
        return input_shape

    def initialize(self, rng: np.random.Generator) -> None:
        self.gamma[...] = 1
        self.beta[...] = 0
        self.running_mean[...] = 0
        self.running_var[...] = 1

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, BatchNormCache]:
        if train:
            check_rows(x)
            mean = mean_over_rows(x)
            var = mean_over_rows((x - mean) ** 2)
        else:
            mean, var = self.running_mean, self.running_var
        inv_std = (var + self.eps) ** -0.5
        x_hat = (x - mean) * inv_std
        return self.gamma * x_hat + self.beta, BatchNormCache(x_hat, inv_std, mean, var, train)

    def input_grad(self, dy: Array, cache: BatchNormCache) -> Array:
        scale = self.gamma * cache.inv_std
        if not cache.train:
            return scale * dy
        x_hat = cache.x_hat
        return scale * (dy - mean_over_rows(dy) - x_hat * mean_over_rows(dy * x_hat))

    def add_param_grads(self, dy: Array, cache: BatchNormCache) -> None:
        self.dgamma += sum_over_rows(dy * cache.x_hat)
        self.dbeta += sum_over_rows(dy)

    def update_stats(self, cache: Any) -> None:
        if cache.train:
            for running, batch in ((self.running_mean, cache.mean), (self.running_var, cache.var)):
                running *= self.decay
                running += (1 - self.decay) * batch

    def __repr__(self) -> str:
        return f"BatchNorm(decay={self.decay:g}, eps={self.eps:g})"


def check_rows(x: Array) -> None:
    """Raise ``InputError`` if x (..., C) has fewer than two rows, because a variance needs two."""
    if x.size // x.shape[-1] < 2:
        raise InputError(f"x: expected at least 2 rows for batch norm in training, got shape {x.shape}")


def mean_over_rows(x: Array) -> Array:
    """Return the mean over all axes but the last: (..., N, C) -> (C,)."""
    return sum_over_rows(x) / (x.size // x.shape[-1])
