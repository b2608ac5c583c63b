"""Gradient checking: it compares a hand-written backward pass with the derivative of its forward pass.

There are three independent checks, all in float64:

- adjoint: <dy, J x_dot> == <J^T dy, x_dot> for random dy and x_dot. Exact to rounding (1e-12), no step size.
- directional: (f(x + h v) - f(x - h v)) / 2h == <grad, v> for a random v of length 1. One number per array.
- element-wise: the same along single coordinates, which tells *where* a gradient is wrong.

The upstream gradient dy is random, because a constant one makes batch norm's dx vanish and hides bugs.
The checks show that backward matches forward. They do not show that forward is right.
"""

from collections.abc import Callable
from math import inf, isfinite
from typing import NamedTuple, Protocol

import numpy as np

from .backend import Array, Device, get_array_module, to_device, to_host
from .errors import InputError
from .finite_differences import FLOOR, TOLERANCE, central_difference, relative_error
from .layers.base import Layer, Shape
from .network import Network

DIRECTIONS = 4  # random ones, of which the steepest is checked
ADJOINT_TOLERANCE = 1e-12


class Check(NamedTuple):
    """One verdict: two numbers that should be equal, their relative error, and the largest error allowed."""

    name: str
    analytic: float
    numeric: float
    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the error is within the tolerance; a NaN never is."""
        return isfinite(self.error) and self.error <= self.tolerance

    def line(self, width: int) -> str:
        """Return the verdict as one line of a table whose names take ``width`` columns."""
        verdict = "ok   " if self.ok else "WRONG"
        return f"{verdict}  {self.name:<{width}} {self.analytic:+.9e} {self.numeric:+.9e}  error {self.error:.1e}"

    def __str__(self) -> str:
        return self.line(len(self.name))


class TwoPlayerObjective(Protocol):
    """The methods of an objective that `check_game` uses; `minigan.objectives.Objective` has them."""

    def discriminator(self, logits_real: Array, logits_fake: Array, /) -> tuple[Array, Array, Array]:
        """Return loss, ds_real, ds_fake."""
        ...

    def generator(self, logits_fake: Array, /) -> tuple[Array, Array]:
        """Return loss, ds_fake."""
        ...


def check_directional(
    name: str, f: Callable[[Array], float], x: Array, gradient: Array, *, rng: np.random.Generator
) -> Check:
    """Compare <gradient, v> with the `central_difference` of ``f`` along a random direction v, |v| = 1.

    v is the steepest of a few random directions, because rounding spoils the check of a derivative near 0.

    Parameters
    ----------
    f : function of x that returns a number; it must be deterministic and must not change x
    x, gradient : float64 arrays of the same shape
    """
    v = max((_normal_like(x, rng) for _ in range(DIRECTIONS)), key=lambda v: abs(_dot(gradient, v)))
    v /= _norm(v)
    analytic, numeric = _dot(gradient, v), central_difference(lambda h: f(x + h * v))
    return Check(name, analytic, numeric, relative_error(analytic, numeric), TOLERANCE)


def check_elementwise(
    name: str, f: Callable[[Array], float], x: Array, gradient: Array, *, rng: np.random.Generator, elements: int = 20
) -> Check:
    """Compare ``gradient`` with central differences at up to ``elements`` random coordinates; report the worst.

    The error is |analytic - numeric| over the largest of the checked derivatives, because a single one may be 0.
    """
    picked = rng.permutation(x.size)[:elements]
    host = to_host(gradient).reshape(-1)
    pairs = []
    for i in picked:

        def along(h: float, i: int = int(i)) -> float:
            x_h = x.copy()
            x_h.reshape(-1)[i] += h
            return f(x_h)

        pairs.append((float(host[i]), central_difference(along)))
    scale = max([FLOOR, *(abs(value) for pair in pairs for value in pair if isfinite(value))])
    errors = [abs(a - n) / scale for a, n in pairs]
    worst = max(range(len(pairs)), key=lambda k: errors[k] if isfinite(errors[k]) else inf)
    return Check(f"{name}[{int(picked[worst])}]", *pairs[worst], errors[worst], TOLERANCE)


def check_layer(
    layer: Layer, input_shape: Shape, *, batch: int = 4, train: bool = True, seed: int = 0, device: Device = "cpu"
) -> list[Check]:
    """Check one plain layer on random float64 input of ``batch`` samples; see `check_network`."""
    rng = np.random.default_rng(seed)
    network = Network([layer], input_shape, rng=rng, dtype="float64", device=device, fast=False)
    return check_network(network, batch=batch, train=train, seed=seed, name=type(layer).__name__)


def check_network(
    network: Network, *, batch: int = 4, train: bool = True, seed: int = 0, name: str = "network"
) -> list[Check]:
    """Check the adjoint identity, dx, and every parameter's gradient of a network, along random directions.

    The check works on a float64 copy with random parameters and statistics, because zero biases and unit gains hide
    wrong gradients. Every pass draws from the same seed, so dropout masks and shifts stay the same.
    """
    rng = np.random.default_rng(seed)
    net = network.copy(dtype="float64")
    _randomise(net, rng)
    x = to_device(rng.standard_normal((*net.input_shape[:-1], batch, net.input_shape[-1])), net.device)

    def forward(x: Array) -> tuple[Array, object]:
        return net.forward(x, train=train, rng=np.random.default_rng(seed))

    y, caches = net.forward(x, train=train, rng=np.random.default_rng(seed))
    dy, x_dot = _normal_like(y, rng), _normal_like(x, rng)
    net.zero_grad()
    net.backward(dy, caches)
    dx = net.backward(dy, caches)  # twice, because gradients must add up
    net.dtheta /= 2

    def loss(x: Array) -> float:
        return _dot(forward(x)[0], dy)

    y_dot = net.jvp(x_dot, caches)
    forwards, backwards = _dot(dy, y_dot), _dot(dx, x_dot)
    scale = max(_norm(dy) * _norm(y_dot), _norm(dx) * _norm(x_dot)) or 1.0
    checks = [
        Check(f"{name}: adjoint", backwards, forwards, abs(forwards - backwards) / scale, ADJOINT_TOLERANCE),
        check_directional(f"{name}: dx", loss, x, dx, rng=rng),
        check_elementwise(f"{name}: dx", loss, x, dx, rng=rng),
    ]
    for layer, param, value, gradient in net.parameters():
        label = f"{name}: d{param}" if len(net.layers) == 1 else f"{name}: {layer} d{param}"
        f = _as_function_of(value, lambda: loss(x))
        checks.append(check_directional(label, f, value.copy(), gradient, rng=rng))
        checks.append(check_elementwise(label, f, value.copy(), gradient, rng=rng))
    return checks


def check_game(
    generator: Network, discriminator: Network, objective: TwoPlayerObjective, *, batch: int = 4, seed: int = 0
) -> list[Check]:
    """Check both players of a game: D's loss in theta_D, and G's loss, *through* D, in theta_G and in z.

    As in a training step, batch norm uses the batch. Dropout masks and shifts are the same in every pass.
    """
    rng = np.random.default_rng(seed)
    g, d = generator.copy(dtype="float64"), discriminator.copy(dtype="float64")
    _randomise(g, rng)
    _randomise(d, rng)
    if g.output_shape != d.input_shape:
        raise InputError(f"generator: expected samples of shape {d.input_shape} for D, got {g.output_shape}")
    z = to_device(rng.standard_normal((*g.input_shape[:-1], batch, g.input_shape[-1])), g.device)
    x_real = to_device(rng.standard_normal((*d.input_shape[:-1], batch, d.input_shape[-1])), d.device)

    def draws() -> np.random.Generator:
        return np.random.default_rng(seed + 1)

    x_fake, caches_g = g.forward(z, train=True, rng=draws())
    logits_real, caches_real = d.forward(x_real, train=True, rng=draws())
    logits_fake, caches_fake = d.forward(x_fake, train=True, rng=draws())
    _, ds_real, ds_fake = objective.discriminator(logits_real, logits_fake)
    d.zero_grad()
    d.add_param_grads(ds_real, caches_real)
    d.add_param_grads(ds_fake, caches_fake)
    _, ds = objective.generator(logits_fake)
    dx = d.backward(ds, caches_fake, param_grads=False)
    g.zero_grad()
    dz = g.backward(dx, caches_g)

    def d_loss() -> float:
        real, _ = d.forward(x_real, train=True, rng=draws())
        fake, _ = d.forward(x_fake, train=True, rng=draws())
        return float(to_host(objective.discriminator(real, fake)[0]))

    def g_loss(z: Array) -> float:
        fake, _ = d.forward(g.forward(z, train=True, rng=draws())[0], train=True, rng=draws())
        return float(to_host(objective.generator(fake)[0]))

    def in_theta(name: str, network: Network, loss: Callable[[], float]) -> Check:
        f = _as_function_of(network.theta, loss)
        return check_directional(f"{name}: dtheta", f, network.theta.copy(), network.dtheta, rng=rng)

    return [
        in_theta("discriminator", d, d_loss),
        in_theta("generator through discriminator", g, lambda: g_loss(z)),
        check_directional("generator through discriminator: dz", g_loss, z, dz, rng=rng),
    ]


def report(checks: list[Check]) -> str:
    """Return one line per check under a heading, and a verdict in the last line."""
    wrong = sum(not check.ok for check in checks)
    worst = max((check.error for check in checks), default=0.0)
    verdict = f"{wrong} of {len(checks)} WRONG" if wrong else f"all {len(checks)} right, largest error {worst:.1e}"
    width = max([len(check.name) for check in checks], default=0)
    heading = f"{'':5}  {'gradient':<{width}} {'analytic':>16} {'numeric':>16}"
    return "\n".join([heading, *(check.line(width) for check in checks), verdict])


def _as_function_of(array: Array, f: Callable[[], float]) -> Callable[[Array], float]:
    """Turn f(), which reads ``array``, into a function of its value; every call restores the array at its end."""

    def evaluate(value: Array) -> float:
        saved = array.copy()
        array[...] = value
        try:
            return f()
        finally:
            array[...] = saved

    return evaluate


def _randomise(net: Network, rng: np.random.Generator) -> None:
    """Move all weights, gains, biases and statistics away from values that hide mistakes, such as 0 and 1."""
    net.theta += 0.1 * _normal_like(net.theta, rng)
    net.stats += 0.3 * to_device(rng.random(net.stats.shape), net.device)


def _normal_like(x: Array, rng: np.random.Generator) -> Array:
    xp = get_array_module(x)
    draw = rng.standard_normal(x.shape)
    return draw if xp is np else xp.asarray(draw)


def _dot(a: Array, b: Array) -> float:
    return float(to_host((a * b).sum()))


def _norm(a: Array) -> float:
    return _dot(a, a) ** 0.5
