"""What each player of the game minimises: losses on logits, with their gradients.

V(D, G) = E log D(x) + E log(1 - D(G(z))) is D's to maximise and G's to minimise (Goodfellow et al. 2014, eq. 1).
D ends in a logit s, D = sigmoid(s), and every loss is written in s, because log(sigmoid(s)) taken in two steps
overflows or loses its gradient exactly when a player is confidently wrong.

An objective is three functions of one logit: what D pays for a real sample, what it pays for a fake, and what G pays
for a fake. The losses are their means.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from ..backend import Array, get_array_module
from ..errors import InputError
from ..layers.activations import sigmoid
from .cross_entropy import sigmoid_cross_entropy


class Objective(ABC):
    """The losses of both players; each is to be *minimised* by its player.

    A new one gives ``name`` and three functions from logits s (N, 1) to (loss, d loss / ds) of each, both (N, 1); and
    ``log_odds = False`` where D is best at a logit that is no log-odds.
    """

    name: ClassVar[str]
    log_odds = True  # of being real: whether the logit is that, D(x) = sigmoid(s), or a score, D(x) = s

    @abstractmethod
    def real(self, s: Array) -> tuple[Array, Array]:
        """What D pays for the logit of a real sample."""

    @abstractmethod
    def fake(self, s: Array) -> tuple[Array, Array]:
        """What D pays for the logit of a fake."""

    @abstractmethod
    def fool(self, s: Array) -> tuple[Array, Array]:
        """What G pays for the logit of a fake."""

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return D's loss, mean real(s) + mean fake(s) (0-d), and its gradients in logits_real and logits_fake."""
        (loss_real, ds_real), (loss_fake, ds_fake) = self.real(logits_real), self.fake(logits_fake)
        return loss_real.mean() + loss_fake.mean(), ds_real / len(ds_real), ds_fake / len(ds_fake)

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        """Return D's logits, one of each sample, and their derivatives in D's outputs: here they are the outputs."""
        return outputs, get_array_module(outputs).ones_like(outputs)

    def output(self, s: Array) -> Array:
        """Return D(x), as D's answer is read: a probability in (0, 1), or the score itself."""
        return sigmoid(s) if self.log_odds else s

    def image_loss(self, x_fake: Array, x_real: Array) -> tuple[Array, Array] | None:
        """Return a further loss of G's, on its images themselves (0-d), and its gradient in x_fake; None without."""
        return None

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return G's loss, mean fool(s) (0-d), and its gradient in logits_fake."""
        loss, ds = self.fool(logits_fake)
        return loss.mean(), ds / len(ds)


class NonSaturating(Objective):
    """D as in the minimax game; G maximises E log D(G(z)) (Goodfellow et al. 2014, section 3).

    L_D = -mean log D(x) - mean log(1 - D(G(z)))        2 log 2 when D knows nothing
    L_G = -mean log D(G(z))                             per logit, dL_G/ds = -(1 - D): strong while G is losing
    """

    name = "non-saturating"

    def real(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 1)

    def fake(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 0)

    def fool(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 1)


class Minimax(NonSaturating):
    """The game as stated, min_G max_D V(D, G) (Goodfellow et al. 2014, eq. 1): saturating for G.

    L_D as in `NonSaturating`
    L_G = mean log(1 - D(G(z)))                         per logit, dL_G/ds = -D: it dies as D(G(z)) goes to 0
    """

    name = "minimax"

    def fool(self, s: Array) -> tuple[Array, Array]:
        loss, ds = sigmoid_cross_entropy(s, 0)
        return -loss, -ds


class LeastSquares(Objective):
    """The logit itself is D's answer, 1 for real and 0 for fake (Mao et al. 2017, arXiv 1611.04076, eq. 9).

    L_D = 1/2 mean (s_real - 1)^2 + 1/2 mean s_fake^2,  L_G = 1/2 mean (s_fake - 1)^2

    The gradient grows with the distance from the target: no logit saturates.
    """

    name = "least-squares"
    log_odds = False

    def real(self, s: Array) -> tuple[Array, Array]:
        return (s - 1) ** 2 / 2, s - 1

    def fake(self, s: Array) -> tuple[Array, Array]:
        return s**2 / 2, s

    def fool(self, s: Array) -> tuple[Array, Array]:
        return (s - 1) ** 2 / 2, s - 1


class Wasserstein(Objective):
    """D is a critic, whose mean difference bounds a distance (Arjovsky et al. 2017, arXiv 1701.07875, eq. 2).

    L_D = mean s_fake - mean s_real,  L_G = -mean s_fake

    It means something only for a critic that is kept from growing steep: by clipped weights (its algorithm 1, 0.01), a
    gradient penalty or spectral norm.
    """

    name = "wasserstein"
    log_odds = False

    def real(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1

    def fake(self, s: Array) -> tuple[Array, Array]:
        return s, s * 0 + 1

    def fool(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1


class Hinge(Objective):
    """D learns only from logits within its margin (Lim & Ye 2017, arXiv 1705.02894; Miyato et al. 2018, eq. 16, 17).

    L_D = mean max(0, 1 - s_real) + mean max(0, 1 + s_fake),  L_G = -mean s_fake

    At the corners, s = 1 and s = -1, D's derivative is taken as 0.
    """

    name = "hinge"
    log_odds = False

    def real(self, s: Array) -> tuple[Array, Array]:
        inside = (s < 1).astype(s.dtype)
        return (1 - s) * inside, -inside

    def fake(self, s: Array) -> tuple[Array, Array]:
        inside = (s > -1).astype(s.dtype)
        return (1 + s) * inside, inside

    def fool(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1


class ObjectiveWrapper(Objective):
    """An objective made of another one, ``objective``: its losses, but where a subclass says otherwise."""

    def __init__(self, objective: Objective) -> None:
        self.objective, self.log_odds = objective, objective.log_odds

    def real(self, s: Array) -> tuple[Array, Array]:
        return self.objective.real(s)

    def fake(self, s: Array) -> tuple[Array, Array]:
        return self.objective.fake(s)

    def fool(self, s: Array) -> tuple[Array, Array]:
        return self.objective.fool(s)

    def image_loss(self, x_fake: Array, x_real: Array) -> tuple[Array, Array] | None:
        return self.objective.image_loss(x_fake, x_real)


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective for objective in (NonSaturating(), Minimax(), LeastSquares(), Wasserstein(), Hinge())
}


def get_objective(name: str) -> Objective:
    """Return an objective by its name; whoever writes a new one adds it to ``OBJECTIVES``."""
    if not isinstance(name, str) or name not in OBJECTIVES:
        raise InputError(f"objective: expected one of {', '.join(OBJECTIVES)}, got {name!r}")
    return OBJECTIVES[name]
