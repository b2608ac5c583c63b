"""The twin of Adam: it computes the step in one pass over memory on all cores, or in one kernel on a GPU."""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from ..backend import Array, feed_numbers, get_array_module
from .threads import parallel_for, slices

BLOCK = 1 << 17  # elements that a thread updates at a time


class AdamState(Protocol):
    """The attributes of `minigan.optimizers.Adam` that the twin uses."""

    network: Any
    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    t: int
    m: Array
    v: Array


class FastAdam:
    """Take the steps of ``adam``, with its moments, its rates and its network.

    theta <- theta - m / (root sqrt(v) + eps')      root = (1 - beta1^t) / (rate sqrt(1 - beta2^t)),
                                                    eps' = (1 - beta1^t) eps / rate

    This is the formula of `Adam`, rearranged so that every element needs only one division.

    Parameters
    ----------
    adam : Adam
        The plain optimiser, which keeps the state.
    """

    def __init__(self, adam: AdamState) -> None:
        self.adam = adam

    @property
    def network(self) -> Any:
        """The network that the optimiser moves."""
        return self.adam.network

    @property
    def learning_rate(self) -> float:
        """The learning rate of ``adam``."""
        return self.adam.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.adam.learning_rate = rate

    def step(self) -> None:
        """Move the network's parameters once along its present gradients."""
        adam = self.adam
        theta, g = adam.network.theta, adam.network.dtheta
        factors = feed_numbers(self._next_factors, theta.dtype)
        xp = get_array_module(theta)
        if xp is not np:
            _adam_kernel(xp)(g, *factors, adam.m, adam.v, theta)
        else:

            def move(block: slice) -> None:
                adam_block(g[block], *factors, adam.m[block], adam.v[block], theta[block])

            parallel_for(move, slices(theta.size, BLOCK, like=theta))
        adam.network.version += 1

    def _next_factors(self) -> tuple[float, float, float, float, float, float]:
        """Count a step, and return beta1, 1 - beta1, beta2, 1 - beta2, root and eps' of it."""
        adam = self.adam
        adam.t += 1
        rate = adam.learning_rate / (1 - adam.beta1**adam.t)
        root = (1 - adam.beta2**adam.t) ** -0.5
        return adam.beta1, 1 - adam.beta1, adam.beta2, 1 - adam.beta2, root / rate, adam.eps / rate


def adam_block(
    g: Array, beta1: float, rest1: float, beta2: float, rest2: float, root: float, eps: float,
    m: Array, v: Array, theta: Array,
) -> None:  # fmt: skip
    """Take the step for one block, in place.

    m <- beta1 m + rest1 g,  v <- beta2 v + rest2 g^2,  theta <- theta - m / (root sqrt(v) + eps)
    """
    xp = get_array_module(g)
    x = g * rest1
    m *= beta1
    m += x
    xp.multiply(g, g, out=x)
    x *= rest2
    v *= beta2
    v += x
    xp.sqrt(v, out=x)
    x *= root
    x += eps
    theta -= xp.divide(m, x, out=x)


@cache
def _adam_kernel(xp: ModuleType) -> Callable[..., None]:
    """Return `adam_block` as one kernel of a GPU."""
    return xp.ElementwiseKernel(
        "T g, T beta1, T rest1, T beta2, T rest2, T root, T eps",
        "T m, T v, T theta",
        "m = beta1 * m + rest1 * g; v = beta2 * v + rest2 * g * g; theta = theta - m / (root * sqrt(v) + eps)",
        "adam",
    )
