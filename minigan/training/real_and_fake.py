"""How D sees real samples and fakes: in one pass where that changes nothing, because one pass is faster than two."""

from collections.abc import Sequence

import numpy as np

from ..backend import Array, get_array_module
from ..network import Caches, Network


def forward_real_and_fake(
    discriminator: Network, x_real: Array, x_fake: Array, *, rng: np.random.Generator | None
) -> tuple[Array, Array, list[Caches]]:
    """Send real samples and fakes through D.

    If a layer couples the samples of a batch (batch norm or packing, for example), the real samples and the fakes are
    two batches, because a real sample must not depend on the fakes. Otherwise they are joined to one batch.

    Returns
    -------
    outputs_real, outputs_fake : arrays of shape (N, 1)
        D's outputs. With `PackSamples` of m samples they are (N/m, 1), and with K outputs (N, K).
    passes : list of Caches
        The caches of the two passes, or of the one.
    """
    if discriminator.couples_samples:
        outputs_real, caches_real = discriminator.forward(x_real, train=True, rng=rng)
        outputs_fake, caches_fake = discriminator.forward(x_fake, train=True, rng=rng)
        return outputs_real, outputs_fake, [caches_real, caches_fake]
    xp = get_array_module(x_real)
    outputs, caches = discriminator.forward(xp.concatenate((x_real, x_fake), axis=-2), train=True, rng=rng)
    outputs_real, outputs_fake = xp.split(outputs, [x_real.shape[-2]])
    return outputs_real, outputs_fake, [caches]


def backward_real_and_fake(discriminator: Network, ds_real: Array, ds_fake: Array, passes: Sequence[Caches]) -> None:
    """Add D's parameter gradients for the gradients of its loss in both outputs of `forward_real_and_fake`."""
    xp = get_array_module(ds_real)
    upstreams = [ds_real, ds_fake] if len(passes) == 2 else [xp.concatenate((ds_real, ds_fake))]
    for ds, caches in zip(upstreams, passes, strict=True):
        discriminator.add_param_grads(ds, caches)
