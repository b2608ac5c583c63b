"""writeup-1 to writeup-5: five short recipes of GANs for images, in a form that works and as they were written.

Recipes like these circulate in many copies, and who wrote the first copy is not known. They prove nothing: each is here
for what it does. ``published`` holds what the recipe does differently, and says in one sentence what is wrong with it.
This form is built and trained as far as that is possible. Chapter 19 of the course audits all five.
"""

from math import prod
from typing import Any

from ...layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Rescaling,
    Reshape,
    Shape,
    Sigmoid,
    Tanh,
)
from ...objectives import Minimax, NonSaturating
from .. import dcgan
from ..model_spec import AsPublished, ModelSpec
from .losses import Reconstruction, SigmoidTwice, SquaredError, SwappedPlayers, SwappedSquaredError


def _leaky_relu() -> Layer:
    return LeakyReLU(negative_slope=0.2)


def conv_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return the generator of writeup-1: a dense layer, and two transposed convolutions of kernel 4 and stride 2."""
    h, w, c = image_shape
    return [
        Dense(h // 4 * (w // 4) * 128, use_bias=False),
        Reshape((h // 4, w // 4, 128)),
        BatchNorm(),
        ReLU(),
        Conv2DTranspose(64, 4, stride=2, use_bias=False),
        BatchNorm(),
        ReLU(),
        Conv2DTranspose(c, 4, stride=2),
        Tanh(),
    ]


def conv_discriminator(image_shape: Shape) -> list[Layer]:
    """Return the discriminator of writeup-1: convolutions of kernel 4 and stride 2, the second with batch norm."""
    return [
        Conv2D(64, 4, stride=2),
        _leaky_relu(),
        Conv2D(128, 4, stride=2, use_bias=False),
        BatchNorm(),
        _leaky_relu(),
        Flatten(),
        Dense(1),
    ]


def _dense_then_conv(image_shape: Shape, *, stride: int) -> list[Layer]:
    h, w, c = image_shape
    layers: list[Layer] = []
    for units in (256, 512, 1024, h // 4 * (w // 4) * 256):
        layers += [Dense(units), _leaky_relu(), BatchNorm(decay=0.8)]
    return [
        *layers,
        Reshape((h // 4, w // 4, 256)),
        Conv2DTranspose(128, 5, stride=stride),
        BatchNorm(decay=0.8),
        _leaky_relu(),
        Conv2DTranspose(c, 5, stride=stride),
    ]


def dense_conv_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return the generator of writeup-2: four dense layers, and two transposed convolutions of stride 2."""
    return [*_dense_then_conv(image_shape, stride=2), Tanh()]


def dense_conv_generator_as_published(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return writeup-2's generator as it was written: the transposed convolutions have stride 1, without a tanh."""
    return _dense_then_conv(image_shape, stride=1)


def dropout_discriminator(image_shape: Shape) -> list[Layer]:
    """Return the discriminator of writeup-2: dense layers 1024, 512 and 256 with dropout, and one logit."""
    layers: list[Layer] = [Flatten()]
    for units in (1024, 512, 256):
        layers += [Dense(units), _leaky_relu(), Dropout(rate=0.3)]
    return [*layers, Dense(1)]


def small_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return the generator of writeup-4: dense layers 128, 128 and HWC; a sigmoid, rescaled to [-1, 1]."""
    layers: list[Layer] = [Dense(128), _leaky_relu(), Dense(128), _leaky_relu(), Dense(prod(image_shape)), Sigmoid()]
    return [*layers, Rescaling(scale=2, offset=-1), Reshape(image_shape)]


def small_discriminator(image_shape: Shape) -> list[Layer]:
    """Return the discriminator of writeup-4: dense layers 128 and 128, and one logit."""
    return [Flatten(), Dense(128), _leaky_relu(), Dense(128), _leaky_relu(), Dense(1)]


def _scaled(units: int, image_shape: Shape) -> int:
    """Return a width that was meant for images of 8192 numbers (64 x 64 x 2), scaled to this size; at least 16."""
    return max(16, round(units * prod(image_shape) / 8192))


def deep_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return the generator of writeup-5: six dense layers of 128 to 4096 units, scaled to the image, and its pixels."""
    layers: list[Layer] = []
    for units in (128, 256, 512, 1024, 2048, 4096):
        layers += [Dense(_scaled(units, image_shape)), ReLU()]
    return [*layers, Dense(prod(image_shape)), Tanh(), Reshape(image_shape)]


def deep_discriminator(image_shape: Shape) -> list[Layer]:
    """Return the discriminator of writeup-5: a linear dense layer, dense layers of 4096 to 128 units, and one logit."""
    layers: list[Layer] = [Flatten(), Dense(prod(image_shape))]
    for units in (4096, 2048, 512, 256, 128):
        layers += [Dense(_scaled(units, image_shape)), ReLU()]
    return [*layers, Dense(1)]


def _spec(number: int, title: str, **options: Any) -> ModelSpec:
    defaults = {"latent_dim": 100, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "average_decay": 0.99}
    return ModelSpec(name=f"writeup-{number}", source=f"a short recipe: {title}", **{**defaults, **options})


ARTICLES = (
    _spec(
        1,
        "a convolutional GAN with batch norm",
        generator=conv_generator,
        discriminator=conv_discriminator,
        steps=1500,
        size_multiple=4,
        objective=Minimax(),
        published=AsPublished(
            flaw="the players are swapped, max_G min_D: D descends V(D, G), which has no lower bound",
            objective=SwappedPlayers(),
        ),
    ),
    _spec(
        2,
        "dense layers, then convolutions",
        generator=dense_conv_generator,
        discriminator=dropout_discriminator,
        steps=1000,
        size_multiple=4,
        objective=Minimax(),
        published=AsPublished(
            flaw="its transposed convolutions have stride 1, so the image has a quarter of the height and the width "
            "(and no tanh bounds it)",
            objective=Minimax(),
            generator=dense_conv_generator_as_published,
        ),
    ),
    _spec(
        3,
        "the DCGAN of TensorFlow's tutorial of 2019",
        generator=dcgan.generator,
        discriminator=dcgan.discriminator,
        steps=2000,
        size_multiple=4,
        objective=Minimax(),
        published=AsPublished(
            flaw="nothing is wrong: it works as written, with the loss on logits", objective=Minimax()
        ),
    ),
    _spec(
        4,
        "a small dense GAN with squares and a reconstruction term",
        generator=small_generator,
        discriminator=small_discriminator,
        steps=8000,
        objective=SquaredError(),
        published=AsPublished(
            flaw="D's loss has the wrong sign, and G's second term pulls every sample to the mean of the data, because "
            "z and x have nothing to do with each other",
            objective=SwappedSquaredError(),
            generator_penalty=Reconstruction(weight=1e-4),
        ),
    ),
    _spec(
        5,
        "a deep dense GAN",
        generator=deep_generator,
        discriminator=deep_discriminator,
        steps=4000,
        objective=NonSaturating(),
        published=AsPublished(
            flaw="the cross-entropy takes D's probability for a logit, so D can call no fake a fake",
            objective=SigmoidTwice(),
        ),
    ),
)
