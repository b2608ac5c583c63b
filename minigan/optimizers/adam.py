"""Adam on the flat parameter vector of a network."""

from collections.abc import Callable
from functools import cache
from types import ModuleType

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..fast.threads import parallel_for, slices
from ..network import Network

BLOCK = 1 << 17  # elements that a thread moves at a time


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1), in place on theta. At step t = 1, 2, ...:

    m <- beta1 m + (1 - beta1) g                    m_hat = m / (1 - beta1^t)
    v <- beta2 v + (1 - beta2) g^2                  v_hat = v / (1 - beta2^t)
    theta <- theta - learning_rate m_hat / (sqrt(v_hat) + eps)

    Parameters
    ----------
    network : whose ``theta`` moves by its ``dtheta``
    learning_rate : > 0
    beta1, beta2 : in [0, 1); GANs use beta1 = 0.5 (Radford et al. 2016, section 3)
    eps : in (0, 0.01), outside the square root as in the paper
    """

    def __init__(
        self,
        network: Network,
        *,
        learning_rate: float,
        beta1: float = 0.5,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self.network = network
        self.learning_rate = validation.positive("learning_rate", learning_rate)
        self.beta1, self.beta2 = validation.fraction("beta1", beta1), validation.fraction("beta2", beta2)
        self.eps = validation.epsilon("eps", eps)
        self.t = 0
        xp = get_array_module(network.theta)
        self.m, self.v = xp.zeros_like(network.theta), xp.zeros_like(network.theta)

    def step(self) -> None:
        """Move the network's parameters once along its present gradients."""
        self.t += 1
        theta, g = self.network.theta, self.network.dtheta
        rate = self.learning_rate / (1 - self.beta1**self.t)
        root = (1 - self.beta2**self.t) ** -0.5
        factors = (self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, root / rate, self.eps / rate)
        xp = get_array_module(theta)
        if xp is not np:
            _adam_kernel(xp)(g, *factors, self.m, self.v, theta)
        else:
            blocks = slices(theta.size, BLOCK, like=theta)
            parallel_for(lambda b: adam(g[b], *factors, self.m[b], self.v[b], theta[b]), blocks)
        self.network.version += 1


def adam(
    g: Array, beta1: float, rest1: float, beta2: float, rest2: float, root: float, eps: float,
    m: Array, v: Array, theta: Array,
) -> None:  # fmt: skip
    """m <- beta1 m + rest1 g,  v <- beta2 v + rest2 g^2,  theta <- theta - m / (root sqrt(v) + eps), all in place."""
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
    """The same on a GPU, in one kernel."""
    return xp.ElementwiseKernel(
        "T g, T beta1, T rest1, T beta2, T rest2, T root, T eps",
        "T m, T v, T theta",
        "m = beta1 * m + rest1 * g; v = beta2 * v + rest2 * g * g; theta = theta - m / (root * sqrt(v) + eps)",
        "adam",
    )
