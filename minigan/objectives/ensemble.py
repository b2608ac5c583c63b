"""The game of one generator against several discriminators: a loss for each of them, and one for all of G's judges."""

from ..backend import Array, get_array_module
from ..errors import InputError
from . import Objective, ObjectiveWrapper

COMBINE = ("mean", "max")


class DiscriminatorEnsembleObjective(ObjectiveWrapper):
    """An objective for logits s (N, K) of K discriminators, of which each plays it alone; G plays against all.

    With L_k the objective's own loss of D on column k, and G_k = 1/N sum_n fool(s_nk) that of G:

    D          L_D = sum_k L_k                      dL_D/ds_nk = real'(s_nk) / N  and  fake'(s_nk) / N
    G, "mean"  L_G = 1/K sum_k G_k                  dL_G/ds_nk = fool'(s_nk) / (N K)
    G, "max"   L_G = max_k G_k                      dL_G/ds_nk = fool'(s_nk) / N  in the column of the maximum, else 0

    No other L_j depends on the weights of member k: the sum's gradient in them is L_k's alone, so a member learns as
    it would without the others. With "mean" G faces their average (Neyshabur, Bhojanapalli & Chakrabarti 2017,
    "Stabilizing GAN training with multiple random projections", arXiv 1705.07831). With "max" it faces the one it
    does worst against in this batch (Durugkar, Gemp & Mahadevan 2017, "Generative multi-adversarial networks", arXiv
    1611.01673, section 3): a maximum of smooth functions has the gradient of the largest. Where two are equal the
    first is taken.

    Parameters
    ----------
    objective : of one discriminator
    combine : "mean" or "max"
    """

    name = "several"

    def __init__(self, objective: Objective, *, combine: str = "mean") -> None:
        if combine not in COMBINE:
            raise InputError(f"combine: expected one of {', '.join(COMBINE)}, got {combine!r}")
        super().__init__(objective)
        self.combine = combine

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return L_D, the sum over the members (0-d), and its gradients in logits_real and logits_fake (N, K)."""
        mean, ds_real, ds_fake = super().discriminator(logits_real, logits_fake)
        return mean * logits_real.shape[-1], ds_real, ds_fake

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return L_G (0-d), and its gradient in logits_fake (N, K)."""
        loss, ds = self.fool(logits_fake)
        if self.combine == "mean":
            return loss.mean(), ds / ds.size
        of_members = loss.mean(axis=0)
        hardest = get_array_module(ds).arange(ds.shape[1]) == of_members.argmax()
        return of_members.max(), ds * hardest / len(ds)
