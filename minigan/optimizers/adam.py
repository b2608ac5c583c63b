"""Adam on the flat parameter vector of a network."""

from .. import validation
from ..backend import get_array_module
from ..network import Network


class Adam:
    """Move theta by Adam (Kingma & Ba 2015, algorithm 1), in place; at step t = 1, 2, ...:

    m <- beta1 m + (1 - beta1) g                    m_hat = m / (1 - beta1^t)
    v <- beta2 v + (1 - beta2) g^2                  v_hat = v / (1 - beta2^t)
    theta <- theta - learning_rate m_hat / (sqrt(v_hat) + eps)

    Parameters
    ----------
    network : Network
        Its ``dtheta`` is g, and its ``theta`` moves.
    learning_rate : float > 0
    beta1, beta2 : float in [0, 1)
        GANs use beta1 = 0.5 (Radford et al. 2016, section 4).
    eps : float in (0, 0.01)
        Outside the square root, as in the paper.
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
        g = self.network.dtheta
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        self.network.theta -= self.learning_rate * m_hat / (v_hat**0.5 + self.eps)
        self.network.version += 1
