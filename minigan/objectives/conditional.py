"""Conditional games: G is told what to draw, and D's further outputs see to it that it does.

G takes z with a code c appended, (N, Z + K), as `codes` describes. D's last layer gives 1 + K numbers in the place of
one: with phi (N, F) the features before it,

    o = (s, a),    s = phi w + b,    a = phi V + b_a          V (F, K): one column for each element of the code

Real sample n and fake n of a batch have the same code where the data has labels: the fakes' classes are then those of
the data, and a penalty between the two has one code as well.

An object below wraps an objective of one logit, and holds the codes of the batch at hand.
"""

from typing import ClassVar

from ..backend import Array, get_array_module
from ..errors import InputError
from . import Objective, ObjectiveWrapper
from .cross_entropy import softmax_cross_entropy


class Conditional(ObjectiveWrapper):
    """An objective whose logit comes from D's outputs o (N, 1 + K) and the codes c of the batch.

    Forward   L_D, L_G = those of ``objective`` at the logit of o
    Backward  do = ds (dlogit/do)          ds (N, 1) from ``objective``

    Parameters
    ----------
    objective : of one logit
    codes : c (N, K), of the real samples as of the fakes
    weight : > 0, lambda: of the loss on the codes, for the games that have one
    """

    continuous: ClassVar[int] = 0  # numbers in the code behind the class
    labelled: ClassVar[bool] = True  # whether the classes are those of the data
    default_weight: ClassVar[float | None] = None  # None where there is no loss on the codes

    def __init__(self, objective: Objective, codes: Array, *, weight: float | None = None) -> None:
        super().__init__(objective)
        self.codes = codes
        self.weight = weight or self.default_weight or 0.0

    def discriminator(self, out_real: Array, out_fake: Array) -> tuple[Array, Array, Array]:
        (s_real, slope_real), (s_fake, slope_fake) = self.logit(out_real), self.logit(out_fake)
        loss, ds_real, ds_fake = super().discriminator(s_real, s_fake)
        return loss, ds_real * slope_real, ds_fake * slope_fake

    def generator(self, out_fake: Array) -> tuple[Array, Array]:
        s, slope = self.logit(out_fake)
        loss, ds = super().generator(s)
        return loss, ds * slope


class Projection(Conditional):
    """The label meets D's features in an inner product (Miyato & Koyama 2018, arXiv 1802.05637, eq. 3).

    Forward   logit = s + <c, a> = s + a_y = psi(phi) + <e_y, phi>          e_y = column y of V
    Backward  ds = dlogit,    da = c dlogit

    The best logit is log p(x, y)/q(x, y) = log p(x)/q(x) + log p(y | x)/q(y | x), data p against fakes q (there
    eq. 2): s judges whether a sample is real, a_y whether it is a real y. a_y has a bias here, in the paper none.
    """

    name = "projection"

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        xp = get_array_module(outputs)
        slope = xp.concatenate((xp.ones_like(outputs[:, :1]), self.codes.astype(outputs.dtype)), axis=1)
        return (outputs * slope).sum(axis=1, keepdims=True), slope


class ACGAN(Conditional):
    """D also classifies, and both players want the class to be seen (Odena et al. 2017, arXiv 1610.09585, eq. 2, 3).

    L_D = of the logit s + lambda (mean -log softmax(a_real)_y + mean -log softmax(a_fake)_y)
    L_G = of the logit s + lambda mean -log softmax(a_fake)_y

    D learns what a y is from fakes, too, so the easiest samples of a class pay best for both, and G comes to draw them
    alone: at lambda = 1, the paper's, `hybrid` did so on digits, at 0.3 it did not, and at 0.1 it minded no label.
    """

    name = "ac-gan"
    default_weight = 0.3

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        slope = get_array_module(outputs).zeros_like(outputs)
        slope[:, 0] = 1
        return outputs[:, :1], slope

    def discriminator(self, out_real: Array, out_fake: Array) -> tuple[Array, Array, Array]:
        loss, do_real, do_fake = super().discriminator(out_real, out_fake)
        if self.labelled:
            loss = loss + self._add_code_loss(out_real, do_real)
        return loss + self._add_code_loss(out_fake, do_fake), do_real, do_fake

    def generator(self, out_fake: Array) -> tuple[Array, Array]:
        loss, do_fake = super().generator(out_fake)
        return loss + self._add_code_loss(out_fake, do_fake), do_fake

    def _add_code_loss(self, outputs: Array, do: Array) -> Array:
        """Return lambda times the mean of `code_loss` at a, and add its gradient in the outputs to ``do``."""
        loss, da = self.code_loss(outputs[:, 1:])
        do[:, 1:] += self.weight / len(outputs) * da
        return self.weight * loss.mean()

    def code_loss(self, a: Array) -> tuple[Array, Array]:
        """Return -log of the probability that the heads a (N, K) give the codes, (N, 1), and its gradient in a."""
        return softmax_cross_entropy(a, self.codes)


class InfoGAN(ACGAN):
    """G invents classes that D can tell apart, without labels (Chen et al. 2016, arXiv 1606.03657, eq. 5, 6).

    c is a class and two numbers in [-1, 1], drawn and not known of real samples. With Q(c | x) read off the heads,

        L_I = E log Q(c | G(z, c)) + H(c)  <=  I(c; G(z, c))

    bounds the mutual information from below, and both players minimise -lambda L_I, on fakes alone, besides their loss
    of the logit s. Q is a softmax of the class and a Gaussian of mean a_k and variance 1 around each number c_k:

        -log Q(c | x) = -log softmax(a_class)_y + sum_k (a_k - c_k)^2 / 2 + constant,    da_k = a_k - c_k

    Q shares all layers of D but its last; the paper's has one more of its own.
    """

    name = "infogan"
    default_weight = 1.0
    continuous = 2
    labelled = False

    def code_loss(self, a: Array) -> tuple[Array, Array]:
        k = a.shape[1] - self.continuous
        loss, da = softmax_cross_entropy(a[:, :k], self.codes[:, :k])
        difference = a[:, k:] - self.codes[:, k:]
        square = (difference * difference).sum(axis=1, keepdims=True) / 2
        return loss + square, get_array_module(a).concatenate((da, difference), axis=1)


CONDITIONALS: dict[str, type[Conditional]] = {each.name: each for each in (Projection, ACGAN, InfoGAN)}
CATEGORIES = 10  # that InfoGAN invents, as in the paper's section 7.2


def get_conditional(name: str) -> type[Conditional]:
    """Return a conditional game by its name; raise ``InputError`` with the known names for any other."""
    if not isinstance(name, str) or name not in CONDITIONALS:
        raise InputError(f"conditional: expected one of {', '.join(CONDITIONALS)}, got {name!r}")
    return CONDITIONALS[name]
