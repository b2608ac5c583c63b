"""Spectral normalisation: a dense layer or convolution whose weight is divided by its largest singular value."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import validation
from ...backend import Array, device_of, get_array_module, to_device
from ...errors import InputError
from ..base import Layer, Shape
from ..conv2d import Conv2D
from ..dense import Dense

FIRST_STEPS = 10  # of the power iteration, on the initial weight


def unit(x: Array, eps: float) -> tuple[Array, Array]:
    """Return x / |x| and |x| for a vector x; a length below eps counts as eps, so nothing is divided by 0."""
    xp = get_array_module(x)
    length = xp.maximum(xp.sqrt(x @ x), eps)
    return x / length, length


class SpectralNormCache(NamedTuple):
    """One pass: the weight w / sigma and the inner layer's cache, u (F,) as it was, v (K,), sigma, and the mode."""

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

    Forward         sigma = |W u|,  y = layer(x; w / sigma, b)                     u (F,) of length 1, as it is stored
    Backward        dx, db and dw_bar are the layer's own,  dW = (dw_bar - <dw_bar, w_bar> v u^T) / sigma
                    with v = W u / |W u|
    Tangent         y_dot = layer's own
    `update_stats`  u <- W^T v / |W^T v|                    one step of power iteration, at the weights as they are

    u is a constant of the pass, so dsigma = <v, dW u> = <v u^T, dW>, exactly, at any u. dw_bar meets
    d(W / sigma) = dW / sigma - w_bar dsigma / sigma  and  dL = <dw_bar, dW> / sigma - <dw_bar, w_bar> dsigma / sigma.

    The paper takes the step inside the forward pass and leaves its motion out of the gradient. Between passes it has
    no motion to leave out: sigma is one function of W, the same in train and in eval and for all passes between two
    updates. |W u| is at most the largest singular value, and equal to it once u is the singular vector; a step per
    update follows a W that moves slowly. (In a run of "hybrid" at its own high rates |W u| is 0.86 to 0.89 of it on
    average in the first layer, and 0.86 to 0.93 with the step inside.) `initialize` takes the first ten.

    Parameters
    ----------
    layer : Dense or Conv2D; ``InputError`` for any other
    eps : in (0, 0.01), the least |W u| and |W^T v|. A weight of 0 gives y = b, and leaves u where it is
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
        self.eps = validation.epsilon("eps", eps)
        self.params = layer.params

    def build(self, input_shape: Shape) -> tuple[Shape, dict[str, Shape]]:
        self.layer = copy.copy(self.layer)  # copies of this layer share it, and it remembers its sizes
        output_shape, shapes = self.layer.build(input_shape)
        return output_shape, {**shapes, "u": output_shape[-1:]}

    def initialize(self, rng: np.random.Generator) -> None:
        self._inner(self.w).initialize(rng)
        u, _ = unit(rng.standard_normal(self.u.shape), self.eps)
        self.u[...] = to_device(u, device_of(self.u))
        for _ in range(FIRST_STEPS):
            self._power_step()

    def _power_step(self) -> None:
        matrix = self.w.reshape(-1, self.w.shape[-1])  # (K, F)
        v, _ = unit(matrix @ self.u, self.eps)
        u, length = unit(v @ matrix, self.eps)
        self.u[...] = get_array_module(u).where(length > self.eps, u, self.u)

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
        u = self.u.copy()
        v, sigma = unit(self.w.reshape(-1, self.w.shape[-1]) @ u, self.eps)
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
            self._power_step()

    def __repr__(self) -> str:
        return f"SpectralNorm({self.layer!r})"


def with_spectral_norm(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers, every `Dense` and `Conv2D` among them in `SpectralNorm`."""
    return [SpectralNorm(layer) if isinstance(layer, Dense | Conv2D) else layer for layer in layers]
