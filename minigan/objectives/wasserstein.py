"""The Wasserstein objective: D is a critic, and the difference of its mean scores bounds a distance."""

from ..backend import Array
from .gan import Objective


class Wasserstein(Objective):
    """D raises the scores of real samples and lowers those of fakes (Arjovsky et al. 2017, arXiv 1701.07875, eq. 2).

    L_D = mean s_fake - mean s_real
    L_G = -mean s_fake

    The losses mean something only if the critic cannot grow steep. Clipped weights (its algorithm 1, bound 0.01), a
    gradient penalty or spectral normalisation see to that.
    """

    name = "wasserstein"
    log_odds = False

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return s, s * 0 + 1

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1
