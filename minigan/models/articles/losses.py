"""Losses that introductory articles wrote down, most of them with a flaw; `writeups` trains with them."""

from collections.abc import Callable

from ...backend import Array
from ...layers.activations import sigmoid
from ...objectives import Minimax, NonSaturating
from ...objectives.cross_entropy import sigmoid_cross_entropy


class SwappedPlayers(Minimax):
    """max_G min_D V(D, G): each player descends what it should climb. L_D = V and L_G = -V, to be minimised.

    V has no lower bound in D: log D(x) falls for ever as D calls real samples fake, and log(1 - D(G(z))) likewise.
    """

    name = "swapped players"

    def real(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().real(s)
        return -loss, -ds

    def fake(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().fake(s)
        return -loss, -ds

    def fool(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().fool(s)
        return -loss, -ds


class SquaredFool(NonSaturating):
    """D by cross-entropy; G pays (D(G(z)) - 1)^2, with D = sigmoid(s): ds = 2 (D - 1) D (1 - D)."""

    name = "squared fool"

    def fool(self, s: Array) -> tuple[Array, Array]:
        d, rest = sigmoid(s), sigmoid(-s)  # 1 - D
        return rest**2, -2 * rest**2 * d


class SwappedSquaredFool(SwappedPlayers):
    """G as in `SquaredFool`, but drawn to unrelated images; D *minimises* mean log D(x) + mean log(1 - D(G(z))).

    L_G = mean (D(G(z)) - 1)^2 + 1e-4 mean (G(z) - x)^2: z and x are drawn apart, so the second term has its minimum
    over G where every G(z) is the mean of the data.
    """

    name = "swapped squared fool"
    reconstruction = 1e-4

    def fool(self, s: Array) -> tuple[Array, Array]:
        return SquaredFool().fool(s)

    def image_loss(self, x_fake: Array, x_real: Array) -> tuple[Array, Array]:
        """Return 1e-4 mean (x_fake - x_real)^2 over samples and pixels, and its gradient in x_fake."""
        difference = x_fake - x_real
        scale = self.reconstruction / difference.size
        return scale * (difference * difference).sum(), 2 * scale * difference


class SigmoidTwice(NonSaturating):
    """Cross-entropy takes D's sigmoid output p for a logit: loss(p), with dp/ds = p (1 - p).

    p lies in (0, 1), so sigmoid(p) lies in (1/2, 0.731): no fake can be called fake, and L_D stays above
    log(1 + e^-1) + log 2 = 1.006.
    """

    name = "sigmoid twice"

    def real(self, s: Array) -> tuple[Array, Array]:
        return self._through(s, super().real)

    def fake(self, s: Array) -> tuple[Array, Array]:
        return self._through(s, super().fake)

    def fool(self, s: Array) -> tuple[Array, Array]:
        return self._through(s, lambda p: sigmoid_cross_entropy(p, 1))

    @staticmethod
    def _through(s: Array, loss: Callable[[Array], tuple[Array, Array]]) -> tuple[Array, Array]:
        p = sigmoid(s)
        value, dp = loss(p)
        return value, dp * p * (1 - p)
