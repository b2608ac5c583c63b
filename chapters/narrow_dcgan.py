"""A DCGAN that is narrow enough to draw digits after minutes on a laptop, and its training: python narrow_dcgan.py.

It is the `dcgan` of the package with fewer channels, most of all where they cost most. Chapter 12 counts what that
saves. A penalty on the discriminator's slope takes the place of dropout. The training needs all of MNIST, which
`minigan data fetch` brings.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import minigan
from minigan.layers import BatchNorm, Conv2D, Conv2DTranspose, Dense, Flatten, LeakyReLU, Reshape, Tanh
from minigan.models import MODELS

WEIGHTS = Path(__file__).parent / "weights" / "12_dcgan.npz"


def generator(image_shape, latent_dim):
    """Return the layers from z to an image: 64, 48 and 32 channels in the place of 256, 128 and 64."""
    h, w, c = image_shape
    return [
        Dense(h // 4 * (w // 4) * 64, use_bias=False),
        Reshape((h // 4, w // 4, 64)),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(48, 5, stride=1, use_bias=False),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(32, 5, stride=2, use_bias=False),
        BatchNorm(decay=0.99, eps=1e-3),
        LeakyReLU(negative_slope=0.3),
        Conv2DTranspose(c, 5, stride=2, use_bias=False),
        Tanh(),
    ]


def discriminator(image_shape):
    """Return the layers from an image to a logit: 32 and 64 channels in the place of 64 and 128, and no dropout."""
    return [
        Conv2D(32, 5, stride=2),
        LeakyReLU(negative_slope=0.2),
        Conv2D(64, 5, stride=2),
        LeakyReLU(negative_slope=0.2),
        Flatten(),
        Dense(1),
    ]


SPEC = replace(
    MODELS["dcgan"],
    name="narrow-dcgan",
    source="dcgan with fewer channels, and with a penalty in the place of dropout",
    generator=generator,
    discriminator=discriminator,
    latent_dim=64,
    learning_rate=2e-3,
    beta1=0.0,
    beta2=0.99,
    penalty="r1:weight=1,every=8",
)
OPTIONS = {"model": SPEC.name, "data": "mnist", "learning_rate_decay": "linear", "average_decay": 0.998, "seed": 0}


def main() -> None:
    """Train on all of MNIST, write the weights in float16, and measure what they draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8000, help="Default: 8000.")
    parser.add_argument(
        "--out", type=Path, default=WEIGHTS, help="The file to write. Default: the one beside chapter 12."
    )
    arguments = parser.parse_args()
    MODELS[SPEC.name] = SPEC  # so that `minigan.train` and `minigan.load` find it
    minigan.train(**OPTIONS, steps=arguments.steps).save(arguments.out, dtype="float16")
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")
    print(minigan.load(arguments.out).evaluate())


if __name__ == "__main__":
    main()
