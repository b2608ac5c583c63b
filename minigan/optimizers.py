"""SGD and Adam on the flat parameter vector of a network."""

from collections.abc import Iterator

import numpy as np

from . import checks
from .backend import get_array_module
from .layers.network import Network

BLOCK = 1 << 16  # elements: the vectors of an Adam step then stay in the cache of a CPU core


class SGD:
    """theta <- theta - learning_rate * dtheta."""

    def __init__(self, network: Network, *, learning_rate: float) -> None:
        self.network = network
        self.learning_rate = checks.positive("learning_rate", learning_rate)

    def step(self) -> None:
        """Move the network's parameters once along its present gradients."""
        self.network.theta -= self.learning_rate * self.network.dtheta
        self.network.version += 1


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
        self.learning_rate = checks.positive("learning_rate", learning_rate)
        self.beta1, self.beta2 = checks.fraction("beta1", beta1), checks.fraction("beta2", beta2)
        self.eps = checks.epsilon("eps", eps)
        self.t = 0
        xp = get_array_module(network.theta)
        self.m, self.v = xp.zeros_like(network.theta), xp.zeros_like(network.theta)

    def step(self) -> None:
        """Move the network's parameters once along its present gradients."""
        self.t += 1
        theta, g = self.network.theta, self.network.dtheta
        xp = get_array_module(theta)
        rate = self.learning_rate / (1 - self.beta1**self.t)
        root = (1 - self.beta2**self.t) ** -0.5
        for block in _blocks(theta.size, BLOCK if xp is np else theta.size):
            m, v, g_block = self.m[block], self.v[block], g[block]
            m *= self.beta1
            m += (1 - self.beta1) * g_block
            v *= self.beta2
            v += (1 - self.beta2) * (g_block * g_block)
            scale = xp.sqrt(v)
            scale *= root  # sqrt(v_hat)
            scale += self.eps
            xp.divide(m, scale, out=scale)
            scale *= rate
            theta[block] -= scale
        self.network.version += 1


def _blocks(size: int, block: int) -> Iterator[slice]:
    for start in range(0, size, block):
        yield slice(start, start + block)
