"""Network: layers in a row over one flat parameter vector, computed plainly or fast."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import validation
from .backend import Array, Device, array_module, device_of, get_array_module, to_device, to_host
from .errors import InputError, StaleCacheError
from .fast import accelerate, describe
from .layers.base import Layer, Shape
from .layers.sequential import Sequential


class Caches(NamedTuple):
    """One forward pass, remembered: what each layer returned, the output's shape, and the version of the weights."""

    layers: list[Any]
    output_shape: Shape
    version: int


class Network:
    """Layers in a row, y = f_L(... f_2(f_1(x))), as `Sequential` derives them, with their arrays.

    All parameters are views into one vector ``theta``, their gradients into its twin ``dtheta``, and the running
    statistics into ``stats``. These keep their address for life: write into them, never replace them. Whoever
    changes ``theta`` counts ``version`` up, so that a backward pass through an older forward pass is refused.

    ``layers`` are the plain layers. ``computed`` is what a pass goes through: with ``fast`` their twins from
    `minigan.fast`, which give the same numbers sooner, otherwise the layers themselves.

    Parameters
    ----------
    layers : at least one `Layer`; the network works on copies of them
    input_shape : of one sample, (C,) or (H, W, C)
    rng : draws the initial weights, on the host
    dtype : "float32" (default), or "float64" for gradient checks
    device : "cpu" or "cuda"
    fast : whether the twins compute

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
        if not isinstance(input_shape, tuple) or len(input_shape) not in (1, 3):
            raise InputError(f"input_shape: expected (C,) or (H, W, C), got {input_shape!r}")
        self.input_shape = tuple(validation.integer("input_shape", size) for size in input_shape)
        self.fast = fast
        self._build(layers, dtype, device)
        for layer in self.layers:
            layer.initialize(rng)

    def _build(self, layers: Sequence[Layer], dtype: str, device: Device) -> None:
        """Copy the layers, fix their sizes, and give them their arrays."""
        if dtype not in ("float32", "float64"):
            raise InputError(f"dtype: expected 'float32' or 'float64', got {dtype!r}")
        plain = Sequential([layer.copy() for layer in layers])
        self.output_shape = plain.build(self.input_shape)
        self.layers, self.shapes = plain.children, plain.shapes
        self.theta, views = _allocate([(each, each.params) for each in plain.walk()], dtype, device)
        _give(views, prefix="")
        self.dtheta, views = _allocate([(each, each.params) for each in plain.walk()], dtype, device)
        _give(views, prefix="d")
        self.stats, views = _allocate([(each, each.stats) for each in plain.walk()], dtype, device)
        _give(views, prefix="")
        self.version = 0
        self._stack = Sequential(accelerate(self.layers)) if self.fast else plain

    @property
    def computed(self) -> tuple[Layer, ...]:
        """The layers that a pass goes through: plain ones, or their twins."""
        return self._stack.children

    @property
    def device(self) -> Device:
        """Where the parameters lie."""
        return device_of(self.theta)

    @property
    def couples_samples(self) -> bool:
        """Whether, in training, an output depends on the other samples of its batch."""
        return any(layer.couples_samples for layer in self.layers)

    def parameters(self) -> Iterator[tuple[str, str, Array, Array]]:
        """Yield (layer, name, value, gradient) of every parameter, in the order of ``theta``."""
        for i, layer in enumerate(self.layers):
            for owner in layer.walk():
                for name in owner.params:
                    yield f"{i} {type(owner).__name__}", name, getattr(owner, name), getattr(owner, "d" + name)

    def forward(self, x: Array, *, train: bool, rng: np.random.Generator | None = None) -> tuple[Array, Caches]:
        """Return y and what `backward` needs. Nothing in the network changes.

        x : (N, C) or (H, W, N, C), of the network's dtype and device
        train : True for batch norm by the batch and dropout, False for batch norm by the running statistics and none
        rng : needed when ``train`` and a layer draws
        """
        self._check("x", x, self.input_shape)
        y, caches = self._stack.forward(x, train=train, rng=rng)
        return y, Caches(caches, y.shape, self.version)

    def backward(self, dy: Array, caches: Caches, *, param_grads: bool = True) -> Array:
        """Send dy = dL/dy back through the pass that made ``caches``; return dx = dL/dx.

        param_grads : whether dL/dtheta is added to ``dtheta``. G learns *through* D with False, and D's gradients stay

        Raises ``StaleCacheError`` when the weights have changed since that pass, and ``InputError`` when dy has not the
        shape of y.
        """
        self._check_upstream(dy, caches)
        return self._stack.backward(dy, caches.layers, param_grads=param_grads)

    def add_param_grads(self, dy: Array, caches: Caches) -> None:
        """Add dL/dtheta to ``dtheta`` as `backward` does, without going on to dx; raises like it."""
        self._check_upstream(dy, caches)
        self._stack.add_param_grads(dy, caches.layers)

    def jvp(self, x_dot: Array, caches: Caches) -> Array:
        """Push a tangent forward through that pass, y_dot = (dy/dx) x_dot; raises like `backward`."""
        self._check_fresh(caches)
        self._check("x_dot", x_dot, self.input_shape)
        return self._stack.jvp(x_dot, caches.layers)

    def add_tangent_grads(self, x_dot: Array, dy: Array, caches: Caches) -> None:
        """Add to ``dtheta`` the gradient of the number <dy, J x_dot>, dy and x_dot held fixed.

        J = J_L ... J_1, and where every layer is piecewise linear J_l depends on the parameters of layer l alone:

            d<dy, J x_dot>/dtheta_l  =  d<dh_l, J_l h_dot_{l-1}>/dtheta_l

        with dh_l what the backward pass brings to layer l, and h_dot_{l-1} the tangent that reaches it. For a dense
        layer that is the ordinary weight gradient h_dot^T dh, the tangent in the place of the input.

        Raises ``InputError`` for a layer that is not piecewise linear, whose J would depend on theta through x, and
        otherwise like `backward`.
        """
        self._check_upstream(dy, caches)
        self._check("x_dot", x_dot, self.input_shape)
        for i, layer in enumerate(self.layers):
            if not layer.piecewise_linear:
                raise InputError(f"network: expected piecewise linear layers alone, got {layer!r} as layer {i}")
        self._stack.add_tangent_param_grads(dy, x_dot, caches.layers)

    def zero_grad(self) -> None:
        """Set every gradient to 0: the only place that does."""
        self.dtheta[...] = 0

    def update_stats(self, caches: Caches) -> None:
        """Move the running statistics towards those of one training pass."""
        self._stack.update_stats(caches.layers)

    def copy(self, *, dtype: str | None = None, device: Device | None = None, fast: bool | None = None) -> "Network":
        """Return an independent network with the same layers, weights and statistics; what is None stays as it is."""
        twin = object.__new__(Network)
        twin.input_shape, twin.fast = self.input_shape, self.fast if fast is None else fast
        twin._build(self.layers, dtype or str(self.theta.dtype), device or self.device)
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
        """Return a table of layers, output shapes (N is the batch), parameter counts, and how each is computed."""
        rows = [("layer", "output", "parameters", "computed"), ("input", _with_batch(self.input_shape), "", "")]
        for layer, shape, how in zip(self.layers, self.shapes, describe(self.layers, self.computed), strict=True):
            count = sum(getattr(owner, name).size for owner in layer.walk() for name in owner.params)
            rows.append((repr(layer), _with_batch(shape), f"{count:,}" if count else "", how))
        rows.append(("total", "", f"{self.theta.size:,}", ""))
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d}".rstrip() for a, b, c, d in rows]
        rule = "-" * (sum(widths) + 6)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def _check_upstream(self, dy: Array, caches: Caches) -> None:
        self._check_fresh(caches)
        if dy.shape != caches.output_shape:
            raise InputError(f"dy: expected the shape of y, {caches.output_shape}, got {dy.shape}")
        self._check("dy", dy, self.output_shape)

    def _check_fresh(self, caches: Caches) -> None:
        if caches.version != self.version:
            raise StaleCacheError(
                f"caches: expected those of a pass at the present version {self.version} of the weights, "
                f"got those of a pass at version {caches.version}; run forward again"
            )

    def _check(self, name: str, x: Array, sample_shape: Shape) -> None:
        if get_array_module(x) is not get_array_module(self.theta):
            raise InputError(
                f"{name}: expected an array on the {self.device}, as the network is, got one on the {device_of(x)}"
            )
        if x.ndim != len(sample_shape) + 1 or x.shape[:-2] + x.shape[-1:] != sample_shape:
            raise InputError(f"{name}: expected shape {_with_batch(sample_shape)}, got {x.shape}")
        if x.dtype != self.theta.dtype:
            raise InputError(f"{name}: expected {self.theta.dtype}, got {x.dtype}; nothing is converted silently")


Views = list[tuple[Layer, str, Array]]


def _allocate(owners: list[tuple[Layer, tuple[str, ...]]], dtype: str, device: Device) -> tuple[Array, Views]:
    """Return one vector of zeros for the named arrays of all owners, and a view into it for each."""
    shapes = [(layer, name, layer.array_shapes[name]) for layer, names in owners for name in names]
    vector = array_module(device).zeros(sum(prod(shape) for _, _, shape in shapes), dtype=dtype)
    views, start = [], 0
    for layer, name, shape in shapes:
        views.append((layer, name, vector[start : start + prod(shape)].reshape(shape)))
        start += prod(shape)
    return vector, views


def _give(views: Views, *, prefix: str) -> None:
    """Make every view an attribute of its layer: ``w``, or with the prefix "d" ``dw``."""
    for layer, name, view in views:
        setattr(layer, prefix + name, view)


def _with_batch(sample_shape: Shape) -> str:
    """(H, W, C) -> "(H, W, N, C)", as text."""
    return f"({', '.join([*map(str, sample_shape[:-1]), 'N', str(sample_shape[-1])])})"
