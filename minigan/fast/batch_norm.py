"""The twin of batch norm: both halves of its backward pass use the same two sums."""

import numpy as np

from ..backend import Array
from ..layers.batch_norm import BatchNorm, BatchNormCache, check_rows
from .elementwise import column_sums
from .twin import Twin


class FastBatchNorm(Twin):
    """Compute `BatchNorm` in place, with its sums as products with a row of ones."""

    how = "shared sums"

    def __init__(self, layer: BatchNorm) -> None:
        super().__init__(layer)
        self.layer = layer

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, BatchNormCache]:
        layer = self.layer
        if train:
            check_rows(x)
            rows = x.size // x.shape[-1]
            mean = column_sums(x) / rows
            x_hat = x - mean
            var = column_sums(x_hat * x_hat) / rows
        else:
            mean, var = layer.running_mean, layer.running_var
            x_hat = x - mean
        inv_std = (var + layer.eps) ** -0.5
        x_hat *= inv_std
        y = x_hat * layer.gamma
        y += layer.beta
        return y, BatchNormCache(x_hat, inv_std, mean, var, train)

    def backward(self, dy: Array, cache: BatchNormCache, *, param_grads: bool = True) -> Array:
        dbeta, dgamma = column_sums(dy), column_sums(dy * cache.x_hat)
        if param_grads:
            self.layer.dbeta += dbeta
            self.layer.dgamma += dgamma
        scale = self.layer.gamma * cache.inv_std
        if not cache.train:
            return dy * scale
        rows = dy.size // dy.shape[-1]
        dx = cache.x_hat * (dgamma / -rows)
        dx += dy
        dx -= dbeta / rows
        dx *= scale
        return dx

    def input_grad(self, dy: Array, cache: BatchNormCache) -> Array:
        return self.backward(dy, cache, param_grads=False)

    def add_param_grads(self, dy: Array, cache: BatchNormCache) -> None:
        self.layer.add_param_grads(dy, cache)

    def jvp(self, x_dot: Array, cache: BatchNormCache) -> Array:
        return self.layer.jvp(x_dot, cache)

    def update_stats(self, cache: BatchNormCache) -> None:
        self.layer.update_stats(cache)
