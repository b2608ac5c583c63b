"""writeup-1 to writeup-5: the GANs of five introductory articles, corrected, and as literally written.

Each has its flaw in one sentence; ``literal`` is what was written, built and trained as far as it can be.
"""

from collections.abc import Callable
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
from ..model_spec import Literal, ModelSpec
from .losses import SigmoidTwice, SquaredFool, SwappedPlayers, SwappedSquaredFool

Generator = Callable[[Shape, int], list[Layer]]


def _slope() -> Layer:
    return LeakyReLU(negative_slope=0.2)


def conv_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """writeup-1. Dense H/4 x W/4 x 128, transposed convolutions 64 and C of kernel 4 and stride 2; batch norm, tanh."""
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
    """writeup-1. Convolutions 64 and 128 of kernel 4 and stride 2, batch norm in the second; one logit."""
    return [
        Conv2D(64, 4, stride=2),
        _slope(),
        Conv2D(128, 4, stride=2, use_bias=False),
        BatchNorm(),
        _slope(),
        Flatten(),
        Dense(1),
    ]


def _dense_to_conv(stride: int, last: list[Layer]) -> Generator:
    def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
        """writeup-2. Dense 256, 512, 1024, H/4 x W/4 x 256; transposed convolutions 128 and C of kernel 5."""
        h, w, c = image_shape
        layers: list[Layer] = []
        for units in (256, 512, 1024, h // 4 * (w // 4) * 256):
            layers += [Dense(units), _slope(), BatchNorm(decay=0.8)]
        return [
            *layers,
            Reshape((h // 4, w // 4, 256)),
            Conv2DTranspose(128, 5, stride=stride),
            BatchNorm(decay=0.8),
            _slope(),
            Conv2DTranspose(c, 5, stride=stride),
            *last,
        ]

    return generator


def dropout_discriminator(image_shape: Shape) -> list[Layer]:
    """writeup-2. Dense 1024, 512, 256, each with LeakyReLU and dropout 0.3; one logit."""
    layers: list[Layer] = [Flatten()]
    for units in (1024, 512, 256):
        layers += [Dense(units), _slope(), Dropout(rate=0.3)]
    return [*layers, Dense(1)]


def small_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """writeup-4. Dense 128, 128, HWC; sigmoid, brought from [0, 1] to the [-1, 1] of all images here."""
    layers: list[Layer] = [Dense(128), _slope(), Dense(128), _slope(), Dense(prod(image_shape)), Sigmoid()]
    return [*layers, Rescaling(scale=2, offset=-1), Reshape(image_shape)]


def small_discriminator(image_shape: Shape) -> list[Layer]:
    """writeup-4. Dense 128, 128, one logit."""
    return [Flatten(), Dense(128), _slope(), Dense(128), _slope(), Dense(1)]


def _scaled(units: int, image_shape: Shape) -> int:
    """Scale a width written for images of 8192 numbers, two planes of 64 x 64, but not below 16."""
    return max(16, round(units * prod(image_shape) / 8192))


def deep_generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """writeup-5. Dense 128, 256, 512, 1024, 2048, 4096 with ReLU, 8192 with tanh, scaled to the size of the image."""
    layers: list[Layer] = []
    for units in (128, 256, 512, 1024, 2048, 4096):
        layers += [Dense(_scaled(units, image_shape)), ReLU()]
    return [*layers, Dense(prod(image_shape)), Tanh(), Reshape(image_shape)]


def deep_discriminator(image_shape: Shape) -> list[Layer]:
    """writeup-5. Dense 8192, linear; 4096, 2048, 512, 256, 128 with ReLU; one logit; scaled likewise."""
    layers: list[Layer] = [Flatten(), Dense(prod(image_shape))]
    for units in (4096, 2048, 512, 256, 128):
        layers += [Dense(_scaled(units, image_shape)), ReLU()]
    return [*layers, Dense(1)]


def _family(number: int, title: str, **options: Any) -> ModelSpec:
    defaults = {"latent_dim": 100, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "average_decay": 0.99}
    return ModelSpec(name=f"writeup-{number}", source=f"an introductory article: {title}", **{**defaults, **options})


WRITEUPS = (
    _family(
        1,
        "a convolutional GAN with batch norm",
        generator=conv_generator,
        discriminator=conv_discriminator,
        steps=1500,
        size_multiple=4,
        objective=Minimax(),
        literal=Literal(
            flaw="the players are swapped, max_G min_D: D descends V(D, G), which has no bottom",
            objective=SwappedPlayers(),
        ),
    ),
    _family(
        2,
        "dense layers, then convolutions",
        generator=_dense_to_conv(2, [Tanh()]),
        discriminator=dropout_discriminator,
        steps=1000,
        size_multiple=4,
        objective=Minimax(),
        literal=Literal(
            flaw="its transposed convolutions have stride 1, so the image stays at a quarter of its height and width "
            "(and no tanh bounds it)",
            objective=Minimax(),
            generator=_dense_to_conv(1, []),
        ),
    ),
    _family(
        3,
        "the DCGAN of many introductions",
        generator=dcgan.generator,
        discriminator=dcgan.discriminator,
        steps=2000,
        size_multiple=4,
        objective=Minimax(),
        literal=Literal(flaw="nothing: it runs as written, with the loss on logits", objective=Minimax()),
    ),
    _family(
        4,
        "a small dense GAN with squares and a reconstruction term",
        generator=small_generator,
        discriminator=small_discriminator,
        steps=8000,
        objective=SquaredFool(),
        literal=Literal(
            flaw="D's loss has the wrong sign, and G's second term draws every sample to the mean of the data, because "
            "z and x have nothing to do with each other",
            objective=SwappedSquaredFool(),
        ),
    ),
    _family(
        5,
        "a deep dense GAN",
        generator=deep_generator,
        discriminator=deep_discriminator,
        steps=4000,
        objective=NonSaturating(),
        literal=Literal(
            flaw="the cross-entropy takes D's probability for a logit, so D can call no fake fake",
            objective=SigmoidTwice(),
        ),
    ),
)
