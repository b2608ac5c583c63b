"""The twin of Adam: one pass over memory on all cores, or one kernel on a GPU, which also moves the running average."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from ..backend import Array, feed_numbers, get_array_module
from .fuse import fused
from .threads import parallel_for, slices

PART = 400_000  # elements of a part at most; in short calls the threads wait for Python's lock
ALIGNED = 16  # elements between places in memory at which a part may begin


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


class AverageState(Protocol):
    """The attributes of `minigan.optimizers.RunningAverage` that the twin uses."""

    network: Any
    followed: int

    @property
    def weight(self) -> float: ...


class FastAdam:
    """Take the steps of ``adam``, with its moments, its rates and its network.

    theta <- theta - m / (root sqrt(v) + eps')      root = (1 - beta1^t) / (rate sqrt(1 - beta2^t)),
                                                    eps' = (1 - beta1^t) eps / rate

    This is the formula of `Adam`, rearranged so that every element needs only one division. If there is a running
    average of the network, its parameters follow in the same pass: average <- average + weight (theta - average).

    Parameters
    ----------
    adam : Adam
        The plain optimiser, which keeps the state.
    """

    def __init__(self, adam: AdamState) -> None:
        self.adam = adam
        self.average: AverageState | None = None

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
        self._move(*feed_numbers(self._next_factors, self.network.theta.dtype))
        self.network.version += 1
        if self.average:
            self.average.followed = self.network.version

    def _next_factors(self) -> tuple[float, ...]:
        """Count a step, and return the factors of `adam_block` in it, and the weight if there is an average."""
        adam = self.adam
        adam.t += 1
        rate = adam.learning_rate / (1 - adam.beta1**adam.t)
        root = (1 - adam.beta2**adam.t) ** -0.5
        factors = (adam.beta1, 1 - adam.beta1, adam.beta2, 1 - adam.beta2, root / rate, adam.eps / rate)
        return (*factors, self.average.weight) if self.average else factors

    def _move(self, *factors: Any) -> None:
        """Move all arrays by the formulas; on a GPU the factors may be arrays there, of shape ()."""
        adam, theta = self.adam, self.network.theta
        arrays = [adam.m, adam.v, theta, *([self.average.network.theta] if self.average else [])]
        xp = get_array_module(theta)
        if xp is not np:
            _adam_kernel(xp, averaged=len(arrays) == 4)(self.network.dtheta, *factors, *arrays)
            return

        def move_part(part: slice) -> None:
            own = [array[part] for array in arrays]
            adam_block(self.network.dtheta[part], factors, *own[:3])
            if self.average:
                follow(factors[6], *own[2:])

        parallel_for(move_part, parts(theta.size, like=theta))


def parts(size: int, *, like: Array) -> list[slice]:
    """Cut a vector into 1, 2, 4, ... parts of at most `PART` elements."""
    count = 1
    while count * PART < size:
        count *= 2
    return slices(size, -(-size // (count * ALIGNED)) * ALIGNED, like=like)


def adam_block(g: Array, factors: Sequence[float], m: Array, v: Array, theta: Array) -> None:
    """Take the step for one block, in place; ``factors`` begins with beta1, rest1, beta2, rest2, root and eps.

    m <- beta1 m + rest1 g,  v <- beta2 v + rest2 g^2,  theta <- theta - m / (root sqrt(v) + eps)
    """
    xp = get_array_module(g)
    beta1, rest1, beta2, rest2, root, eps = factors[:6]
    if beta1 == 0:
        m[...] = g
        x = g * g
    else:
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


@partial(fused, outputs=1)
def follow(weight: float, source: Array, average: Array) -> None:
    """Move a running average in place: average <- average + weight (source - average)."""
    x = source - average
    x *= weight
    average += x


@cache
def _adam_kernel(xp: ModuleType, *, averaged: bool) -> Callable[..., None]:
    """Return `adam_block`, and `follow` if ``averaged``, as one kernel of a GPU."""
    inputs, arrays = "T g, T beta1, T rest1, T beta2, T rest2, T root, T eps", "T m, T v, T theta"
    lines = "m = beta1 * m + rest1 * g; v = beta2 * v + rest2 * g * g; theta = theta - m / (root * sqrt(v) + eps);"
    if averaged:
        inputs, arrays = inputs + ", T weight", arrays + ", T average"
        lines += "average = average + weight * (theta - average);"
    return xp.ElementwiseKernel(inputs, arrays, lines, "adam_and_average" if averaged else "adam")
