"""The hinge objective: D learns only from samples that it has not yet told apart by a margin."""

from ..backend import Array
from .gan import Objective


class Hinge(Objective):
    """D pays for logits on the wrong side of a margin (Lim & Ye 2017, arXiv 1705.02894; Miyato et al. 2018, eq. 16).

    L_D = mean max(0, 1 - s_real) + mean max(0, 1 + s_fake)
    L_G = -mean s_fake

    At the corners, s_real = 1 and s_fake = -1, D's derivative is taken as 0.
    """

    name = "hinge"
    log_odds = False

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        below_margin = (s < 1).astype(s.dtype)
        return (1 - s) * below_margin, -below_margin

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        above_margin = (s > -1).astype(s.dtype)
        return (1 + s) * above_margin, above_margin

    def generator_loss(self, s: Array) -> tuple[Array, Array]:
        return -s, s * 0 - 1
