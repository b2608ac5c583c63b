"""Builds the two networks of a model: the layers of its specification, and the layers that the options add.

To add a model of your own, put its `ModelSpec` into ``MODELS``.
"""

import numpy as np

from .. import validation
from ..backend import Device
from ..distributed import Communicator
from ..errors import InputError
from ..layers import (
    BatchNorm,
    Dense,
    DiscriminatorEnsemble,
    GaussianNoise,
    Layer,
    MinibatchStd,
    PackSamples,
    RandomShift,
    Shape,
    with_spectral_norm,
    with_synchronised_batch_norm,
)
from ..network import Network
from . import conv, dcgan, dirac, hybrid, infogan, mlp, points, vae
from .articles.networks import ARTICLES
from .model_spec import ModelSpec
from .size import check_size, size_of

SPECS = (conv.SPEC, hybrid.SPEC, mlp.SPEC, dcgan.SPEC, infogan.SPEC, *ARTICLES, vae.SPEC, points.SPEC, dirac.SPEC)
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in SPECS}
GANS = {name: spec for name, spec in MODELS.items() if not spec.autoencodes}
IMAGE_MODELS = {name: spec for name, spec in GANS.items() if spec.samples == "images"}  # the GANs that draw images


def get_model_spec(name: str) -> ModelSpec:
    """Return the model of this name.

    Raises
    ------
    InputError
        If there is none; the message lists the known names.
    """
    return MODELS[validation.one_of("model", name, MODELS)]


def default_model(data: str, *, pairs: bool = True) -> str:
    """Return the name of the default model for a data set of this name or path.

    Parameters
    ----------
    data : str
    pairs : bool
        Whether D judges pairs of a sample and its class, as in the games "clusters" and "projection". The model for
        images is then "conv"; otherwise it is "hybrid", because a convolutional D soon wins a game without classes.
    """
    made_for = (spec.name for spec in SPECS if data in spec.data)
    return next(made_for, conv.SPEC.name if pairs else hybrid.SPEC.name)


def build_networks(
    model: str,
    sample_shape: Shape,
    *,
    rng: np.random.Generator,
    latent_dim: int | None = None,
    as_published: bool = False,
    augment_shift: int = 0,
    instance_noise: float = 0.0,
    spectral_norm: bool = False,
    minibatch_std: bool = False,
    packing: int = 1,
    discriminators: int = 1,
    codes: int = 0,
    communicator: Communicator | None = None,
    batch_size: int = 1,
    parameters: tuple[int, int] | None = None,
    dtype: str = "float32",
    device: Device = "cpu",
    fast: bool = True,
) -> tuple[Network, Network]:
    """Build the generator and the discriminator of a model: (Z,) -> ``sample_shape`` -> (``discriminators``,).

    In an autoencoder an encoder takes the place of the discriminator: (Z,) -> ``sample_shape`` -> (2 Z,).

    Parameters
    ----------
    model : str
        A name in ``MODELS``.
    sample_shape : tuple
        (H, W, C) of an image, or (C,) of a point.
    rng : numpy.random.Generator
        Draws the initial weights.
    latent_dim : int, optional
        Length Z of the noise vector; None takes the default of the model.
    as_published : bool
        True builds the generator of a recipe as it was written.
    augment_shift : int
        If > 0, a `RandomShift` by up to so many pixels comes first in the discriminator; only for images.
    instance_noise : float
        If > 0, `GaussianNoise` of this standard deviation comes next.
    packing : int
        If > 1, `PackSamples` of so many samples comes next.
    spectral_norm : bool
        Wraps the layers of the discriminator that have weights in `SpectralNorm`.
    minibatch_std : bool
        Puts `MinibatchStd` in front of the discriminator's last layer.
    discriminators : int
        If > 1, a `DiscriminatorEnsemble` of so many discriminators, each with weights of its own. All of them see the
        same shifts, noise and packs.
    codes : int
        Length K of the code in a conditional game (see `minigan.objectives.codes`); the networks are then
        (Z + K,) -> ``sample_shape`` -> (1 + K,).
    communicator : Communicator, optional
        If given, batch norm is over the samples of all its ranks (see `SynchronisedBatchNorm`).
    batch_size : int
        Number of samples in every step of the training; networks that cannot compute so many are refused.
    parameters : tuple of two ints, optional
        How many parameters both networks must have, as the reader of a file knows it before any memory is taken.
    dtype, device, fast
        As for `Network`.

    Returns
    -------
    generator, discriminator : Network

    Raises
    ------
    InputError
        If the model cannot make such samples, if the options do not fit it, or if the networks would be too large.
    """
    spec = get_model_spec(model)
    spec.check_sample_shape(sample_shape)
    published = spec.as_published() if as_published else None
    make_generator = (published and published.generator) or spec.generator
    latent = (latent_dim or spec.latent_dim) + codes

    g_layers, judging = make_generator(sample_shape, latent), spec.discriminator(sample_shape)
    if communicator is not None:
        if not any(type(layer) is BatchNorm for layer in (*g_layers, *judging)):
            raise InputError(
                f"synchronised_batch_norm: expected False for {model!r}, which has no batch norm, got True"
            )
        g_layers, judging = (with_synchronised_batch_norm(layers, communicator) for layers in (g_layers, judging))
    if codes:
        judging[-1] = _with_outputs(judging[-1], 1 + codes)
    if spec.autoencodes:
        judging[-1] = _with_outputs(judging[-1], 2 * latent)
    if minibatch_std:
        judging.insert(-1, MinibatchStd())
    if spectral_norm:
        judging = with_spectral_norm(judging)
    if discriminators > 1:
        judging = _ensemble(spec, judging, discriminators)
    seen = _layers_on_samples(spec, augment_shift, instance_noise, packing)

    d_layers = [*seen, *judging]
    sizes = size_of(g_layers, (latent,)), size_of(d_layers, sample_shape)
    check_size(model, *sizes, batch_size=batch_size)
    came = tuple(size.parameters for size in sizes)
    if parameters not in (None, came):
        raise InputError(f"parameters: expected {came[0]:,} and {came[1]:,} for {model!r}, got {parameters}")
    generator = Network(g_layers, (latent,), rng=rng, dtype=dtype, device=device, fast=fast)
    if generator.output_shape != sample_shape:
        assert published is not None
        raise InputError(f"as_published: expected False for {model!r}, got True; it makes no images: {published.flaw}")
    return generator, Network(d_layers, sample_shape, rng=rng, dtype=dtype, device=device, fast=fast)


def _layers_on_samples(spec: ModelSpec, augment_shift: int, instance_noise: float, packing: int) -> list[Layer]:
    """Return the layers that change what the discriminator sees."""
    if augment_shift and spec.samples == "points":
        raise InputError(f"augment_shift: expected 0 for points, which have no pixels to shift, got {augment_shift}")
    layers: list[Layer] = []
    if augment_shift:
        layers.append(RandomShift(augment_shift))
    if instance_noise:
        layers.append(GaussianNoise(std=instance_noise))
    if packing > 1:
        layers.append(PackSamples(packing))
    return layers


def _ensemble(spec: ModelSpec, layers: list[Layer], members: int) -> list[Layer]:
    if spec is dirac.SPEC:
        raise InputError(
            f"discriminators: expected 1 for 'dirac', got {members}; each would start at 1, and they would stay equal"
        )
    return [DiscriminatorEnsemble([layers] * members)]


def _with_outputs(last: Layer, outputs: int) -> Dense:
    """Return the last layer of a discriminator with so many outputs in the place of the logit."""
    assert isinstance(last, Dense)
    assert last.units == 1
    return Dense(outputs, use_bias=last.use_bias, initializer=last.initializer)
