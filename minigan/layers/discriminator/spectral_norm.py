"""Spectral normalisation: a dense layer or convolution whose weight is divided by its largest singular value."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import validation
from ...backend import Array, device_of, get_array_module, to_device
from ...errors import InputError
from ..base import Layer, Shape, sum_over_rows
from ..conv2d import Conv2D
from ..dense import Dense

FIRST_STEPS = 10  # steps of the power iteration that `initialize` takes


def unit(x: Array, eps: float) -> tuple[Array, Array]:
    """Return x / |x| and |x| for a vector x; a length below eps counts as eps, so there is no division by 0."""
    xp = get_array_module(x)
    length = xp.maximum(xp.sqrt(x @ x), eps)
    return x / length, length


class SpectralNormCache(NamedTuple):
    """One pass: y without the bias, the cache of the inner layer, u (F,) of that pass, v (K,), sigma, and the mode."""

    y: Array
    inner: Any
    u: Array
    v: Array
    sigma: Array
    train: bool


class SpectralNorm(Layer):
    """Divide the weight of a `Dense` or `Conv2D` by its largest singular value (Miyato et al. 2018, eq. 8, alg. 1).

    W is the weight w as a matrix (K, F), with K = C, or K = KH KW C for a convolution. sigma estimates its largest
    singular value, the largest factor by which W stretches a vector. So x -> x W / sigma has the Lipschitz constant 1.

    The layer without its bias, l(x; W), is linear in W, so the division can follow it:

    Forward         sigma = |W u|,  y = l(x; W) / sigma,  then b is added      u (F,) of length 1 is a stored vector
    Backward        dx = the layer's own at dy / sigma,  db = sum over rows of dy
                    dW = the layer's own at dy / sigma - <dy, y> / sigma v u^T       v = W u / |W u|
    Tangent         y_dot = l(x_dot; W) / sigma
    `update_stats`  u <- W^T v / |W^T v|,  v = W u / |W u|      one step of power iteration from the u of the pass

    u is constant in a pass, so dsigma = <v, dW u> = <v u^T, dW> is exact for every u. A change dW of the weight changes
    the loss by <dy, dy'> with dy' = l(x; dW) / sigma - y dsigma / sigma. This gives the two terms of the gradient.

    The paper takes the step of u inside the forward pass, and its gradient leaves this change out. Here u changes only
    between passes. So the gradient is exact, and sigma is the same in train, in eval and in all passes between two
    updates. The step takes u from the pass and W as it is after the update. All passes of one update have the same u,
    so they lead to the same new u: if D sees real samples and fakes in two passes, this is still one step, as in the
    paper. |W u| is at most the largest singular value, and is equal to it when u is the singular vector. One step per
    update is enough for a W that changes slowly. (In a run of "hybrid" with its own high rates, |W u| is on average
    0.86 to 0.89 of it in the first layer, and 0.86 to 0.93 with the step inside.) `initialize` takes the first ten
    steps.

    Parameters
    ----------
    layer : Dense or Conv2D
        The layer with the weight W; it is copied.
    eps : float in (0, 0.01)
        Lower bound of |W u| and |W^T v|. A weight of 0 gives y = b and does not change u.

    Raises
    ------
    InputError
        If ``layer`` is of another kind.
    """

    stats = ("u",)
    piecewise_linear = True

    b: Array
    db: Array
    u: Array

    def __init__(self, layer: Layer, *, eps: float = 1e-12) -> None:
        if not isinstance(layer, Dense | Conv2D):
            raise InputError(f"layer: expected a Dense or a Conv2D, got {layer!r}")
        self.eps = validation.epsilon("eps", eps)
        self.params = ("b",) if layer.use_bias else ()
        linear = layer.copy()
        linear.use_bias, linear.params = False, ("w",)
        self.children = (linear,)

    @property
    def layer(self) -> Any:
        """The layer without its bias, whose weight is W."""
        return self.children[0]

    @property
    def matrix(self) -> Array:
        """The weight W as a matrix (K, F)."""
        w = self.layer.w
        return w.reshape(-1, w.shape[-1])

    def build(self, input_shape: Shape) -> Shape:
        output_shape = self.layer.build(input_shape)
        self.array_shapes = {"b": output_shape[-1:], "u": output_shape[-1:]}
        return output_shape

    def initialize(self, rng: np.random.Generator) -> None:
        self.layer.initialize(rng)
        if self.params:
            self.b[...] = 0
        u, _ = unit(rng.standard_normal(self.u.shape), self.eps)
        self.u[...] = to_device(u, device_of(self.u))
        for _ in range(FIRST_STEPS):
            self.power_step(self.u)

    def power_step(self, u: Array) -> None:
        """Store W^T v / |W^T v| with v = W u / |W u|, one step of power iteration from u; if it is 0, store u."""
        v, _ = unit(self.matrix @ u, self.eps)
        stepped, length = unit(v @ self.matrix, self.eps)
        self.u[...] = get_array_module(u).where(length > self.eps, stepped, u)

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, SpectralNormCache]:
        u = self.u.copy()
        v, sigma = unit(self.matrix @ u, self.eps)
        y, inner = self.layer.forward(x, train=train, rng=rng)
        y = y / sigma
        return (y + self.b if self.params else y), SpectralNormCache(y, inner, u, v, sigma, train)

    def input_grad(self, dy: Array, cache: SpectralNormCache) -> Array:
        return self.layer.input_grad(dy / cache.sigma, cache.inner)

    def backward(self, dy: Array, cache: SpectralNormCache, *, param_grads: bool = True) -> Array:
        if param_grads:
            self._add_own_grads(dy, cache)
        return self.layer.backward(dy / cache.sigma, cache.inner, param_grads=param_grads)

    def add_param_grads(self, dy: Array, cache: SpectralNormCache) -> None:
        self._add_own_grads(dy, cache)
        self.layer.add_param_grads(dy / cache.sigma, cache.inner)

    def _add_own_grads(self, dy: Array, cache: SpectralNormCache) -> None:
        self._subtract_sigma(dy, cache.y, cache)
        if self.params:
            self.db += sum_over_rows(dy)

    def add_tangent_param_grads(self, dy: Array, x_dot: Array, cache: SpectralNormCache) -> None:
        self.layer.add_tangent_param_grads(dy / cache.sigma, x_dot, cache.inner)
        self._subtract_sigma(dy, self.jvp(x_dot, cache), cache)

    def _subtract_sigma(self, dy: Array, y: Array, cache: SpectralNormCache) -> None:
        """Subtract <dy, y> / sigma v u^T from dW: the part of the gradient that goes through sigma."""
        through_sigma = (dy * y).sum() / cache.sigma * (cache.v[:, None] * cache.u)  # (K, F)
        dw = self.layer.dw
        dw -= through_sigma.reshape(dw.shape)

    def jvp(self, x_dot: Array, cache: SpectralNormCache) -> Array:
        return self.layer.jvp(x_dot, cache.inner) / cache.sigma

    def update_stats(self, cache: SpectralNormCache) -> None:
        if cache.train:
            self.power_step(cache.u)

    def __repr__(self) -> str:
        return f"SpectralNorm({self.layer!r}{'' if self.params else ', no bias'})"


def with_spectral_norm(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers, with every `Dense` and every `Conv2D` inside a `SpectralNorm`."""
    return [SpectralNorm(layer) if isinstance(layer, Dense | Conv2D) else layer for layer in layers]
