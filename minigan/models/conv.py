"""conv, the default model: the generator of hybrid and a small convolutional discriminator, for games with classes."""

from ..layers import Conv2D, Dense, Flatten, Layer, LeakyReLU, Rescaling, Shape
from ..objectives import OBJECTIVES
from .hybrid import WEIGHTS, generator
from .model_spec import ModelSpec

SMALL = 16  # pixels; a smaller image keeps its size in the convolutions


def discriminator(image_shape: Shape) -> list[Layer]:
    """Return convolutions to 16 and 32 channels, and dense layers 256-1, with LeakyReLU between them.

    The convolutions have kernel 4 and stride 2; in images below 16 pixels, stride 1. The dense layers see the whole
    image, as in `mlp`, but what they see are strokes in their places, not pixels.

    Such a D soon tells real digits from generated ones, and then G has nothing to follow. Two things prevent this here:
    classes, each of which must be drawn, and the penalty R1. Without classes G often ends with one digit, so a game
    without them has `hybrid` as its default; without the penalty this happens with most objectives.
    """
    stride = 2 if min(image_shape[:2]) >= SMALL else 1
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
    name="conv",
    source="the generator of hybrid with a small convolutional discriminator, for games with classes",
    generator=generator,
    discriminator=discriminator,
    objective=OBJECTIVES["least-squares"],
    conditional="clusters",
    recluster=2,
    penalty="r1:weight=1,every=8",
    latent_dim=128,
    steps=4000,
    learning_rate=1e-3,
    learning_rate_decay="linear",
    beta1=0.0,
    beta2=0.99,
    average_decay=0.998,
    size_multiple=4,
)
