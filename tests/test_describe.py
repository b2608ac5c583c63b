"""What a network takes and returns, in words: for every kind of game."""

import numpy as np
import pytest

import minigan
from minigan.exchange.describe import describe
from minigan.models import build_networks
from minigan.runs.history import History
from minigan.runs.run import Run
from minigan.training import TrainConfig

IMAGES = "images (N, 1, 28, 28) with pixels in [-1, 1]"


def test_the_trained_models():
    run = minigan.load("mnist")
    names, text = describe(run, "generator")
    assert names == ("latent", "images")
    assert text == (
        f"The generator of a minigan run, model conv: latent (N, 228) -> {IMAGES}. A latent vector is 128 numbers of "
        "standard normal noise, then 1 for one of 100 clusters and 0 for the others."
    )
    names, text = describe(run, "discriminator")
    assert names == ("images", "outputs")
    assert text == (
        f"The discriminator of a minigan run, model conv: {IMAGES} -> outputs (N, 101). Output 0, plus output 1 + y "
        "for the cluster y of the sample, is a score, higher for what looks real."
    )
    text = describe(minigan.load("mnist-labels"), "generator").text
    assert text.endswith("128 numbers of standard normal noise, then 1 for one of 10 classes and 0 for the others.")


def made(shape, *, data="mnist-5k", codes=0, shares=0, **options):
    """A run that has not been trained."""
    config = TrainConfig(data=data, **options).resolve(dataset=data, device="cpu")
    networks = build_networks(config.model, shape, rng=np.random.default_rng(0), **config.network_options, codes=codes)
    return Run(config, *networks, History(), shares=np.ones(shares) / max(1, np.prod(shares)))


@pytest.mark.parametrize(
    ("options", "latent", "outputs"),
    [
        ({}, "(N, 64)", "(N, 1). The output is a logit of being real."),
        (
            {"packing": 2, "discriminators": 3, "objective": "hinge"},
            "A latent vector is 64 numbers of standard normal noise.",
            "(N / 2, 3). Each discriminator has one output, a score, higher for what looks real. "
            "2 neighbours in a batch share one.",
        ),
        (
            {"conditional": "projection", "clusters": 3, "codes": 30, "shares": (10, 3)},
            "then 1 for one of 30 clusters and 0 for the others, where 3 in a row belong to one label.",
            "(N, 31). Output 0, plus output 1 + y for the cluster y of the sample, is a logit of being real.",
        ),
        (
            {"conditional": "ac-gan", "codes": 10, "shares": (10,)},
            "then 1 for one of 10 classes and 0 for the others.",
            "(N, 11). Output 0 is a logit of being real. The others are logits of the classes.",
        ),
        (
            {"conditional": "infogan", "codes": 12, "shares": (10,)},
            "then 1 for one of 10 classes and 0 for the others, then 2 numbers in [-1, 1].",
            "(N, 13). Output 0 is a logit of being real. The others are logits of the classes, and the last 2 are "
            "numbers of the code.",
        ),
    ],
)
def test_games(options, latent, outputs):
    run = made((28, 28, 1), **{"model": "mlp", "conditional": "none", **options})
    assert latent in describe(run, "generator").text
    assert describe(run, "discriminator").text.endswith(f"{IMAGES} -> outputs {outputs}")


def test_points():
    run = made((2,), data="ring")
    names, text = describe(run, "generator")
    assert names == ("latent", "points")
    assert "latent (N, 2) -> points (N, 2) in the units of the data." in text
    assert describe(run, "discriminator").names == ("points", "outputs")


def test_three_channels_come_first():
    run = made((8, 12, 3), model="mlp", conditional="none")
    assert "images (N, 3, 8, 12)" in describe(run, "generator").text


def test_an_autoencoder():
    run = made((28, 28, 1), model="vae")
    assert describe(run, "generator").text.startswith("The generator of a minigan run, model vae: latent (N, 16) -> ")
    assert describe(run, "discriminator").text == (
        f"The encoder of a minigan run, model vae: {IMAGES} -> outputs (N, 32). The first 16 outputs are means of "
        "latent numbers, the others logarithms of their variances."
    )
