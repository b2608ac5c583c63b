"""The evidence lower bound, what a variational autoencoder climbs in the place of a game (Kingma & Welling 2014).

The model draws z ~ N(0, I), and then an image around what the generator makes of z (arXiv 1312.6114, section 2):

    p(x | z) = N(x_hat, sigma^2 I)        x_hat = G(z), with pixels in [-1, 1]

log p(x) is an integral over all z, which nobody can compute. An encoder tells which z are likely for an image,
q(z | x) = N(mu, diag exp(lv)), and with it the integral has a lower bound, the ELBO (their eq. 3):

    log p(x)  >=  E_q log p(x | z)  -  KL(q(z | x) || p(z))
                  reconstruction       divergence

A noise e ~ N(0, I) makes z a function of mu and lv, so that gradients pass through the draw (their eq. 4 and 10):

    z = mu + exp(lv / 2) e

The variance of the pixels is not chosen by hand. Of all sigma^2 the mean squared error of the batch makes the
reconstruction the most likely, so this is the one that is used (Rybkin et al. 2021, arXiv 2006.13202, section 4).

Both terms are nats per image, and p is a density: it has a unit, and may be above 1. Pixels here are as wide as 2. For
images of 256 levels, ELBO - D log(255 / 2) is a bound on the log of a probability (`bits_per_pixel`).
"""

from math import log, pi
from typing import ClassVar

from ..backend import Array, get_array_module

LEVEL = 2 / 255  # between two of the 256 levels of a pixel in [-1, 1]
ROUNDING = LEVEL**2 / 12  # the variance of a number that is equally likely anywhere in one level


class ELBO:
    """The bound that a variational autoencoder climbs; both networks minimise -ELBO, as one.

    It has no options, and it is no `Objective`: nobody judges the images, and no player has a loss of its own.
    """

    name = "elbo"
    columns: ClassVar[tuple[str, ...]] = ("elbo", "reconstruction", "kl", "sigma")  # what a step sees


def reconstruction(x_hat: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return the mean of log p(x | z) over a batch, at the best sigma.

    A stored pixel was rounded to one of 256 levels, so the true one lies within half a level of it, anywhere. This adds
    the variance r = (2/255)^2 / 12 to each squared error, and keeps sigma above 0. For N images of D numbers:

    Forward   sigma^2 = mean (x_hat - x)^2 + r
              R       = mean_n sum_i [-log(2 pi sigma^2) / 2 - ((x_hat - x)_ni^2 + r) / (2 sigma^2)]
                      = -(D/2) (log(2 pi sigma^2) + 1)
    Backward  dR/dx_hat = -(D/2) (1 / sigma^2) (2 / (N D)) (x_hat - x) = (x - x_hat) / (N sigma^2)

    This is also the gradient at a fixed sigma, because R is flat in sigma at its best value.

    Parameters
    ----------
    x_hat, x : arrays of shape (H, W, N, C) or (N, C), with pixels in [-1, 1]

    Returns
    -------
    R, x_hat_grad, sigma : arrays of shape (), of x_hat's shape, and of shape ()
        The gradient is that of R, which is to be made large.
    """
    n = x.shape[-2]
    error = x_hat - x
    variance = (error * error).mean() + ROUNDING
    xp = get_array_module(x)
    value = -(x.size // n / 2) * (xp.log(variance * (2 * pi)) + 1)
    return value, error / (variance * -n), xp.sqrt(variance)


def divergence(mu: Array, lv: Array) -> tuple[Array, Array, Array]:
    """Return the mean of KL(N(mu, diag exp(lv)) || N(0, I)) over a batch (Kingma & Welling 2014, appendix B).

    Forward   KL  = mean_n sum_j (mu^2 + exp(lv) - lv - 1) / 2
    Backward  dmu = mu / N
              dlv = (exp(lv) - 1) / (2 N)

    Parameters
    ----------
    mu, lv : arrays of shape (N, Z)
        The means and the logarithms of the variances.

    Returns
    -------
    KL, dmu, dlv : arrays of shape (), (N, Z) and (N, Z)
    """
    n = len(mu)
    xp = get_array_module(mu)
    variance = xp.exp(lv)
    value = (mu * mu + variance - lv - 1).sum() / (2 * n)
    return value, mu / n, (variance - 1) / (2 * n)


def draw_latent(outputs: Array, noise: Array) -> Array:
    """Return z = mu + exp(lv / 2) e for the outputs (mu, lv) of the encoder, (N, 2 Z), and the noise e, (N, Z)."""
    mu, lv = halves(outputs)
    return mu + get_array_module(mu).exp(lv / 2) * noise


def latent_grad(dz: Array, outputs: Array, noise: Array) -> Array:
    """Return the gradient in the encoder's outputs, (N, 2 Z), for that in z = mu + exp(lv / 2) e.

    dmu = dz
    dlv = dz e exp(lv / 2) / 2
    """
    xp = get_array_module(dz)
    _, lv = halves(outputs)
    return xp.concatenate((dz, dz * noise * xp.exp(lv / 2) / 2), axis=1)


def halves(outputs: Array) -> tuple[Array, Array]:
    """Return the means and the log variances in the outputs of an encoder: (N, 2 Z) -> (N, Z), (N, Z)."""
    latent = outputs.shape[1] // 2
    return outputs[:, :latent], outputs[:, latent:]


def bits_per_pixel(elbo: float, pixels: int) -> float:
    """Return how many bits a pixel of 256 levels takes at most, for an ELBO in nats per image of D pixels.

    The probability of a level is the density times the width of the level, on average over the level, so it follows
    from Jensen's inequality that -log P(x) <= -ELBO - D log(2/255) (Theis et al. 2016, arXiv 1511.01844, section 3.1).
    """
    return -(elbo / pixels + log(LEVEL)) / log(2)
