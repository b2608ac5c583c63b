"""Network: layers in a row over one flat parameter vector, computed plainly or fast."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import validation
from .backend import Array, Device, array_module, device_of, get_array_module, to_device, to_host
from .errors import InputError, StaleCacheError
from .fast import Stack, accelerate, describe
from .layers.base import Layer, Shape
from .layers.sequential import Sequential


class Caches(NamedTuple):
    """One forward pass: what each layer returned, the shape of the output, and the version of the weights."""

    layers: list[Any]
    output_shape: Shape
    version: int


class Network:
    """Layers in a row, y = f_L(... f_2(f_1(x))), with their arrays; `Sequential` derives the gradients.

    All parameters are views into one vector ``theta``, their gradients are views into ``dtheta``, and the running
    statistics are views into ``stats``. Write into these vectors, but never replace them. Code that changes ``theta``
    must add 1 to ``version``, so that `backward` refuses a forward pass with older weights.

    ``layers`` are the plain layers. ``computed`` are the layers that a pass uses: with ``fast`` their twins from
    `minigan.fast`, which give the same numbers in less time, otherwise the plain layers.

    Parameters
    ----------
    layers : sequence of at least one Layer, which is copied
    input_shape : (C,) or (H, W, C), the shape of one sample
    rng : numpy.random.Generator, which draws the initial weights on the host
    dtype : "float32" (default), or "float64" for gradient checks
    device : "cpu" or "cuda"
    fast : bool, whether the twins compute

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
        self._stack = Stack(accelerate(self.layers)) if self.fast else plain

    @property
    def computed(self) -> tuple[Layer, ...]:
        """The layers that a pass uses: the plain ones or their twins."""
        return self._stack.children

    @property
    def device(self) -> Device:
        """The device of the parameters."""
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
        """Return y and the caches that `backward` needs; nothing in the network changes.

        Parameters
        ----------
        x : array of shape (N, C) or (H, W, N, C), with the dtype and on the device of the network
        train : bool, whether batch norm uses the batch, and dropout and noise are active
        rng : numpy.random.Generator, needed in training by the layers that draw
        """
        self._check("x", x, self.input_shape)
        y, caches = self._stack.forward(x, train=train, rng=rng)
        return y, Caches(caches, y.shape, self.version)

    def backward(self, dy: Array, caches: Caches, *, param_grads: bool = True) -> Array:
        """Send dy = dL/dy back through the pass that made ``caches``, and return dx = dL/dx.

        Parameters
        ----------
        param_grads : bool, whether dL/dtheta is added to ``dtheta``; it is False when G learns *through* D

        Raises
        ------
        StaleCacheError : if the weights have changed since that pass
        InputError : if dy does not have the shape of y
        """
        self._check_upstream(dy, caches)
        return self._stack.backward(dy, caches.layers, param_grads=param_grads)

    def add_param_grads(self, dy: Array, caches: Caches) -> None:
        """Add dL/dtheta to ``dtheta`` without computing dx; the errors are those of `backward`."""
        self._check_upstream(dy, caches)
        self._stack.add_param_grads(dy, caches.layers)

    def jvp(self, x_dot: Array, caches: Caches) -> Array:
        """Return the tangent y_dot = (dy/dx) x_dot at that pass; the errors are those of `backward`."""
        self._check_fresh(caches)
        self._check("x_dot", x_dot, self.input_shape)
        return self._stack.jvp(x_dot, caches.layers)

    def add_tangent_grads(self, x_dot: Array, dy: Array, caches: Caches) -> None:
        """Add the gradient of the number <dy, J x_dot> to ``dtheta``, with dy and x_dot fixed.

        J = J_L ... J_1. If every layer is piecewise linear, J_l depends only on the parameters of layer l:

            d<dy, J x_dot>/dtheta_l  =  d<dh_l, J_l h_dot_{l-1}>/dtheta_l      for upstream dh_l and tangent h_dot_{l-1}

        For a dense layer this is the usual weight gradient h_dot^T dh, with the tangent in the place of the input.

        Raises
        ------
        InputError : if a layer is not piecewise linear, so J depends on theta also through x; else as `backward`
        """
        self._check_upstream(dy, caches)
        self._check("x_dot", x_dot, self.input_shape)
        for i, layer in enumerate(self.layers):
            if not layer.piecewise_linear:
                raise InputError(f"network: expected only piecewise linear layers, got {layer!r} as layer {i}")
        self._stack.add_tangent_param_grads(dy, x_dot, caches.layers)

    def zero_grad(self) -> None:
        """Set every gradient to 0; no other method does this."""
        self.dtheta[...] = 0

    def update_stats(self, caches: Caches) -> None:
        """Move the running statistics towards those of one training pass."""
        self._stack.update_stats(caches.layers)

    def copy(self, *, dtype: str | None = None, device: Device | None = None, fast: bool | None = None) -> "Network":
        """Return an independent network with the same layers, weights and statistics; None keeps an option."""
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
                f"{name}: expected an array on {self.device!r} like the network, got one on {device_of(x)!r}"
            )
        if x.ndim != len(sample_shape) + 1 or x.shape[:-2] + x.shape[-1:] != sample_shape or not x.shape[-2]:
            raise InputError(f"{name}: expected shape {_with_batch(sample_shape)} with N >= 1, got {x.shape}")
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
    """Return the shape of a batch as text: (H, W, C) -> "(H, W, N, C)"."""
    return f"({', '.join([*map(str, sample_shape[:-1]), 'N', str(sample_shape[-1])])})"
