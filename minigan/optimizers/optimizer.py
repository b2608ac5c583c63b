"""What every optimiser promises."""

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
