"""The simultaneous update: both players step from the same point, and one pass of the fakes through D serves both."""

import numpy as np

from ..backend import Array, get_array_module
from ..errors import InputError
from ..network import Caches, Network
from ..objectives import Objective
from ..objectives.penalties import Penalty
from .steps import Optimizer, couples_samples, with_image_loss

LEAST = 2.0**-60  # of the upstream on a fake, times N: what D gets below a logit of -41.6, where its own is smaller


def check_uncoupled(discriminator: Network) -> None:
    """Raise ``InputError`` when a sample's logit depends on its batch mates."""
    i = couples_samples(discriminator)
    if i is not None:
        raise InputError(
            "update: 'simultaneous' needs a discriminator that looks at each sample by itself, but its "
            f"layer {i} is {discriminator.layers[i]!r}; 'alternating' takes any"
        )


def shared_upstream(ds_discriminator: Array, ds_generator: Array) -> tuple[Array, Array]:
    """Return u (N, 1), to be sent back through D once, and r (N, 1), with r u = ds_generator to rounding.

    Forward   u = ds_discriminator where |ds_discriminator| >= 2^-60 / N, else 2^-60 / N
              r = ds_generator / u                           |r| <= 2^60 N max|ds_generator|, finite in float32
    """
    xp = get_array_module(ds_discriminator)
    least = LEAST / len(ds_discriminator)
    u = xp.where(xp.abs(ds_discriminator) < least, least, ds_discriminator)
    return u, ds_generator / u


def simultaneous_step(
    generator: Network,
    discriminator: Network,
    generator_optimizer: Optimizer,
    discriminator_optimizer: Optimizer,
    objective: Objective,
    x_real: Array,
    x_fake: Array,
    caches_fake: Caches,
    *,
    penalty: Penalty | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Let both players take one step, each down its own loss at the weights that both had before.

    **One backward pass instead of two.** Without batch norm D maps each sample by itself, s_n = D(x_n). With J_n the
    derivatives of s_n by the pixels of x_n, D's backward pass turns an upstream u (N, 1) into

        v_n = u_n J_n                  and J_n is the same, whichever loss sent u back

    L_D sends ds_d, L_G would send ds_g through the same pass. From the v of one upstream follows that of the other:

        dx_n = ds_g,n J_n = r_n v_n    r_n = ds_g,n / u_n: one number per sample, (N, 1) against (H, W, N, C)

    D's parameter gradient is a sum over samples, in which nothing can be rescaled afterwards; it fixes u = ds_d.
    Dropout masks and shifts are those of the one pass, for both players.

    **Saturation.** Where D is sure of a fake, ds_d = sigmoid(s) / N falls below every float: at s = -100 it is
    3.7e-44 / N, while the non-saturating ds_g stays -1 / N. Then v is 0 and r infinite. So |u| is kept at 2^-60 / N
    or more (`shared_upstream`), as if D saw no logit of a fake below -41.6. G's gradient stays exact to rounding at
    every logit. D's moves by at most 2^-60 mean_n |ds_n/dtheta|; 2^-60 = 8.7e-19 lies below the rounding of float64
    (1.1e-16) beside any sample that is not saturated, and ten orders below Adam's eps where all are. (Clamping s in
    r instead, say at -60, leaves D exact, but takes from G the factor e^(s + 60) of its gradient below: all of it,
    just where the non-saturating loss is there to give one.)

    Any objective on logits may be used: where its ds_d is 0, as a hinge's may be, u is 2^-60 / N as well. A penalty
    adds to D's gradient alone. Where the logit is <slope_n, outputs_n> of several outputs, with slope_n,0 = 1, what is
    sent back is u_n slope_n.

    x_real : (H, W, N, C)
    x_fake, caches_fake : what ``generator.forward(z, train=True)`` returned, with the weights that G still has
    returns : d_loss and g_loss (0-d), D's outputs for x_real and x_fake, all from before the step

    Raises ``InputError`` for a discriminator with batch norm or packing, and for one of several logits s_nk, whose
    v_n = sum_k u_nk J_nk no factor per sample can turn into G's.
    """
    check_uncoupled(discriminator)
    xp, n = get_array_module(x_real), x_real.shape[-2]
    outputs, caches = discriminator.forward(xp.concatenate((x_real, x_fake), axis=-2), train=True, rng=rng)
    outputs_real, outputs_fake = xp.split(outputs, [n])
    logits, slopes = objective.logit(outputs_fake)
    if logits.shape[-1] != 1:
        raise InputError(
            "update: 'simultaneous' needs a discriminator with one logit, whose gradient it rescales sample by sample, "
            f"got {logits.shape[-1]}; 'alternating' takes any"
        )
    d_loss, ds_real, ds_fake = objective.discriminator(outputs_real, outputs_fake)
    g_loss, ds_generator = objective.generator(outputs_fake)
    u, r = shared_upstream(ds_fake[:, :1], ds_generator[:, :1])
    discriminator.zero_grad()
    dx = discriminator.backward(xp.concatenate((ds_real, u * slopes)), caches)
    if penalty:
        penalty.add_gradient(discriminator, x_real, x_fake, rng=rng, objective=objective)
    generator.zero_grad()
    assert dx is not None
    g_loss, dx_fake = with_image_loss(objective, g_loss, dx[..., n:, :] * r, x_fake, x_real)
    generator.add_param_grads(dx_fake, caches_fake)
    discriminator_optimizer.step()
    generator_optimizer.step()
    discriminator.update_stats(caches)
    generator.update_stats(caches_fake)
    return d_loss, g_loss, outputs_real, outputs_fake
