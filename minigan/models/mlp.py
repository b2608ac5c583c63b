"""mlp: two networks of dense layers, the fastest to train and the first to read."""

from math import prod

from ..layers import BatchNorm, Dense, Flatten, Layer, LeakyReLU, Rescaling, Reshape, Shape, Tanh, normal
from .model_spec import ModelSpec

WEIGHTS = normal(0.02)


def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return dense layers Z-128-256-512-HWC, with batch norm and LeakyReLU between them and tanh at the end."""
    layers: list[Layer] = []
    for units in (128, 256, 512):
        layers += [
            Dense(units, use_bias=False, initializer=WEIGHTS),
            BatchNorm(),
            LeakyReLU(negative_slope=0.2),
        ]
    return [*layers, Dense(prod(image_shape), initializer=WEIGHTS), Tanh(), Reshape(image_shape)]


def discriminator(image_shape: Shape) -> list[Layer]:
    """Return dense layers HWC-512-256-1 with LeakyReLU between them; the first sees pixels in [0, 2].

    If black is 0 and not -1, the Frechet distance is lower by about a half: see `Rescaling`. There is no batch norm, so
    the logit of an image does not depend on other images.
    """
    return [
        Rescaling(offset=1),
        Flatten(),
        Dense(512, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Dense(256, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Dense(1, initializer=WEIGHTS),
    ]


SPEC = ModelSpec(
    name="mlp",
    source="dense networks with batch norm in G",
    generator=generator,
    discriminator=discriminator,
    latent_dim=64,
    steps=8000,
    learning_rate=5e-4,
    beta1=0.5,
    beta2=0.99,
    average_decay=0.998,
)
