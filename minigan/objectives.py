"""What each player of the game minimises: losses on logits, with their gradients.

V(D, G) = E log D(x) + E log(1 - D(G(z))) is D's to maximise and G's to minimise (Goodfellow et al. 2014, eq. 1).
D ends in a logit s, D = sigmoid(s), and every loss is written in s, because log(sigmoid(s)) taken in two steps
overflows or loses its gradient exactly when a player is confidently wrong.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from .backend import Array, get_array_module
from .errors import InputError
from .layers.activations import sigmoid


def sigmoid_cross_entropy(logits: Array, target: float) -> tuple[Array, Array]:
    """Mean of -t log sigmoid(s) - (1 - t) log(1 - sigmoid(s)), and its gradient.

    Forward   loss = mean( max(s, 0) - s t + log1p(exp(-|s|)) )
    Backward  ds = (sigmoid(s) - t) / N = ((1 - t) sigmoid(s) - t sigmoid(-s)) / N

    From log(1 + e^s) = max(s, 0) + log1p(e^-|s|). The second form of ds takes no difference of nearly equal numbers:
    at s = 100, t = 1 it is -3.8e-44, where the first rounds to 0.

    logits : (N, 1), any finite numbers
    target : t in [0, 1], the label of all of them
    returns : loss, a 0-d array, and ds (N, 1)
    """
    if not 0 <= target <= 1:
        raise InputError(f"target: expected a number in [0, 1], got {target!r}")
    target = float(target)  # a NumPy number would promote
    xp = get_array_module(logits)
    loss = (xp.maximum(logits, 0) - logits * target + xp.log1p(xp.exp(-xp.abs(logits)))).mean()
    return loss, ((1 - target) * sigmoid(logits) - target * sigmoid(-logits)) / logits.size


class Objective(ABC):
    """The losses of both players; each is to be *minimised* by its player."""

    name: ClassVar[str]

    @abstractmethod
    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return D's loss (0-d) and its gradients with respect to logits_real and logits_fake."""

    @abstractmethod
    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return G's loss (0-d) and its gradient with respect to logits_fake."""


class NonSaturating(Objective):
    """D as in the minimax game; G maximises E log D(G(z)) (Goodfellow et al. 2014, section 3).

    L_D = -mean log D(x) - mean log(1 - D(G(z)))        2 log 2 when D knows nothing
    L_G = -mean log D(G(z))                             per logit, dL_G/ds = -(1 - D): strong while G is losing
    """

    name = "non-saturating"

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        loss_real, ds_real = sigmoid_cross_entropy(logits_real, 1)
        loss_fake, ds_fake = sigmoid_cross_entropy(logits_fake, 0)
        return loss_real + loss_fake, ds_real, ds_fake

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(logits_fake, 1)


class Minimax(NonSaturating):
    """The game as stated, min_G max_D V(D, G) (Goodfellow et al. 2014, eq. 1): saturating for G.

    L_D as in `NonSaturating`
    L_G = mean log(1 - D(G(z)))                         per logit, dL_G/ds = -D: it dies as D(G(z)) goes to 0
    """

    name = "minimax"

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        loss, ds = sigmoid_cross_entropy(logits_fake, 0)
        return -loss, -ds


OBJECTIVES: dict[str, Objective] = {objective.name: objective for objective in (NonSaturating(), Minimax())}


def get_objective(name: str) -> Objective:
    """Return an objective by its name; whoever writes a new one adds it to ``OBJECTIVES``."""
    if not isinstance(name, str) or name not in OBJECTIVES:
        raise InputError(f"objective: expected one of {', '.join(OBJECTIVES)}, got {name!r}")
    return OBJECTIVES[name]
