"""Conditional games: G is told what to draw, and further outputs of D make sure that it draws it.

G takes the noise z with a code c appended, (N, Z + K); see `codes`. D's last layer has 1 + K outputs instead of one.
Let phi (N, F) be the features in front of it:

    o = (s, a),    s = phi w + b,    a = phi V + b_a          V (F, K): one column for each element of the code

If the samples of the data have classes (labels, or the clusters of `Clusters`), real sample n and fake n of a batch
share one code. The classes of the fakes are then as frequent as those of the data, and a penalty at a point between the
two samples has one code as well.

Each class below wraps an objective of one logit, and holds the codes of the current batch.
"""

from typing import ClassVar

from .. import validation
from ..backend import Array, get_array_module
from .cross_entropy import softmax_cross_entropy
from .gan import Objective
from .wrapper import ObjectiveWrapper


class Conditional(ObjectiveWrapper):
    """An objective whose logit comes from D's outputs o (N, 1 + K) and from the codes c of the batch.

    Forward   L_D, L_G = the losses of ``objective`` for the logit of o
    Backward  do = ds (dlogit/do)          ds (N, 1) from ``objective``

    Parameters
    ----------
    objective : Objective
        The game of one logit.
    codes : array of shape (N, K)
        The codes c of the fakes, and of the real samples if these have classes.
    weight : float > 0, optional
        The factor lambda of the loss on the codes, in the games that have one.
    """

    continuous: ClassVar[int] = 0  # how many continuous numbers follow the class in a code
    classes_of: ClassVar[str] = "labels"  # where classes come from: "labels" or "clusters" of the data, or "chance"
    default_weight: ClassVar[float | None] = None  # of the loss on the codes; None if there is no such loss

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

    The best logit is log p(x, y)/q(x, y) = log p(x)/q(x) + log p(y | x)/q(y | x), for data p and fakes q (their eq. 2):
    s judges whether the sample is real, and a_y whether it is a real y. Here a_y has a bias; in the paper it has none.
    """

    name = "projection"

    def __init__(self, objective: Objective, codes: Array, *, weight: float | None = None) -> None:
        super().__init__(objective, codes, weight=weight)
        n, k = codes.shape
        self.slope = get_array_module(codes).ones((n, 1 + k), dtype=codes.dtype)  # dlogit/do = (1, c)
        self.slope[:, 1:] = codes

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        return (outputs * self.slope).sum(axis=1, keepdims=True), self.slope


class Clusters(Projection):
    """A projection on clusters that k-means finds in the data, so that G and D get classes without labels.

    y(x) is the cluster of a real sample x, which `minigan.datasets.clusters` finds once, before training. G is told
    clusters that are as frequent as those of the data, p(y), and D judges pairs (x, y). Pairs contain all that the
    samples contain: if p(x, y) = q(x, y), the sums over y agree as well, p(x) = q(x). So the best G is the same as
    without clusters, and by eq. 2 of Miyato & Koyama

        the best logit = log p(x)/q(x) + log p(y | x)/q(y | x)

    The second term is what is new. D also sees when G draws a good sample of the wrong cluster, so no cluster can be
    left out, and each cluster is a simpler thing to learn than the whole. Sage et al. 2018 (arXiv 1712.04407) train on
    clusters in this way. Liu et al. 2020 (arXiv 2006.10728) find the clusters again and again in D's own features; with
    ``recluster``, the trainer does so a few times, because the features of a convolutional D tell better than pixels
    which digits are alike.
    """

    name = "clusters"
    classes_of = "clusters"


class ACGAN(Conditional):
    """D also classifies, and both players gain if the class is seen (Odena et al. 2017, arXiv 1610.09585, eq. 2, 3).

    L_D = L_D of the logit s + lambda (mean -log softmax(a_real)_y + mean -log softmax(a_fake)_y)
    L_G = L_G of the logit s + lambda mean -log softmax(a_fake)_y

    G gains by samples whose class is beyond doubt, also where those of the data are doubtful. So the best G draws other
    samples than the data has, with less variety in a class (Gong et al. 2019, arXiv 1907.02690, section 3); D, which
    learns classes from fakes as well, does not correct this. A smaller lambda than the 1 of the paper leaves G more
    room; at 0.1 G may ignore the labels.
    """

    name = "ac-gan"
    default_weight = 0.3

    def logit(self, outputs: Array) -> tuple[Array, Array]:
        slope = get_array_module(outputs).zeros_like(outputs)
        slope[:, 0] = 1
        return outputs[:, :1], slope

    def discriminator(self, out_real: Array, out_fake: Array) -> tuple[Array, Array, Array]:
        loss, do_real, do_fake = super().discriminator(out_real, out_fake)
        if self.classes_of != "chance":
            loss = loss + self._add_code_loss(out_real, do_real)
        return loss + self._add_code_loss(out_fake, do_fake), do_real, do_fake

    def generator(self, out_fake: Array) -> tuple[Array, Array]:
        loss, do_fake = super().generator(out_fake)
        return loss + self._add_code_loss(out_fake, do_fake), do_fake

    def _add_code_loss(self, outputs: Array, do: Array) -> Array:
        """Return lambda times the mean `code_loss` of the outputs, and add its gradient in the outputs to ``do``."""
        loss, da = self.code_loss(outputs[:, 1:])
        do[:, 1:] += self.weight / len(outputs) * da
        return self.weight * loss.mean()

    def code_loss(self, a: Array) -> tuple[Array, Array]:
        """Return -log of the probability that the outputs a (N, K) give to the codes, (N, 1), and its gradient in a."""
        return softmax_cross_entropy(a, self.codes)


class InfoGAN(ACGAN):
    """G invents classes that D can tell apart, without labels (Chen et al. 2016, arXiv 1606.03657, eq. 5, 6).

    A code c is a class and two numbers in [-1, 1]. It is drawn for the fakes; real samples have none. Let Q(c | x) be
    the distribution that D's outputs a describe. Then

        L_I = E log Q(c | G(z, c)) + H(c)  <=  I(c; G(z, c))

    is a lower bound of the mutual information. Besides their losses of the logit s, both players minimise -lambda L_I,
    for fakes only. Q is a softmax for the class, and for each number c_k a Gaussian of mean a_k and variance 1:

        -log Q(c | x) = -log softmax(a_class)_y + sum_k (a_k - c_k)^2 / 2 + constant,    da_k = a_k - c_k

    Here Q shares all layers of D but the last; in the paper it has one more layer of its own. The variance 1 is far too
    large for a number in [-1, 1]: with it, the part of the bound for such a number is at most log 2 - log(2 pi)/2 =
    -0.23, so it does not say how much information there is. The a_k that minimises the square is the best one for every
    fixed variance, and a smaller one would only be a larger lambda for the numbers.
    """

    name = "infogan"
    default_weight = 1.0
    continuous = 2
    classes_of = "chance"

    def code_loss(self, a: Array) -> tuple[Array, Array]:
        k = a.shape[1] - self.continuous
        loss, da = softmax_cross_entropy(a[:, :k], self.codes[:, :k])
        difference = a[:, k:] - self.codes[:, k:]
        square = (difference * difference).sum(axis=1, keepdims=True) / 2
        return loss + square, get_array_module(a).concatenate((da, difference), axis=1)


CONDITIONALS: dict[str, type[Conditional]] = {each.name: each for each in (Clusters, Projection, ACGAN, InfoGAN)}
CATEGORIES = 10  # classes that InfoGAN invents, as in section 7.2 of the paper


def get_conditional(name: str) -> type[Conditional] | None:
    """Return the conditional game of this name, or None for "none", the game without codes.

    Raises
    ------
    InputError
        If there is none; the message lists the known names.
    """
    return CONDITIONALS.get(validation.one_of("conditional", name, ("none", *CONDITIONALS)))
