"""Batch normalisation over the samples of all ranks, as if they were one batch in one process."""

import numpy as np

from ..backend import Array, get_array_module
from ..distributed import Communicator, average
from .base import Layer
from .batch_norm import BatchNorm, BatchNormCache, check_rows, mean_over_rows


class SynchronisedBatchNorm(BatchNorm):
    """Normalise each channel over the rows of all ranks (Peng et al. 2018, arXiv 1711.07240).

    Rank r of K has m rows x_r (..., C) of a batch of M = K m rows; all ranks have equally many.

    **Forward, train.** Each rank finds the moments of its own rows, mean_r = 1/m sum x_r and
    var_r = 1/m sum (x_r - mean_r)^2. In the squares sum (x - mean)^2 write x_r - mean = (x_r - mean_r) +
    (mean_r - mean). The mixed terms vanish, because sum (x_r - mean_r) = 0 on each rank. So

        mean = 1/K sum_r mean_r
        var  = 1/K sum_r (var_r + (mean_r - mean)^2)                 (after Chan, Golub & LeVeque 1983)

    Nothing large is subtracted from anything large, as it is in mean(x^2) - mean^2. All pairs (mean_r, var_r) must be
    known on each rank. One sum over the ranks brings them: of a table (K, 2, C) in which rank r fills row r.

    **Backward.** Let L = sum_r L_r be the sum of the losses of the ranks, and dy_r = dL/dy_r. A row of rank r changes
    the mean and the variance, and so the outputs of all ranks. The formula of `BatchNorm` holds with means over all M
    rows:

        dx_r = gamma / sqrt(var + eps) * (dy_r - mean dy - x_hat_r mean(dy x_hat))

    They are the means over the ranks of the two means that each rank finds, so again one sum is needed. dgamma and
    dbeta stay sums over the rows of the rank: the optimiser adds up all gradients over the ranks. The map is symmetric
    in the rows of all ranks together, so `jvp` is the same function, with the tangents of all ranks.

    In training ``forward``, ``input_grad`` and ``jvp`` are collective: every rank must call them. In evaluation nothing
    is exchanged. `update_stats` uses the mean and the variance of all M rows, so the statistics are equal on all ranks.

    Parameters
    ----------
    communicator : Communicator
        Joins the ranks.
    decay, eps : float
        As for `BatchNorm`.

    Raises
    ------
    InputError
        In ``forward`` in training, if there is only one row on one rank.
    """

    def __init__(self, communicator: Communicator, *, decay: float = 0.9, eps: float = 1e-5) -> None:
        super().__init__(decay=decay, eps=eps)
        self.communicator = communicator

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, BatchNormCache]:
        if not train:
            return super().forward(x, train=False)
        mean, var = self.moments(x)
        inv_std = (var + self.eps) ** -0.5
        x_hat = (x - mean) * inv_std
        return self.gamma * x_hat + self.beta, BatchNormCache(x_hat, inv_std, mean, var, train)

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Return the mean and the variance (C,) of each channel over the rows of all ranks."""
        ranks = self.communicator
        if ranks.size == 1:
            check_rows(x)
        own = mean_over_rows(x)
        table = get_array_module(x).zeros((ranks.size, 2, x.shape[-1]), dtype=x.dtype)
        table[ranks.rank, 0] = own
        table[ranks.rank, 1] = mean_over_rows((x - own) ** 2)
        ranks.sum_(table)
        means, variances = table[:, 0], table[:, 1]
        mean = means.mean(axis=0)
        return mean, (variances + (means - mean) ** 2).mean(axis=0)

    def input_grad(self, dy: Array, cache: BatchNormCache) -> Array:
        if not cache.train:
            return super().input_grad(dy, cache)
        x_hat = cache.x_hat
        means = get_array_module(dy).stack((mean_over_rows(dy), mean_over_rows(dy * x_hat)))
        average(self.communicator, means)
        return self.gamma * cache.inv_std * (dy - means[0] - x_hat * means[1])

    def __repr__(self) -> str:
        return f"Synchronised{super().__repr__()[:-1]}, ranks={self.communicator.size})"


def with_synchronised_batch_norm(layers: list[Layer], communicator: Communicator) -> list[Layer]:
    """Return the layers, with a `SynchronisedBatchNorm` over the ranks of ``communicator`` for every `BatchNorm`."""
    return [
        SynchronisedBatchNorm(communicator, decay=layer.decay, eps=layer.eps) if type(layer) is BatchNorm else layer
        for layer in layers
    ]
