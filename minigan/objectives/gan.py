"""The game: what the discriminator and the generator minimise, as losses of D's logits with their gradients.

The discriminator D maximises, and the generator G minimises, the value

    V(D, G) = E log D(x) + E log(1 - D(G(z)))                 (Goodfellow et al. 2014, eq. 1)

D ends in a logit s with D = sigmoid(s), and every loss is written in s: the logarithm of a computed sigmoid overflows,
or loses its gradient, exactly where a player is sure of a wrong answer.

An objective consists of three losses of one logit: what D pays for a real sample, what D pays for a fake, and what G
pays for a fake. What a player minimises is the mean over the batch.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from ..backend import Array, get_array_module
from ..errors import InputError
from ..layers.activations import sigmoid
from .cross_entropy import sigmoid_cross_entropy


class Objective(ABC):
    """The losses of both players; each player minimises its own.

    A new objective defines ``name`` and the three losses. Each takes logits s of shape (N, 1) and returns two arrays of
    that shape: the loss of every logit, and its derivative ds. An objective whose logit is not the log-odds of "real"
    also sets ``log_odds = False``.
    """

    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]] = ("d_loss", "g_loss", "d_real", "d_fake")  # what a step sees
    log_odds = True  # True: D(x) = sigmoid(s) is a probability; False: s is a score, and D(x) = s

    @abstractmethod
    def real_loss(self, s: Array) -> tuple[Array, Array]:
        """Return what D pays for the logit s of a real sample, and the derivative in s."""

    @abstractmethod
    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        """Return what D pays for the logit s of a fake, and the derivative in s."""

    @abstractmethod
    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        """Return what G pays for the logit s of a fake, and the derivative in s."""

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return L_D = mean real_loss + mean fake_loss (0-d), and its gradients in logits_real and logits_fake."""
        check_not_empty("logits_real", logits_real)
        check_not_empty("logits_fake", logits_fake)
        loss_real, ds_real = self.real_loss(logits_real)
        loss_fake, ds_fake = self.fake_loss(logits_fake)
        return loss_real.mean() + loss_fake.mean(), ds_real / len(ds_real), ds_fake / len(ds_fake)

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return L_G = mean generator_loss (0-d), and its gradient in logits_fake."""
        check_not_empty("logits_fake", logits_fake)
        loss, ds = self.generator_loss(logits_fake)
        return loss.mean(), ds / len(ds)

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        """Return the logits that D's outputs contain, and their derivatives in the outputs; here both are the same."""
        return outputs, get_array_module(outputs).ones_like(outputs)

    def output(self, s: Array) -> Array:
        """Return D(x) for the logit s, as it is shown to people: a probability in (0, 1), or the score itself."""
        return sigmoid(s) if self.log_odds else s


def check_not_empty(name: str, logits: Array) -> None:
    """Raise ``InputError`` if there are no logits, because they have no mean."""
    if not logits.size:
        raise InputError(f"{name}: expected the logits of at least one sample, got shape {logits.shape}")


class NonSaturating(Objective):
    """D plays the minimax game; G maximises E log D(G(z)) instead (Goodfellow et al. 2014, section 3).

    L_D = -mean log D(x) - mean log(1 - D(G(z)))        2 log 2 when D knows nothing
    L_G = -mean log D(G(z))                             per logit, dL_G/ds = -(1 - D): strong while G is losing
    """

    name = "non-saturating"

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 1)

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 0)

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return sigmoid_cross_entropy(s, 1)


class Minimax(NonSaturating):
    """The game as it was stated first, min_G max_D V(D, G) (Goodfellow et al. 2014, eq. 1); it saturates for G.

    L_D = -mean log D(x) - mean log(1 - D(G(z)))        as in NonSaturating
    L_G = mean log(1 - D(G(z)))                         per logit, dL_G/ds = -D: it vanishes as D(G(z)) goes to 0
    """

    name = "minimax"

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        loss, ds = sigmoid_cross_entropy(s, 0)
        return -loss, -ds
