"""Clipping: bounds on the gradient of a network before a step of its optimiser, and on its weights after it."""

import numpy as np

from .. import validation
from ..backend import get_array_module
from ..network import Network
from .optimizer import Optimizer, Wrapper


def clip_gradient_norm(network: Network, bound: float) -> None:
    """Multiply dtheta by min(1, bound / |dtheta|), the norm of the whole vector (Pascanu et al. 2013, algorithm 1).

    The squares of numbers below 1e-23 are 0 in float32, and those of numbers above 2e19 are infinite. So the vector is
    divided by s = max(bound, its largest magnitude) first, and |dtheta| / s is compared with bound / s. A gradient
    within the bound keeps every bit. A NaN or an infinity makes the whole gradient NaN.
    """
    g = network.dtheta
    if not g.size:
        return
    xp, limits = get_array_module(g), np.finfo(g.dtype)
    bound = min(max(bound, float(limits.tiny)), float(limits.max))
    s = xp.maximum(xp.abs(g).max(), bound)
    scaled, share = g / s, bound / s
    g *= share / xp.maximum(xp.sqrt(scaled @ scaled), share)


def clip_gradient_value(network: Network, bound: float) -> None:
    """Set every element of dtheta to the nearest number in [-bound, bound]."""
    get_array_module(network.dtheta).clip(network.dtheta, -bound, bound, out=network.dtheta)


def clip_weights(network: Network, bound: float) -> None:
    """Set every element of theta to the nearest number in [-bound, bound] (Arjovsky et al. 2017, algorithm 1)."""
    get_array_module(network.theta).clip(network.theta, -bound, bound, out=network.theta)
    network.version += 1


class Clipped(Wrapper):
    """Clip a network before and after every step of its optimiser; a bound of None does nothing.

    Parameters
    ----------
    optimizer : Optimizer
        Takes the step.
    gradient_value, gradient_norm : float > 0, optional
        Bounds on each element of dtheta and on its norm, in this order, before the step.
    weights : float > 0, optional
        Bound on each element of theta, after the step.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        gradient_value: float | None = None,
        gradient_norm: float | None = None,
        weights: float | None = None,
    ) -> None:
        super().__init__(optimizer)
        self.gradient_value = _bound("gradient_value", gradient_value)
        self.gradient_norm = _bound("gradient_norm", gradient_norm)
        self.weights = _bound("weights", weights)

    def step(self) -> None:
        """Clip the gradient, let the optimiser step, clip the weights."""
        network = self.optimizer.network
        if self.gradient_value is not None:
            clip_gradient_value(network, self.gradient_value)
        if self.gradient_norm is not None:
            clip_gradient_norm(network, self.gradient_norm)
        self.optimizer.step()
        if self.weights is not None:
            clip_weights(network, self.weights)


def _bound(name: str, bound: float | None) -> float | None:
    return None if bound is None else validation.positive(name, bound)
