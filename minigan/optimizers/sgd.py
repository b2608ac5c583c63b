"""Gradient descent on the flat parameter vector of a network."""

from .. import validation
from ..network import Network


class SGD:
    """Move the weights by gradient descent: theta <- theta - learning_rate * dtheta.

    Parameters
    ----------
    network : Network
        Its ``theta`` moves.
    learning_rate : float > 0
    """

    def __init__(self, network: Network, *, learning_rate: float) -> None:
        self.network = network
        self.learning_rate = validation.positive("learning_rate", learning_rate)

    def step(self) -> None:
        """Move the network's parameters once along its present gradients."""
        self.network.theta -= self.learning_rate * self.network.dtheta
        self.network.version += 1
