"""points: small dense networks for the ring and the grid, where one can see and count the modes that G lost."""

from ..layers import Dense, Layer, LeakyReLU, ReLU, Shape, he_normal
from .model_spec import ModelSpec

UNITS = (128, 128, 128)


def generator(sample_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return dense layers Z-128-128-128-C with ReLU between them; nothing bounds the last, so points may lie anywhere.

    ReLU can map a whole region of z to one mode. With LeakyReLU, more samples lay between the modes.
    """
    return [*_hidden(ReLU()), Dense(sample_shape[0])]


def discriminator(sample_shape: Shape) -> list[Layer]:
    """Return dense layers C-128-128-128-1 with LeakyReLU between them, and no layer that couples samples."""
    return [*_hidden(LeakyReLU(negative_slope=0.2)), Dense(1)]


def _hidden(activation: Layer) -> list[Layer]:
    return [layer for units in UNITS for layer in (Dense(units, initializer=he_normal), activation)]


SPEC = ModelSpec(
    name="points",
    source="dense networks for the mixtures of PacGAN (Lin et al. 2018, arXiv 1712.04086, section 4.1)",
    samples="points",
    data=("ring", "grid"),
    generator=generator,
    discriminator=discriminator,
    latent_dim=2,
    steps=15000,
    learning_rate=4e-4,
    beta1=0.8,
    beta2=0.999,
    average_decay=0.9995,
    packing=2,
)
