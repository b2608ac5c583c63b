"""The game of one generator against several discriminators: one loss for each of them, and one loss for G."""

from .. import validation
from ..backend import Array, get_array_module
from .gan import Objective, check_not_empty
from .wrapper import ObjectiveWrapper

COMBINE = ("mean", "max")


class DiscriminatorEnsembleObjective(ObjectiveWrapper):
    """An objective for the logits s (N, K) of K discriminators; each plays for itself, and G plays against all.

    Let L_k be the objective's loss of D for column k, and G_k = 1/N sum_n generator_loss(s_nk). With ' for derivatives,

    D          L_D = sum_k L_k            dL_D/ds_nk = real_loss'(s_nk) / N  and  fake_loss'(s_nk) / N
    G, "mean"  L_G = 1/K sum_k G_k        dL_G/ds_nk = generator_loss'(s_nk) / (N K)
    G, "max"   L_G = max_k G_k            dL_G/ds_nk = generator_loss'(s_nk) / N  in the column of the maximum, else 0

    Only L_k depends on the weights of member k, so every member learns as if the others were not there. With "mean", G
    plays against their average (Neyshabur, Bhojanapalli & Chakrabarti 2017, "Stabilizing GAN training with multiple
    random projections", arXiv 1705.07831). With "max", it plays against the member that it does worst against in this
    batch (Durugkar, Gemp & Mahadevan 2017, "Generative multi-adversarial networks", arXiv 1611.01673, section 3); the
    gradient of a maximum is that of the largest member, and of equal ones the first is taken.

    Parameters
    ----------
    objective : Objective
        The game of one discriminator.
    combine : "mean" or "max"
        How G's losses against the members become one.
    """

    name = "discriminator ensemble"

    def __init__(self, objective: Objective, *, combine: str = "mean") -> None:
        super().__init__(objective)
        self.combine = validation.one_of("combine", combine, COMBINE)

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return L_D, the sum over the members (0-d), and its gradients in logits_real and logits_fake (N, K)."""
        mean_over_members, ds_real, ds_fake = super().discriminator(logits_real, logits_fake)
        return mean_over_members * logits_real.shape[-1], ds_real, ds_fake

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return L_G (0-d), and its gradient in logits_fake (N, K)."""
        check_not_empty("logits_fake", logits_fake)
        loss, ds = self.generator_loss(logits_fake)
        if self.combine == "mean":
            return loss.mean(), ds / ds.size
        of_members = loss.mean(axis=0)
        is_hardest = get_array_module(ds).arange(ds.shape[1]) == of_members.argmax()
        return of_members.max(), ds * is_hardest / len(ds)
