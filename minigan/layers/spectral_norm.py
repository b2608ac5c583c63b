"""Spectral normalisation: a dense layer or convolution whose weight is divided by its largest singular value."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import checks
from ..backend import Array, device_of, get_array_module, to_device
from ..errors import InputError
from .base import Layer, Shape
from .conv import Conv2D
from .dense import Dense


def unit(x: Array, eps: float) -> tuple[Array, Array]:
    """Return x / |x| and |x| for a vector x; a length below eps counts as eps, so nothing is divided by 0."""
    xp = get_array_module(x)
    length = xp.maximum(xp.sqrt(x @ x), eps)
    return x / length, length


class SpectralNormCache(NamedTuple):
    """One pass: the weight w / sigma and the inner layer's cache, u (F,), v (K,), sigma, and the mode of the pass."""

    w_bar: Array
    inner: Any
    u: Array
    v: Array
    sigma: Array
    train: bool


class SpectralNorm(Layer):
    """``layer``, a `Dense` or a `Conv2D`, with the weight w_bar = w / sigma (Miyato et al. 2018, eq. 8, algorithm 1).

    sigma estimates the largest singular value of W, which is w as a matrix (K, F): K = C, or KH KW C for a
    convolution. It is the most by which W stretches a vector, so x -> x w_bar has the Lipschitz constant 1.

    Forward, train   v = W u / |W u|,  u <- W^T v / |W^T v|,  sigma = v^T W u        one step of power iteration
    Forward, eval    v = W u / |W u|,                         sigma = v^T W u        u as it is stored
                     y = layer(x; w / sigma, b)
    Backward         dx, db and dw_bar are the layer's own,  dW = (dw_bar - <dw_bar, w_bar> v u^T) / sigma
    Tangent          y_dot = layer's own

    With u and v held fixed dsigma = <v u^T, dW>, so dw_bar meets  d(W / sigma) = dW / sigma - w_bar dsigma / sigma
    and  dL = <dw_bar, dW> / sigma - <dw_bar, w_bar> <v u^T, dW> / sigma.

    That u and v move with W is left out, as in the paper and in PyTorch. In eval nothing is lost: sigma = |W u| has
    the derivative v u^T exactly, since a unit vector v moves at right angles to itself. In training nothing is lost
    once u and v are the singular vectors, where sigma is stationary in both; W moves slowly, so they stay close.

    u is a statistic, moved by `update_stats` alone: all passes between two updates start from the same u.

    Parameters
    ----------
    layer : Dense or Conv2D; ``InputError`` for any other
    eps : in (0, 0.01), the least |W u|, |W^T v| and sigma. A weight of 0 gives y = b, and leaves u where it is
    """

    stats = ("u",)
    piecewise_linear = True

    w: Array
    b: Array
    dw: Array
    db: Array
    u: Array

    def __init__(self, layer: Layer, *, eps: float = 1e-12) -> None:
        if not isinstance(layer, Dense | Conv2D):
            raise InputError(f"layer: SpectralNorm takes a Dense or a Conv2D, got {layer!r}")
        self.layer = layer
        self.eps = checks.epsilon("eps", eps)
        self.params = layer.params

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        self.layer = copy.copy(self.layer)  # copies of this layer share it, and it remembers its sizes
        output_shape, shapes = self.layer.build(input_shape)
        return output_shape, {**shapes, "u": output_shape[-1:]}

    def initialize(self, rng: np.random.Generator) -> None:
        self._inner(self.w).initialize(rng)
        u, _ = unit(rng.standard_normal(self.u.shape), self.eps)
        self.u[...] = to_device(u, device_of(self.u))

    def _inner(self, w: Array) -> Dense | Conv2D:
        """Return the layer on this one's arrays, but with the weight w and a weight gradient of its own."""
        layer = copy.copy(self.layer)
        layer.w, layer.dw = w, get_array_module(w).zeros_like(w)
        if layer.use_bias:
            layer.b, layer.db = self.b, self.db
        return layer

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, SpectralNormCache]:
        matrix = self.w.reshape(-1, self.w.shape[-1])  # (K, F)
        v, sigma = unit(matrix @ self.u, self.eps)
        if train:
            u, sigma = unit(v @ matrix, self.eps)
        else:
            u = self.u.copy()
        w_bar = self.w / sigma
        y, inner = self._inner(w_bar).forward(x, train=train, rng=rng)
        return y, SpectralNormCache(w_bar, inner, u, v, sigma, train)

    def backward(self, dy: Array, cache: SpectralNormCache, *, param_grads: bool, input_grad: bool) -> Array | None:
        layer = self._inner(cache.w_bar)
        dx = layer.backward(dy, cache.inner, param_grads=param_grads, input_grad=input_grad)
        if param_grads:
            self._add_weight_grad(layer.dw, cache)
        return dx

    def _add_weight_grad(self, dw_bar: Array, cache: SpectralNormCache) -> None:
        dsigma = (cache.v[:, None] * cache.u).reshape(self.w.shape)  # (K, F), the derivative of sigma in W
        self.dw += (dw_bar - (dw_bar * cache.w_bar).sum() * dsigma) / cache.sigma

    def input_grad(self, dy: Array, cache: SpectralNormCache) -> Array:
        return self.backward(dy, cache, param_grads=False, input_grad=True)

    def add_param_grads(self, dy: Array, cache: SpectralNormCache) -> None:
        self.backward(dy, cache, param_grads=True, input_grad=False)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: SpectralNormCache) -> None:
        layer = self._inner(cache.w_bar)
        layer.add_tangent_param_grads(dy, x_dot, cache.inner)
        self._add_weight_grad(layer.dw, cache)

    def jvp(self, x_dot: Array, cache: SpectralNormCache) -> Array:
        return self._inner(cache.w_bar).jvp(x_dot, cache.inner)

    def update_stats(self, cache: SpectralNormCache) -> None:
        if cache.train:
            self.u[...] = get_array_module(self.u).where(cache.sigma > self.eps, cache.u, self.u)

    def __repr__(self) -> str:
        return f"SpectralNorm({self.layer!r})"


def with_spectral_norm(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers, every `Dense` and `Conv2D` among them in `SpectralNorm`."""
    return [SpectralNorm(layer) if isinstance(layer, Dense | Conv2D) else layer for layer in layers]
