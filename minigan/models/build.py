"""Builds the networks of a model: its own layers, and what the options add to them."""

import numpy as np

from ..backend import Device
from ..errors import InputError
from ..layers import (
    Dense,
    DiscriminatorEnsemble,
    GaussianNoise,
    Layer,
    MinibatchStd,
    PackSamples,
    RandomShift,
    Shape,
    with_spectral_norm,
)
from ..network import Network
from . import dcgan, dirac, hybrid, infogan, mlp, points
from .articles.networks import WRITEUPS
from .model_spec import ModelSpec

MODELS: dict[str, ModelSpec] = {module.FAMILY.name: module.FAMILY for module in (hybrid, mlp, dcgan, infogan)}
MODELS |= {family.name: family for family in (*WRITEUPS, points.FAMILY, dirac.FAMILY)}
IMAGE_MODELS = {name: family for name, family in MODELS.items() if family.samples == "images"}


def get_model_spec(name: str) -> ModelSpec:
    """Return a family by its name; raise ``InputError`` with the known names for any other."""
    if not isinstance(name, str) or name not in MODELS:
        raise InputError(f"model: expected one of {', '.join(MODELS)}, got {name!r}")
    return MODELS[name]


def default_model(data: str) -> str:
    """Return the model for a data set of this name or path: its own, or else "hybrid"."""
    return next((family.name for family in MODELS.values() if data in family.data), hybrid.FAMILY.name)


def build_networks(
    model: str,
    sample_shape: Shape,
    *,
    rng: np.random.Generator,
    latent_dim: int | None = None,
    corrected: bool = True,
    augment_shift: int = 0,
    instance_noise: float = 0.0,
    spectral_norm: bool = False,
    minibatch_std: bool = False,
    packing: int = 1,
    discriminators: int = 1,
    codes: int = 0,
    dtype: str = "float32",
    device: Device = "cpu",
    fast: bool = True,
) -> tuple[Network, Network]:
    """Return the generator and the discriminator of a family, (Z,) -> ``sample_shape`` -> (``discriminators``,).

    sample_shape : (H, W, C) of an image, or (C,) of a point
    corrected : False builds what the source literally wrote; raises ``InputError`` where that cannot make images
    augment_shift : > 0 puts a `RandomShift` of that reach in front of the discriminator; for images only
    instance_noise : > 0 puts `GaussianNoise` of that standard deviation behind it
    packing : > 1 puts `Pack` of so many samples behind that
    spectral_norm : wraps the discriminator's weights in `SpectralNorm`
    minibatch_std : puts `MinibatchStd` in front of the discriminator's last layer
    discriminators : > 1 puts so many of these, each with weights of its own, into `Branches`: all see the same shifts,
        noise and packs. ``InputError`` where they would all start with the same weights
    codes : K, the numbers of a conditional game's code (`minigan.codes`): (Z + K,) -> ``sample_shape`` -> (1 + K,)
    """
    family = get_model_spec(model)
    family.check_sample_shape(sample_shape)
    if augment_shift and family.samples == "points":
        raise InputError(f"augment_shift: expected 0 for points, which have no pixels to shift, got {augment_shift}")
    inputs = (latent_dim or family.latent_dim) + codes
    seen: list[Layer] = [RandomShift(augment_shift)] if augment_shift else []
    seen += [GaussianNoise(std=instance_noise)] if instance_noise else []
    seen += [PackSamples(packing)] if packing > 1 else []
    literal = family.written(corrected)
    layers = (literal and literal.generator) or family.generator
    generator = Network(layers(sample_shape, inputs), (inputs,), rng=rng, dtype=dtype, device=device, fast=fast)
    if generator.output_shape != sample_shape:
        assert literal is not None
        raise InputError(f"model: {model!r} cannot be built as written: {literal.flaw}")
    judging = family.discriminator(sample_shape)
    if codes:
        judging[-1] = _widened(judging[-1], codes)
    if minibatch_std:
        judging.insert(-1, MinibatchStd())
    if spectral_norm:
        judging = with_spectral_norm(judging)
    if discriminators > 1:
        if model == dirac.FAMILY.name:
            raise InputError(
                "discriminators: every discriminator of 'dirac' starts at 1, so several would stay one for ever; "
                f"expected 1, got {discriminators}"
            )
        judging = [DiscriminatorEnsemble([judging] * discriminators)]
    discriminator = Network([*seen, *judging], sample_shape, rng=rng, dtype=dtype, device=device, fast=fast)
    return generator, discriminator


def _widened(last: Layer, codes: int) -> Dense:
    """Return the dense layer of one logit with as many outputs more."""
    assert isinstance(last, Dense)
    assert last.units == 1
    return Dense(1 + codes, use_bias=last.use_bias, initializer=last.initializer)
