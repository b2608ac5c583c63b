"""dcgan: the convolutional pair of many introductions to GANs, after Radford et al. 2016."""

from ..layers import BatchNorm, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten, Layer, LeakyReLU, Reshape, Shape, Tanh
from .model_spec import ModelSpec


def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Dense H/4 x W/4 x 256; transposed convolutions 128 (stride 1), 64 and C (stride 2) of kernel 5; tanh.

    No biases; batch norm and LeakyReLU after all but the last.
    """
    h, w, c = image_shape
    layers: list[Layer] = [
        Dense(h // 4 * (w // 4) * 256, use_bias=False),
        Reshape((h // 4, w // 4, 256)),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
    ]
    for filters, stride in ((128, 1), (64, 2)):
        layers += [
            Conv2DTranspose(filters, 5, stride=stride, use_bias=False),
            BatchNorm(decay=0.99, eps=1e-3),
            LeakyReLU(negative_slope=0.3),
        ]
    return [*layers, Conv2DTranspose(c, 5, stride=2, use_bias=False), Tanh()]


def discriminator(image_shape: Shape) -> list[Layer]:
    """Convolutions 64 and 128 of kernel 5 and stride 2, each with LeakyReLU and dropout 0.3; one logit."""
    layers: list[Layer] = []
    for filters in (64, 128):
        layers += [Conv2D(filters, 5, stride=2), LeakyReLU(negative_slope=0.3), Dropout(rate=0.3)]
    return [*layers, Flatten(), Dense(1)]


FAMILY = ModelSpec(
    name="dcgan",
    source="Radford et al. 2016 (arXiv 1511.06434), in the small form of introductory articles",
    generator=generator,
    discriminator=discriminator,
    latent_dim=100,
    steps=2000,
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    average_decay=0.99,
    size_multiple=4,
)
