"""The twins of batch norm, with the activation after it or alone: two passes over memory forward, and two back."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..layers.activations import LeakyReLU
from ..layers.batch_norm import BatchNorm, BatchNormCache, check_rows
from .activations import multiply_by_slope
from .columns import ColumnKernel
from .elementwise import as_rows, column_sums, elementwise, repeat_rows
from .fuse import compiles, fused
from .twin import Twin


@elementwise(stored=0, summed=(0,))
def squares(x: Array, mean: Array, square: Array) -> None:
    """Compute (x - mean)^2, whose sum is M times the variance."""
    get_array_module(x).subtract(x, mean, out=square)
    square *= square


@elementwise()
def normalise_leaky_relu(x: Array, mean: Array, scale: Array, beta: Array, slope: float, y: Array) -> None:
    """Apply batch norm with known statistics, then LeakyReLU; scale is gamma / sqrt(var + eps)."""
    xp = get_array_module(x)
    xp.subtract(x, mean, out=y)
    y *= scale
    y += beta
    xp.maximum(y, y * slope, out=y)


@elementwise(outputs=2, stored=1, summed=(0, 1))
def leaky_relu_grad_and_sums(
    dy: Array, y: Array, x: Array, mean: Array, slope: float, dh: Array, product: Array
) -> None:
    """Compute dh, the input gradient of LeakyReLU, and dh (x - mean); batch norm needs the sums of both."""
    multiply_by_slope(dy, y, slope, dh)
    get_array_module(x).subtract(x, mean, out=product)
    product *= dh


@elementwise()
def normalise_grad(dh: Array, x: Array, mean: Array, scale: Array, a: Array, b: Array, dx: Array) -> None:
    """Compute the input gradient of batch norm from its two sums: dx = scale dh + a (x - mean) + b."""
    get_array_module(x).subtract(x, mean, out=dx)
    dx *= a
    dx += b
    dx += dh * scale


@fused
def both_grads(dy: Array, y: Array, x: Array, mean: Array, scale: Array, a: Array, b: Array, slope: float) -> Array:
    """Compute dx of both layers; a GPU rather computes dh again than reads it from memory."""
    dh = ((y > 0) * (1 - slope) + slope) * dy
    return dh * scale + (x - mean) * a + b


@partial(fused, outputs=2)
def move(mean: Array, var: Array, decay: float, running_mean: Array, running_var: Array) -> None:
    """Move the running statistics: running <- decay running + (1 - decay) batch."""
    running_mean *= decay
    running_mean += (1 - decay) * mean
    running_var *= decay
    running_var += (1 - decay) * var


# On a GPU, whatever follows from the sums is computed with them. Row 0 is subtracted so that nothing cancels.
STATISTICS = ColumnKernel(
    "batch_norm_statistics",
    "const T *x, const T *gamma, double eps, T *mean, T *var, T *inv_std, T *scale",
    sums=2,
    each="const double d = double(x[i]) - x[c]; sum[0] += d; sum[1] += d * d;",
    column="""
    const double d = sum[0] / rows, v = sum[1] / rows - d * d;
    mean[c] = T(x[c] + d);
    var[c] = T(v < 0 ? 0 : v);
    inv_std[c] = T(1 / sqrt(var[c] + eps));
    scale[c] = gamma[c] * inv_std[c];""",
)
GRADIENTS = ColumnKernel(
    "batch_norm_gradients",
    "const T *dy, const T *y, const T *x, const T *gamma, const T *mean, const T *inv_std, double slope, "
    "int train, int param_grads, T *dgamma, T *dbeta, T *scale, T *a, T *b",
    sums=2,
    each="const T dh = y[i] > 0 ? dy[i] : T(dy[i] * slope); sum[0] += dh; sum[1] += double(dh) * (x[i] - mean[c]);",
    column="""
    const double dg = sum[1] * inv_std[c], s = double(gamma[c]) * inv_std[c];
    if (param_grads) { dbeta[c] += T(sum[0]); dgamma[c] += T(dg); }
    scale[c] = T(s);
    a[c] = T(train ? -s * inv_std[c] * dg / rows : 0);
    b[c] = T(train ? -s * sum[0] / rows : 0);""",
)


class Cache(NamedTuple):
    """x and y as rows (P, k, C), and everything that batch norm remembers except x_hat."""

    x: Array
    y: Array
    inv_std: Array
    mean: Array
    var: Array
    train: bool


def statistics(x: Array, norm: BatchNorm) -> tuple[Array, ...]:
    """Return mean, var, inv_std = 1 / sqrt(var + eps) and scale = gamma inv_std of the rows x (P, k, C)."""
    xp, m = get_array_module(x), x.size // x.shape[-1]
    if compiles(xp):
        vectors = tuple(xp.empty_like(norm.gamma) for _ in range(4))
        STATISTICS(x, norm.gamma, norm.eps, *vectors)
        return vectors
    mean = column_sums(x) / m
    var = squares(x, repeat_rows(mean, x.shape[1]))[0] / m
    inv_std = (var + norm.eps) ** -0.5
    return mean, var, inv_std, norm.gamma * inv_std


class BatchNormLeakyReLU(Twin):
    """Compute `BatchNorm` and the `LeakyReLU` after it together.

    Forward   y = lrelu((x - mean) gamma inv_std + beta)
    Backward  dh = lrelu'(y) dy,  dbeta = sum dh,  dgamma = inv_std sum dh (x - mean)
     train    dx = scale dh + a (x - mean) + b      scale = gamma inv_std,  a = -scale inv_std dgamma / M,
     eval     dx = scale dh                         b = -scale dbeta / M

    These are the formulas of the two layers with (x - mean) inv_std in the place of x_hat. The cache holds x instead of
    x_hat, which saves one pass over memory.
    """

    how = "fused"

    def __init__(self, norm: Any, activation: Any) -> None:
        super().__init__(norm, activation)
        self.norm, self.activation = norm, activation

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Cache]:
        norm, rows = self.norm, as_rows(get_array_module(x).ascontiguousarray(x))
        if train:
            check_rows(x)
            mean, var, inv_std, scale = statistics(rows, norm)
        else:
            mean, var = norm.running_mean, norm.running_var
            inv_std = (var + norm.eps) ** -0.5
            scale = norm.gamma * inv_std
        vectors = (repeat_rows(v, rows.shape[1]) for v in (mean, scale, norm.beta))
        (y,) = normalise_leaky_relu(rows, *vectors, self.activation.negative_slope)
        return y.reshape(x.shape), Cache(rows, y, inv_std, mean, var, train)

    def backward(self, dy: Array, cache: Cache, *, param_grads: bool = True) -> Array:
        norm, x, mean, slope = self.norm, cache.x, cache.mean, self.activation.negative_slope
        xp, rows = get_array_module(dy), as_rows(get_array_module(dy).ascontiguousarray(dy))
        if compiles(xp):
            factors = [xp.empty_like(mean) for _ in range(3)]
            flags = slope, cache.train, param_grads
            GRADIENTS(rows, cache.y, x, norm.gamma, mean, cache.inv_std, *flags, norm.dgamma, norm.dbeta, *factors)
            return both_grads(rows, cache.y, x, mean, *factors, slope)
        mean = repeat_rows(mean, x.shape[1])
        dh, dbeta, dgamma = leaky_relu_grad_and_sums(rows, cache.y, x, mean, slope)
        dgamma *= cache.inv_std
        if param_grads:
            norm.dbeta += dbeta
            norm.dgamma += dgamma
        scale = norm.gamma * cache.inv_std
        if not cache.train:
            return (dh * scale).reshape(dy.shape)
        m = dy.size // dy.shape[-1]
        vectors = (scale, scale * cache.inv_std * dgamma / -m, scale * dbeta / -m)
        return normalise_grad(dh, x, mean, *(repeat_rows(v, x.shape[1]) for v in vectors))[0].reshape(dy.shape)

    def input_grad(self, dy: Array, cache: Cache) -> Array:
        return self.backward(dy, cache, param_grads=False)

    def add_param_grads(self, dy: Array, cache: Cache) -> None:
        self.backward(dy, cache)

    def jvp(self, x_dot: Array, cache: Cache) -> Array:
        """Push the tangent through the two plain layers, whose caches follow from this one."""
        x_hat = (cache.x - cache.mean) * cache.inv_std
        norm_cache = BatchNormCache(x_hat.reshape(x_dot.shape), cache.inv_std, cache.mean, cache.var, cache.train)
        return self.activation.jvp(self.norm.jvp(x_dot, norm_cache), cache.y.reshape(x_dot.shape))

    def update_stats(self, cache: Cache) -> None:
        if cache.train:
            move(cache.mean, cache.var, self.norm.decay, self.norm.running_mean, self.norm.running_var)


class Linear(LeakyReLU):
    """The activation y = x: a LeakyReLU with the slope 1."""

    def __init__(self) -> None:
        self.negative_slope = 1.0


class FastBatchNorm(BatchNormLeakyReLU):
    """Compute `BatchNorm` alone, as if a LeakyReLU with the slope 1 came after it, which changes nothing."""

    how = "shared sums"

    def __init__(self, norm: Any) -> None:
        Twin.__init__(self, norm)
        self.norm, self.activation = norm, Linear()
