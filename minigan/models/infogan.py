"""infogan: the networks of InfoGAN for MNIST, which Lucic et al. 2018 use to compare GANs."""

from ..layers import BatchNorm, Conv2D, Conv2DTranspose, Dense, Flatten, Layer, LeakyReLU, Reshape, Shape, Tanh, normal
from .model_spec import ModelSpec

WEIGHTS = normal(0.02)


def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return dense layers to 1024 and to H/4 x W/4 x 128, and two transposed convolutions to H x W x C.

    The convolutions have kernel 4 and stride 2 and make 64 and C channels. All layers but the last are followed by
    batch norm and LeakyReLU. The published network ends in a sigmoid, for pixels in [0, 1]; here pixels lie in [-1, 1],
    and it ends in tanh(x) = 2 sigmoid(2 x) - 1.
    """
    h, w, c = image_shape
    return [
        Dense(1024, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Dense(h // 4 * (w // 4) * 128, use_bias=False, initializer=WEIGHTS),
        Reshape((h // 4, w // 4, 128)),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Conv2DTranspose(64, 4, stride=2, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Conv2DTranspose(c, 4, stride=2, initializer=WEIGHTS),
        Tanh(),
    ]


def discriminator(image_shape: Shape) -> list[Layer]:
    """Return convolutions to 64 and 128 channels, and dense layers to 1024 and to one logit.

    The convolutions have kernel 4 and stride 2. All layers but the last are followed by LeakyReLU, the two inner ones
    also by batch norm.
    """
    return [
        Conv2D(64, 4, stride=2, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Conv2D(128, 4, stride=2, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Flatten(),
        Dense(1024, use_bias=False, initializer=WEIGHTS),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Dense(1, initializer=WEIGHTS),
    ]


SPEC = ModelSpec(
    name="infogan",
    source="Chen et al. 2016 (arXiv 1606.03657), as used by Lucic et al. 2018 (arXiv 1711.10337)",
    generator=generator,
    discriminator=discriminator,
    latent_dim=64,
    steps=1500,
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    average_decay=0.99,
    size_multiple=4,
)
