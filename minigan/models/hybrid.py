"""hybrid, the default model: slim convolutions in both networks, and a dense layer that sees the whole image."""

from ..layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Rescaling,
    Reshape,
    Shape,
    Tanh,
    normal,
)
from ..objectives import OBJECTIVES
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


def discriminator(image_shape: Shape) -> list[Layer]:
    """Return convolutions to 16 and 32 channels, and dense layers to 256 and to one logit, with LeakyReLU between.

    The convolutions have kernel 4 and stride 2, or stride 1 for images below 16 pixels, which are small enough. They
    see strokes; the dense layer behind them sees how the strokes of the whole image belong together. A discriminator
    without it scores a sum of patches, and G then draws clean strokes that are no digits. The first layer sees pixels
    in [0, 2], with 0 for black: see `Rescaling`. There is no batch norm, so the logit of an image does not depend on
    other images.
    """
    stride = 2 if min(image_shape[:2]) >= 16 else 1
    return [
        Rescaling(offset=1),
        Conv2D(16, 4, stride=stride, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Conv2D(32, 4, stride=stride, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Flatten(),
        Dense(256, initializer=WEIGHTS),
        LeakyReLU(negative_slope=0.2),
        Dense(1, initializer=WEIGHTS),
    ]


SPEC = ModelSpec(
    name="hybrid",
    source="a slim DCGAN (Radford et al. 2016) with a dense layer in each network",
    generator=generator,
    discriminator=discriminator,
    objective=OBJECTIVES["least-squares"],
    conditional="clusters",
    latent_dim=128,
    steps=3000,
    learning_rate=1e-3,
    learning_rate_decay="linear",
    beta1=0.0,
    beta2=0.99,
    average_decay=0.998,
    size_multiple=4,
)
