"""vae: a variational autoencoder of the very networks of conv, the rival of the game.

The generator decodes z. The encoder has the layers of conv's discriminator, but 2 Z outputs in the place of one logit:
the mean and the log variance of each number of z. So both models have the same generator, and nearly the same number of
parameters; what differs is how they learn.
"""

from ..objectives import ELBO
from .conv import discriminator
from .hybrid import generator
from .model_spec import ModelSpec

SPEC = ModelSpec(
    name="vae",
    source="Kingma & Welling 2014 (arXiv 1312.6114), with the networks of conv",
    generator=generator,
    discriminator=discriminator,
    objective=ELBO(),
    latent_dim=16,
    steps=4000,
    learning_rate=1e-3,
    learning_rate_decay="linear",
    beta1=0.9,
    beta2=0.999,
    average_decay=0.0,
    size_multiple=4,
)
