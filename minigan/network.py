"""Network: a sequence of layers over one flat parameter vector, with a forward and a backward pass."""

import copy
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import validation
from .backend import Array, Device, array_module, device_of, get_array_module, to_device, to_host
from .errors import InputError, StaleCacheError
from .fast.fused import fuse
from .layers import chain
from .layers.base import Layer, Shape


class Caches(NamedTuple):
    """One forward pass, remembered: what each unit returned, the output's shape, and the weights' version."""

    computed: list[Any]
    output_shape: Shape
    version: int


class Network:
    """Layers in a row: y = f_L(... f_2(f_1(x))).

    Forward   h_0 = x,  h_l = f_l(h_{l-1}),  y = h_L
    Backward  dh_L = dy,  dh_{l-1} = J_l^T dh_l,  dx = dh_0        (the chain rule, from the last layer to the first)
    Tangent   h_dot_l = J_l h_dot_{l-1}

    All parameters are views into one vector ``theta``, their gradients into its twin ``dtheta``, and the running
    statistics into ``stats``. These keep their address for life: write into them, never replace them. Whoever
    changes ``theta`` counts ``version`` up, so that a backward pass through an older forward pass is refused.

    Parameters
    ----------
    layers : at least one `Layer`; the network works on copies, ``network.layers``
    input_shape : of one sample, (C,) or (H, W, C)
    rng : draws the initial weights, on the host
    dtype : "float32" (default), or "float64" for gradient checks
    device : "cpu" or "cuda"
    fast : compute with the twins of `minigan.fast`, or with False with the layers themselves

    >>> from minigan.layers import Dense, LeakyReLU
    >>> net = Network([Dense(3), LeakyReLU(negative_slope=0.2), Dense(1)], (2,), rng=np.random.default_rng(0))
    >>> y, caches = net.forward(np.ones((5, 2), dtype=np.float32), train=True)
    >>> net.backward(np.ones_like(y), caches).shape, net.theta.size
    ((5, 2), 13)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        dtype: str = "float32",
        device: Device = "cpu",
        fast: bool = True,
    ) -> None:
        self.fast = fast
        if not layers:
            raise InputError("layers: expected at least one layer, got none")
        if not isinstance(input_shape, tuple) or len(input_shape) not in (1, 3):
            raise InputError(f"input_shape: expected (C,) or (H, W, C), got {input_shape!r}")
        self.layers = [copy.copy(layer) for layer in layers]
        self.input_shape = tuple(validation.integer("input_shape", size) for size in input_shape)
        self._allocate(dtype, device)
        for layer in self.layers:
            layer.initialize(rng)

    def _allocate(self, dtype: str, device: Device) -> None:
        if dtype not in ("float32", "float64"):
            raise InputError(f"dtype: expected 'float32' or 'float64', got {dtype!r}")
        self.version = 0
        self.computed = fuse(self.layers) if self.fast else self.layers
        self.shapes: list[Shape] = []  # output shape of every layer
        arrays: list[dict[str, Shape]] = []
        shape = self.input_shape
        for i, layer in enumerate(self.layers):
            try:
                shape, sizes = layer.build(shape)
            except InputError as error:
                raise InputError(f"layer {i}: {error}") from None
            self.shapes.append(shape)
            arrays.append(sizes)
        xp = array_module(device)
        n_params, n_stats = (
            sum(prod(sizes[name]) for layer, sizes in zip(self.layers, arrays, strict=True) for name in names(layer))
            for names in (lambda layer: layer.params, lambda layer: layer.stats)
        )
        self.theta, self.dtheta, self.stats = (xp.zeros(n, dtype=dtype) for n in (n_params, n_params, n_stats))
        n_params = n_stats = 0
        for layer, sizes in zip(self.layers, arrays, strict=True):
            for name in layer.params:
                end = n_params + prod(sizes[name])
                setattr(layer, name, self.theta[n_params:end].reshape(sizes[name]))
                setattr(layer, "d" + name, self.dtheta[n_params:end].reshape(sizes[name]))
                n_params = end
            for name in layer.stats:
                end = n_stats + prod(sizes[name])
                setattr(layer, name, self.stats[n_stats:end].reshape(sizes[name]))
                n_stats = end
            layer.bind_arrays()

    @property
    def output_shape(self) -> Shape:
        """Shape of one output sample, (F,) or (OH, OW, F)."""
        return self.shapes[-1]

    @property
    def device(self) -> Device:
        """Where the parameters lie."""
        return device_of(self.theta)

    @property
    def couples_samples(self) -> bool:
        """Whether, in training, the output for a sample depends on the other samples of its batch."""
        return any(layer.couples_samples for layer in self.layers)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Caches]:
        """Return y and what `backward` needs. Nothing in the network changes.

        x : (N, C) or (H, W, N, C), of the network's dtype and device
        train : batch norm by the batch and dropout on, or batch norm by the running statistics and dropout off
        rng : needed when ``train`` and a layer draws
        """
        self._check("x", x, self.input_shape)
        y, caches = chain.forward(self.computed, x, train=train, rng=rng)
        return y, Caches(caches, y.shape, self.version)

    def backward(self, dy: Array, caches: Caches, *, param_grads: bool = True) -> Array:
        """Send dy = dL/dy back through the pass that made ``caches``; return dx = dL/dx.

        param_grads : add dL/dtheta to ``dtheta`` (G learns *through* D with False: D's gradients stay untouched)

        Raises ``StaleCacheError`` when the weights have changed since that pass, ``InputError`` when dy has not the
        shape of y.
        """
        self._check_upstream(dy, caches)
        dx = chain.backward(self.computed, dy, caches.computed, param_grads=param_grads, input_grad=True)
        assert dx is not None
        return dx

    def add_param_grads(self, dy: Array, caches: Caches) -> None:
        """Add dL/dtheta to ``dtheta`` as `backward` does, without going on to dx; raises like it."""
        self._check_upstream(dy, caches)
        chain.backward(self.computed, dy, caches.computed, param_grads=True, input_grad=False)

    def jvp(self, x_dot: Array, caches: Caches) -> Array:
        """Push a tangent forward through the pass that made ``caches``: y_dot = (dy/dx) x_dot.

        Raises like `backward`.
        """
        self._check_fresh(caches)
        self._check("x_dot", x_dot, self.input_shape)
        return chain.jvp(self.computed, x_dot, caches.computed)

    def add_tangent_grads(self, x_dot: Array, dy: Array, caches: Caches) -> None:
        """Add to ``dtheta`` the gradient of the number <dy, J x_dot>, dy and x_dot held fixed.

        J = J_L ... J_1, and where every layer is piecewise linear J_l depends on the parameters of layer l alone:

            d<dy, J x_dot>/dtheta_l  =  d<dh_l, J_l h_dot_{l-1}>/dtheta_l

        with dh_l what the backward pass brings to layer l, and h_dot_{l-1} the tangent that reaches it. For a dense
        layer that is the ordinary weight gradient h_dot^T dh, the tangent in the place of the input.

        Raises ``InputError`` for a layer that is not piecewise linear, whose J would depend on theta through x.
        """
        self._check_fresh(caches)
        for i, layer in enumerate(self.layers):
            if not layer.piecewise_linear:
                raise InputError(f"network: layer {i}, {layer!r}, is not piecewise linear, which this derivative needs")
        chain.add_tangent_grads(self.computed, x_dot, dy, caches.computed)

    def zero_grad(self) -> None:
        """Set every gradient to 0: the only place that does."""
        self.dtheta[...] = 0

    def update_stats(self, caches: Caches) -> None:
        """Move the running statistics towards those of one training pass."""
        chain.update_stats(self.computed, caches.computed)

    def copy(self, *, dtype: str | None = None, device: Device | None = None) -> "Network":
        """Return an independent network with the same layers, weights and statistics, as another dtype or device."""
        twin = copy.copy(self)
        twin.layers = [copy.copy(layer) for layer in self.layers]
        twin._allocate(dtype or str(self.theta.dtype), device or self.device)
        twin.load(to_host(self.theta), to_host(self.stats))
        return twin

    def load(self, theta: np.ndarray, stats: np.ndarray) -> None:
        """Overwrite parameters and running statistics with host vectors of the same lengths."""
        pairs = (("theta", self.theta, theta), ("stats", self.stats, stats))
        for name, own, new in pairs:
            if new.shape != own.shape:
                raise InputError(f"{name}: expected {own.size} numbers, got an array of shape {new.shape}")
        for _, own, new in pairs:
            own[...] = to_device(new.astype(own.dtype, copy=False), self.device)
        self.version += 1

    def summary(self) -> str:
        """Return a table of layers, output shapes (N is the batch) and parameter counts."""
        rows = [("layer", "output", "parameters"), ("input", _with_batch(self.input_shape), "")]
        for layer, shape in zip(self.layers, self.shapes, strict=True):
            count = sum(getattr(layer, name).size for name in layer.params)
            rows.append((repr(layer), _with_batch(shape), f"{count:,}" if count else ""))
        rows.append(("total", "", f"{self.theta.size:,}"))
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows]
        rule = "-" * (sum(widths) + 4)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def _check_upstream(self, dy: Array, caches: Caches) -> None:
        self._check_fresh(caches)
        if dy.shape != caches.output_shape:
            raise InputError(f"dy: expected the shape of y, {caches.output_shape}, got {dy.shape}")
        self._check("dy", dy, self.output_shape)

    def _check_fresh(self, caches: Caches) -> None:
        if caches.version != self.version:
            raise StaleCacheError(
                f"caches: made by version {caches.version} of the weights, which are now at version {self.version}; "
                "run forward again"
            )

    def _check(self, name: str, x: Array, sample_shape: Shape) -> None:
        if get_array_module(x) is not get_array_module(self.theta):
            raise InputError(f"{name}: lies on the {device_of(x)}, the network on the {self.device}")
        if x.ndim != len(sample_shape) + 1 or x.shape[:-2] + x.shape[-1:] != sample_shape:
            raise InputError(f"{name}: expected shape {_with_batch(sample_shape)}, got {x.shape}")
        if x.dtype != self.theta.dtype:
            raise InputError(f"{name}: expected {self.theta.dtype}, got {x.dtype}; nothing is converted silently")


def _with_batch(sample_shape: Shape) -> str:
    """(H, W, C) -> "(H, W, N, C)", as text."""
    return f"({', '.join([*map(str, sample_shape[:-1]), 'N', str(sample_shape[-1])])})"
