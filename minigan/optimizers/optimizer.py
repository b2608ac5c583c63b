"""What every optimiser promises, and the base of those that do something around the step of another one."""

from typing import Protocol

from ..network import Network


class Optimizer(Protocol):
    """An object that moves a network along its gradient."""

    learning_rate: float

    @property
    def network(self) -> Network:
        """The network that the optimiser moves."""
        ...

    def step(self) -> None:
        """Move the network's parameters once along its present gradients, and add 1 to its ``version``."""
        ...


class Wrapper:
    """An optimiser around another one, with its network and its learning rate.

    Parameters
    ----------
    optimizer : Optimizer
        Takes the step.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    @property
    def network(self) -> Network:
        """The network that the optimiser moves."""
        return self.optimizer.network

    @property
    def learning_rate(self) -> float:
        """The learning rate of ``optimizer``."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.optimizer.learning_rate = rate


def innermost(optimizer: Optimizer) -> Optimizer:
    """Return the optimiser that is inside all wrappers."""
    while isinstance(optimizer, Wrapper):
        optimizer = optimizer.optimizer
    return optimizer
