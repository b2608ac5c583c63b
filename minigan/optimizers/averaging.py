"""A running average of a network's weights: its samples are better than those of any single step."""

from .. import validation
from ..network import Network


class RunningAverage:
    """An exponential moving average of parameters and running statistics (Yazici et al. 2019, eq. 4).

    average <- average + w (network - average),   w = 1 - min(decay, (1 + t) / (10 + t))   at update t = 0, 1, ...

    so that the average starts as nearly the network itself and slows down to ``decay`` as it goes.

    network : the one to follow
    decay : in [0, 1); the average reaches back about 1 / (1 - decay) updates
    """

    def __init__(self, network: Network, *, decay: float) -> None:
        self.source = network
        self.network = network.copy()
        self.decay = validation.fraction("decay", decay)
        self.t = 0

    def update(self) -> None:
        """Move the average towards the network as it is now."""
        w = 1 - min(self.decay, (1 + self.t) / (10 + self.t))
        self.t += 1
        self.network.theta += w * (self.source.theta - self.network.theta)
        self.network.stats += w * (self.source.stats - self.network.stats)
        self.network.version += 1
