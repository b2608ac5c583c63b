"""What every optimiser promises."""

from typing import Protocol

from ..network import Network


class Optimizer(Protocol):
    """What moves a network along its gradient."""

    learning_rate: float

    @property
    def network(self) -> Network:
        """The network that is moved."""
        ...

    def step(self) -> None:
        """Move the network's parameters once along its present gradients, and count its ``version`` up."""
        ...
