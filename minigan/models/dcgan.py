"""dcgan: the convolutional pair of TensorFlow's tutorial, after Radford et al. 2016.

The tutorial is "Deep Convolutional Generative Adversarial Network" by The TensorFlow Authors, 2019:
github.com/tensorflow/docs, site/en/tutorials/generative/dcgan.ipynb at commit 023b91c. There the first batch norm
stands before the reshape, so it has a mean for each unit of the dense layer; here it has one for each channel.
"""

from ..layers import BatchNorm, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten, Layer, LeakyReLU, Reshape, Shape, Tanh
from .model_spec import ModelSpec


def generator(image_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return a dense layer to H/4 x W/4 x 256, and three transposed convolutions to H x W x C.

    The convolutions have kernel 5. They make 128 channels (stride 1), 64 and C (stride 2). All layers but the last are
    without bias and followed by batch norm and LeakyReLU; the last is followed by tanh.
    """
    h, w, c = image_shape
    return [
        Dense(h // 4 * (w // 4) * 256, use_bias=False),
        Reshape((h // 4, w // 4, 256)),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(128, 5, stride=1, use_bias=False),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(64, 5, stride=2, use_bias=False),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(c, 5, stride=2, use_bias=False),
        Tanh(),
    ]


def discriminator(image_shape: Shape) -> list[Layer]:
    """Return convolutions to 64 and 128 channels, with LeakyReLU and dropout, and a dense layer to one logit.

    The convolutions have kernel 5 and stride 2, so each halves the height and the width.
    """
    return [
        Conv2D(64, 5, stride=2),
        LeakyReLU(negative_slope=0.3),
        Dropout(rate=0.3),
        Conv2D(128, 5, stride=2),
        LeakyReLU(negative_slope=0.3),
        Dropout(rate=0.3),
        Flatten(),
        Dense(1),
    ]


SPEC = ModelSpec(
    name="dcgan",
    source="Radford et al. 2016 (arXiv 1511.06434), in the small form of TensorFlow's tutorial of 2019",
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
