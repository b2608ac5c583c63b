"""The losses of the five recipes as they were written, most of them with a flaw; `networks` says which."""

from collections.abc import Callable

from ...backend import Array
from ...errors import InputError
from ...layers.activations import sigmoid
from ...network import Caches, Network
from ...objectives import Minimax, NonSaturating


class SwappedPlayers(Minimax):
    """max_G min_D V(D, G): each player descends what it should climb, L_D = V and L_G = -V.

    V has no lower bound in D: log D(x) falls without end while D calls real samples fake, and so does
    log(1 - D(G(z))) while D calls fakes real.
    """

    name = "swapped players"

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().real_loss(s)
        return -loss, -ds

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().fake_loss(s)
        return -loss, -ds

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        loss, ds = super().generator_loss(s)
        return -loss, -ds


class SquaredError(NonSaturating):
    """D pays the cross-entropy; G pays (D(G(z)) - 1)^2 with D = sigmoid(s), so ds = 2 (D - 1) D (1 - D)."""

    name = "squared error"

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        d, rest = sigmoid(s), sigmoid(-s)  # rest = 1 - D
        return rest**2, -2 * rest**2 * d


class SwappedSquaredError(SwappedPlayers):
    """G as in `SquaredError`; D *minimises* mean log D(x) + mean log(1 - D(G(z)))."""

    name = "swapped squared error"

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return SquaredError().generator_loss(s)


class Reconstruction:
    """A penalty that pulls the fakes to real images with which they have nothing to do.

    P = weight mean (G(z) - x)^2, over samples and pixels

    With M the number of pixels of the whole batch, dP/dG(z) = 2 weight / M (G(z) - x). Because z and x are drawn
    independently, P is least over G if every G(z) is the mean of the data.

    Parameters
    ----------
    weight : float > 0
    """

    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def value_and_gradient(self, x_fake: Array, x_real: Array) -> tuple[Array, Array]:
        """Return P (0-d), and its gradient in x_fake."""
        difference = x_fake - x_real
        scale = self.weight / difference.size
        return scale * (difference * difference).sum(), 2 * scale * difference

    def add_gradient(self, generator: Network, x_real: Array | None, x_fake: Array, caches_fake: Caches) -> Array:
        """Add dP/dtheta to G's ``dtheta``, and return P (0-d)."""
        if x_real is None:
            raise InputError("x_real: expected the images that the fakes are compared with, got None")
        p, dx_fake = self.value_and_gradient(x_fake, x_real)
        generator.add_param_grads(dx_fake, caches_fake)
        return p


class SigmoidTwice(NonSaturating):
    """The cross-entropy takes D's sigmoid output p for a logit: loss(p), with dp/ds = p (1 - p).

    p lies in (0, 1), so sigmoid(p) lies in (1/2, 0.731). D can call no fake a fake, and L_D stays above
    log(1 + e^-1) + log 2 = 1.006.
    """

    name = "sigmoid twice"

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return self._of_probability(s, super().real_loss)

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return self._of_probability(s, super().fake_loss)

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return self._of_probability(s, super().generator_loss)

    @staticmethod
    def _of_probability(s: Array, loss: Callable[[Array], tuple[Array, Array]]) -> tuple[Array, Array]:
        p = sigmoid(s)
        value, dp = loss(p)
        return value, dp * p * (1 - p)
