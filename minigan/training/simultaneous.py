"""The simultaneous update: both players step from the same point, and one pass of the fakes through D serves both."""

import numpy as np

from ..backend import Array, get_array_module
from ..errors import InputError
from ..network import Caches, Network
from .real_and_fake import forward_real_and_fake
from .steps import Game, StepResult

MIN_UPSTREAM = 2.0**-60  # of |u| N: what D's own loss sends back at the logit -41.6 of a fake


def check_uncoupled(discriminator: Network) -> None:
    """Check that every logit of D depends on one sample only.

    Raises
    ------
    InputError
        If a layer couples the samples of a batch.
    """
    for i, layer in enumerate(discriminator.layers):
        if layer.couples_samples:
            raise InputError(
                "update: expected 'alternating' for a discriminator that couples the samples of a batch, got "
                f"'simultaneous'; layer {i} is {layer!r}"
            )


def shared_upstream(ds_discriminator: Array, ds_generator: Array) -> tuple[Array, Array]:
    """Return what is sent back through D once, u, and the factor r with which it becomes G's: r u = ds_generator.

    u = ds_discriminator where |ds_discriminator| >= 2^-60 / N, else 2^-60 / N
    r = ds_generator / u                           |r| <= 2^60 N max|ds_generator|, finite in float32

    Parameters
    ----------
    ds_discriminator, ds_generator : arrays of shape (N, 1)
        The gradients of both losses in the logits of the fakes.

    Returns
    -------
    u, r : arrays of shape (N, 1)
    """
    xp = get_array_module(ds_discriminator)
    smallest = MIN_UPSTREAM / len(ds_discriminator)
    u = xp.where(xp.abs(ds_discriminator) < smallest, smallest, ds_discriminator)
    return u, ds_generator / u


def simultaneous_step(
    game: Game, x_real: Array, x_fake: Array, caches_fake: Caches, *, rng: np.random.Generator | None = None
) -> StepResult:
    """Let both players take one step, each down its own loss at the weights that both had before.

    **One backward pass instead of two.** A D without batch norm maps every sample by itself, s_n = D(x_n). Let J_n be
    the derivatives of s_n in the pixels of x_n. D's backward pass turns an upstream u (N, 1) into

        v_n = u_n J_n                  and J_n is the same, whichever loss sent u back

    L_D would send ds_d, and L_G would send ds_g. The result of one upstream gives that of the other:

        dx_n = ds_g,n J_n = r_n v_n    r_n = ds_g,n / u_n: one number per sample, (N, 1) against (H, W, N, C)

    D's parameter gradient is a sum over the samples, in which nothing can be rescaled afterwards; so u = ds_d. Both
    players use the dropout masks and the shifts of the one pass.

    **Saturation.** Where D is sure of a fake, ds_d = sigmoid(s) / N falls below every float: at s = -100 it is
    3.7e-44 / N, while the non-saturating ds_g stays -1 / N. Then v is 0 and r is infinite. So |u| is kept at 2^-60 / N
    or more (`shared_upstream`), as if D saw no logit of a fake below -41.6. G's gradient stays exact to rounding at
    every logit. D's gradient moves by at most 2^-60 mean_n |ds_n/dtheta|. 2^-60 = 8.7e-19 lies below the rounding of
    float64 (1.1e-16) if any sample is not saturated, and ten orders below Adam's eps if all are. (The other way, to
    clamp s in r at -60, say, keeps D exact, but it takes the factor e^(s + 60) from G's gradient below -60, exactly
    where the non-saturating loss should give one.)

    Any objective of one logit may be used: where its ds_d is 0, as it may be for the hinge loss, u is 2^-60 / N as
    well. Penalties add to the gradients afterwards. If the logit is <slope_n, outputs_n> for several outputs of D, with
    slope_n,0 = 1, then u_n slope_n is sent back.

    Parameters
    ----------
    game : Game
    x_real : array of shape (H, W, N, C) or (N, C)
    x_fake, caches_fake
        What ``generator.forward(z, train=True)`` returned; G must not have moved since.
    rng : numpy.random.Generator, optional
        Draws what the layers of D and the penalty need.

    Raises
    ------
    InputError
        If D couples the samples of a batch, or has several logits s_nk: no factor per sample turns their
        v_n = sum_k u_nk J_nk into G's.
    """
    G, D, objective = game.generator, game.discriminator, game.objective
    check_uncoupled(D)
    outputs_real, outputs_fake, [caches] = forward_real_and_fake(D, x_real, x_fake, rng=rng)
    logits, slopes = objective.logit(outputs_fake)
    if logits.shape[-1] != 1:
        raise InputError(
            "update: expected 'alternating' for a discriminator with several logits, got 'simultaneous' and "
            f"{logits.shape[-1]} logits; it rescales the gradient of one logit per sample"
        )
    d_loss, ds_real, ds_fake = objective.discriminator(outputs_real, outputs_fake)
    g_loss, ds_generator = objective.generator(outputs_fake)
    u, r = shared_upstream(ds_fake[:, :1], ds_generator[:, :1])

    D.zero_grad()
    dx = D.backward(get_array_module(u).concatenate((ds_real, u * slopes)), caches)
    if game.discriminator_penalty:
        game.discriminator_penalty.add_gradient(D, x_real, x_fake, rng=rng, objective=objective)
    dx_fake = dx[..., x_real.shape[-2] :, :] * r
    G.zero_grad()
    G.add_param_grads(dx_fake, caches_fake)
    if game.generator_penalty:
        game.generator_penalty.add_gradient(G, x_real, x_fake, caches_fake)

    game.discriminator_optimizer.step()
    game.generator_optimizer.step()
    D.update_stats(caches)
    G.update_stats(caches_fake)
    return StepResult(d_loss, g_loss, outputs_real, outputs_fake)
