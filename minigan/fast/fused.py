"""Twins of two neighbours: together they need fewer passes over memory than one after the other."""

from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, get_array_module
from ..layers.batch_norm import BatchNormCache, check_rows
from .dropout import bernoulli_in_blocks
from .elementwise import as_rows, column_sums, elementwise, repeat_rows
from .twin import Twin


@elementwise("T x, T mean", "T square", "square = (x - mean) * (x - mean)", stored=0, summed=(0,))
def squares(x: Array, mean: Array, square: Array) -> None:
    """Compute (x - mean)^2, whose sum is M times the variance."""
    get_array_module(x).subtract(x, mean, out=square)
    square *= square


@elementwise("T x, T mean, T scale, T beta, T slope", "T y", "y = (x - mean) * scale + beta; y = y > 0 ? y : y * slope")
def normalise_leaky_relu(x: Array, mean: Array, scale: Array, beta: Array, slope: float, y: Array) -> None:
    """Apply batch norm with known statistics, then LeakyReLU; scale is gamma / sqrt(var + eps)."""
    xp = get_array_module(x)
    xp.subtract(x, mean, out=y)
    y *= scale
    y += beta
    xp.maximum(y, y * slope, out=y)


@elementwise(
    "T dy, T y, T x, T mean, T slope",
    "T dh, T product",
    "dh = y > 0 ? dy : dy * slope; product = dh * (x - mean)",
    summed=(0, 1),
)
def leaky_relu_grad_and_sums(
    dy: Array, y: Array, x: Array, mean: Array, slope: float, dh: Array, product: Array
) -> None:
    """Compute dh, the input gradient of LeakyReLU, and dh (x - mean); batch norm needs the sums of both."""
    dh[...] = y > 0
    dh *= 1 - slope
    dh += slope
    dh *= dy
    get_array_module(x).subtract(x, mean, out=product)
    product *= dh


@elementwise("T dh, T x, T mean, T scale, T a, T b", "T dx", "dx = dh * scale + (x - mean) * a + b")
def normalise_grad(dh: Array, x: Array, mean: Array, scale: Array, a: Array, b: Array, dx: Array) -> None:
    """Compute the input gradient of batch norm from its two sums: dx = scale dh + a (x - mean) + b."""
    get_array_module(x).subtract(x, mean, out=dx)
    dx *= a
    dx += b
    dx += dh * scale


class Cache(NamedTuple):
    """x and y as rows (P, k, C), and everything that batch norm remembers except x_hat."""

    x: Array
    y: Array
    inv_std: Array
    mean: Array
    var: Array
    train: bool


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
        norm, rows = self.norm, as_rows(x)
        if train:
            check_rows(x)
            m = x.size // x.shape[-1]
            mean = column_sums(x) / m
            var = squares(rows, repeat_rows(mean, rows.shape[1]))[0] / m
        else:
            mean, var = norm.running_mean, norm.running_var
        inv_std = (var + norm.eps) ** -0.5
        vectors = (repeat_rows(v, rows.shape[1]) for v in (mean, norm.gamma * inv_std, norm.beta))
        (y,) = normalise_leaky_relu(rows, *vectors, self.activation.negative_slope)
        return y.reshape(x.shape), Cache(rows, y, inv_std, mean, var, train)

    def backward(self, dy: Array, cache: Cache, *, param_grads: bool = True) -> Array:
        norm, x, mean = self.norm, cache.x, repeat_rows(cache.mean, cache.x.shape[1])
        dh, dbeta, dgamma = leaky_relu_grad_and_sums(as_rows(dy), cache.y, x, mean, self.activation.negative_slope)
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
        self.norm.update_stats(cache)  # this reads only train, mean and var


@elementwise(
    "T x, bool keep, T slope, T scale",
    "T y, T slopes",
    "slopes = x > 0 ? scale : slope * scale; slopes *= keep; y = x * slopes",
    stored=2,
)
def leaky_relu_dropout(x: Array, keep: Array, slope: float, scale: float, y: Array, slopes: Array) -> None:
    """Apply LeakyReLU, then dropout: y = x slopes, with slopes = (1 or slope) scale where x is kept, else 0."""
    slopes[...] = x > 0
    slopes *= (1 - slope) * scale
    slopes += slope * scale
    slopes *= keep
    get_array_module(x).multiply(x, slopes, out=y)


@elementwise("T dy, T slopes", "T dx", "dx = dy * slopes")
def times(dy: Array, slopes: Array, dx: Array) -> None:
    """Compute the input gradient of both layers: dx = dy slopes."""
    get_array_module(dy).multiply(dy, slopes, out=dx)


class LeakyReLUDropout(Twin):
    """Compute `LeakyReLU` and the `Dropout` after it together.

    Both layers multiply each element by a number, so y = x slopes and dx = dy slopes with

    slopes = (1 if x > 0 else s) m / (1 - rate)        without m / (1 - rate) outside training
    """

    how = "fused"

    def __init__(self, activation: Any, dropout: Any) -> None:
        super().__init__(activation, dropout)
        self.activation, self.dropout = activation, dropout

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        slope, rate = self.activation.negative_slope, self.dropout.rate
        rng = self.dropout.generator_of(rng, train=train)
        if rng is None:
            y, _ = self.activation.forward(x, train=train)
            return y, (x > 0) * x.dtype.type(1 - slope) + slope
        keep = bernoulli_in_blocks(rng, 1 - rate, x.shape, like=x)
        y, slopes = leaky_relu_dropout(as_rows(x), as_rows(keep), slope, 1 / (1 - rate))
        return y.reshape(x.shape), slopes.reshape(x.shape)

    def input_grad(self, dy: Array, cache: Array) -> Array:
        return times(as_rows(dy), as_rows(cache))[0].reshape(dy.shape)

    def jvp(self, x_dot: Array, cache: Array) -> Array:
        return self.input_grad(x_dot, cache)
