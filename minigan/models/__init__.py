"""The generator/discriminator pairs, one file per family."""

import numpy as np

from ..backend import Device
from ..errors import InputError
from ..layers import GaussianNoise, Layer, MinibatchStd, Network, RandomShift, Shape, with_spectral_norm
from . import dcgan, hybrid, infogan, mlp
from .family import Family
from .writeups import WRITEUPS

FAMILIES: dict[str, Family] = {module.FAMILY.name: module.FAMILY for module in (hybrid, mlp, dcgan, infogan)}
FAMILIES |= {family.name: family for family in WRITEUPS}


def get_family(name: str) -> Family:
    """Return a family by its name; raise ``InputError`` with the known names for any other."""
    if not isinstance(name, str) or name not in FAMILIES:
        raise InputError(f"model: expected one of {', '.join(FAMILIES)}, got {name!r}")
    return FAMILIES[name]


def build_networks(
    model: str,
    image_shape: Shape,
    *,
    rng: np.random.Generator,
    latent_dim: int | None = None,
    corrected: bool = True,
    augment_shift: int = 0,
    instance_noise: float = 0.0,
    spectral_norm: bool = False,
    minibatch_std: bool = False,
    dtype: str = "float32",
    device: Device = "cpu",
) -> tuple[Network, Network]:
    """Return the generator (Z,) -> (H, W, C) and the discriminator (H, W, C) -> (1,) of a family.

    corrected : False builds what the source literally wrote; raises ``InputError`` where that cannot make images
    augment_shift : > 0 puts a `RandomShift` of that reach in front of the discriminator
    instance_noise : > 0 puts `GaussianNoise` of that standard deviation behind it
    spectral_norm : wraps the discriminator's weights in `SpectralNorm`
    minibatch_std : puts `MinibatchStd` in front of the discriminator's last layer
    """
    family = get_family(model)
    family.check_image_shape(image_shape)
    latent_dim = latent_dim or family.latent_dim
    seen: list[Layer] = [RandomShift(augment_shift)] if augment_shift else []
    seen += [GaussianNoise(std=instance_noise)] if instance_noise else []
    literal = family.written(corrected)
    layers = (literal and literal.generator) or family.generator
    generator = Network(layers(image_shape, latent_dim), (latent_dim,), rng=rng, dtype=dtype, device=device)
    if generator.output_shape != image_shape:
        assert literal is not None
        raise InputError(f"model: {model!r} cannot be built as written: {literal.flaw}")
    judging = family.discriminator(image_shape)
    if minibatch_std:
        judging.insert(-1, MinibatchStd())
    if spectral_norm:
        judging = with_spectral_norm(judging)
    discriminator = Network([*seen, *judging], image_shape, rng=rng, dtype=dtype, device=device)
    return generator, discriminator


__all__ = ["FAMILIES", "Family", "build_networks", "get_family"]
