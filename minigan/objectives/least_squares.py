"""The least-squares objective: D's logit itself should be 1 for real samples and 0 for fakes."""

from ..backend import Array
from .gan import Objective


class LeastSquares(Objective):
    """D and G pay squared distances to a target (Mao et al. 2017, arXiv 1611.04076, eq. 9).

    L_D = 1/2 mean (s_real - 1)^2 + 1/2 mean s_fake^2
    L_G = 1/2 mean (s_fake - 1)^2

    The gradient grows with the distance from the target, so no logit saturates.
    """

    name = "least-squares"
    log_odds = False

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return (s - 1) ** 2 / 2, s - 1

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return s**2 / 2, s

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return (s - 1) ** 2 / 2, s - 1
