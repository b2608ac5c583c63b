"""A running average of the weights of a network, which gives better samples than the weights of a single step."""

from .. import validation
from ..backend import feed_numbers
from ..fast.adam import follow
from ..network import Network


class RunningAverage:
    """Keep an exponential moving average of parameters and running statistics (Yazici et al. 2019, arXiv 1806.04498).

    average <- average + w (network - average),   w = 1 - min(decay, (1 + t) / (10 + t))   at update t = 0, 1, ...

    At first the average follows the network closely. Later it slows down to ``decay``. `FastAdam` may move the
    parameters of the average in the pass in which it moves those of the network; it says so in ``followed``.

    Parameters
    ----------
    network : Network
        The network to follow; ``self.network`` is the average, a copy.
    decay : float in [0, 1)
        The average reaches back about 1 / (1 - decay) updates.
    """

    def __init__(self, network: Network, *, decay: float) -> None:
        self.source = network
        self.network = network.copy()
        self.decay = validation.fraction("decay", decay)
        self.t = 0
        self.followed = -1  # the version of the network that the parameters of the average have followed already

    @property
    def weight(self) -> float:
        """The w of the next update."""
        return 1 - min(self.decay, (1 + self.t) / (10 + self.t))

    def update(self) -> None:
        """Move the average towards the present network."""
        (w,) = feed_numbers(self._next_weight, self.network.theta.dtype)
        if self.followed != self.source.version:
            follow(w, self.source.theta, self.network.theta)
        self.followed = -1
        follow(w, self.source.stats, self.network.stats)
        self.network.version += 1

    def _next_weight(self) -> tuple[float]:
        """Count an update, and return its w."""
        w = self.weight
        self.t += 1
        return (w,)
