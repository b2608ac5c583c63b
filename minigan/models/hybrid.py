"""hybrid: a small convolutional generator and a dense discriminator, the default for games without classes."""

from ..layers import BatchNorm, Conv2DTranspose, Dense, Layer, ReLU, Reshape, Shape, Tanh, normal
from ..objectives import OBJECTIVES
from .mlp import discriminator
from .model_spec import ModelSpec

WEIGHTS = normal(0.02)


def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return dense layers to 256 and to H/4 x W/4 x 32, and two transposed convolutions to H x W x C.

    The convolutions have kernel 4 and stride 2 and make 16 and C channels. All layers but the last are without bias and
    followed by batch norm and ReLU; the last is followed by tanh.
    """
    h, w, c = image_shape
    return [
        Dense(256, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        ReLU(),
        Dense(h // 4 * (w // 4) * 32, use_bias=False, initializer=WEIGHTS),
        Reshape((h // 4, w // 4, 32)),
        BatchNorm(),
        ReLU(),
        Conv2DTranspose(16, 4, stride=2, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        ReLU(),
        Conv2DTranspose(c, 4, stride=2, initializer=WEIGHTS),
        Tanh(),
    ]


SPEC = ModelSpec(
    name="hybrid",
    source="a DCGAN-like generator with the dense discriminator of mlp",
    generator=generator,
    discriminator=discriminator,
    objective=OBJECTIVES["least-squares"],
    conditional="clusters",
    latent_dim=128,
    steps=6000,
    learning_rate=5e-4,
    beta1=0.0,
    beta2=0.99,
    average_decay=0.998,
    size_multiple=4,
)
