"""The options that say what is trained: the data, the game and the networks. The other options stand in `options`."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import validation
from ..models import MODELS
from ..objectives import OBJECTIVES
from ..objectives.conditional import CONDITIONALS
from ..objectives.ensemble import COMBINE
from .declare import option

positive = validation.positive
integer, boolean = validation.integer, validation.boolean
at_least_0 = partial(validation.integer, least=0)
at_least_2 = partial(validation.integer, least=2)
most_latent = partial(validation.integer, most=100_000)
up_to_1000 = partial(validation.integer, most=1000)


def objective_name(name: str, value: Any) -> str:
    """Return the name of an objective; `TrainConfig.base_objective` looks it up, because a model may have its own."""
    return value if isinstance(value, str) else validation.one_of(name, value, OBJECTIVES)


@dataclass(frozen=True, kw_only=True)
class GameOptions:
    """The groups common, game, data and networks of ``minigan train --help``."""

    model: str | None = option(
        None,
        "common",
        "The pair of networks to train. Default: points for ring and grid, dirac for dirac; for images conv in the "
        "games clusters and projection, otherwise hybrid. vae is no GAN but a variational autoencoder.",
        choices=MODELS,
    )
    data: str = option(
        "mnist-5k",
        "common",
        "What to learn from: the name of a data set (`minigan data` lists them), a folder of IDX files, or an .npz "
        "file that holds an array 'images'.",
        check=validation.name_or_path,
    )
    steps: int | None = option(
        None, "common", "Stop after this many training steps. Default: a number that suits the model.", check=integer
    )
    seed: int = option(0, "common", "Random seed; the same seed reproduces the run.", check=at_least_0)
    out: str | None = option(
        None,
        "common",
        "Folder for the model and the pictures; it must be new or empty. Default: a new folder in runs.",
        check=validation.name_or_path,
    )

    objective: str | None = option(
        None,
        "game",
        "The losses of the two players. Default: least-squares for hybrid and conv, mostly non-saturating for others.",
        choices=OBJECTIVES,
        check=objective_name,
    )
    update: str = option(
        "alternating",
        "game",
        "Whether the two players move one after the other or at the same time; the latter takes less time per step.",
        choices=("alternating", "simultaneous"),
    )
    discriminator_steps: int = option(
        1, "game", "Steps of the discriminator for every step of the generator.", check=up_to_1000
    )
    discriminators: int = option(
        1, "game", "Number of discriminators that judge the generator; each learns on its own.", check=up_to_1000
    )
    combine: str = option(
        "mean",
        "game",
        "With several discriminators, the loss of the generator is the mean or the maximum of its losses against each.",
        choices=COMBINE,
    )
    conditional: str | None = option(
        None,
        "game",
        "Train a generator that is told which class to draw. In clusters the classes are groups of similar samples; "
        "projection and ac-gan need data with labels; infogan invents classes. Default: clusters for hybrid and conv, "
        "otherwise none.",
        choices=("none", *CONDITIONALS),
    )
    clusters: int | None = option(
        None,
        "game",
        "Number of clusters in the game clusters, or in each label in projection and ac-gan; there are fewer where the "
        "data has fewer than 20 samples for each. Default: 100 in clusters; labels are not divided.",
        check=partial(integer, least=2, most=10_000),
    )
    recluster: int | None = option(
        None,
        "game",
        "How many times the clusters are found again while training, from the features that the discriminator has "
        "learned by then. Default: 2 for conv in the game clusters, otherwise 0.",
        check=partial(integer, least=0, most=1000),
    )
    code_weight: float | None = option(
        None,
        "game",
        "Weight of the loss on the classes in ac-gan and infogan. Default: 0.3 in ac-gan, 1 in infogan.",
        check=positive,
    )

    batch_size: int = option(64, "data", "Number of images or points in every step, at least 2.", check=at_least_2)
    augment_shift: int | None = option(
        None,
        "data",
        "Shift every image that the discriminator sees by a random distance of up to this many pixels, at most 8; "
        "0 means no shift. Default: 1 for mnist-5k, otherwise 0.",
        check=partial(integer, least=0, most=8),
    )

    distributed: bool = option(
        False,
        "data",
        "Train on several processes, which are started with `mpiexec -n K minigan train --distributed`. Each of them "
        "computes an equal part of every batch.",
        check=boolean,
    )

    latent_dim: int | None = option(
        None, "networks", "Length of the noise vector z, at most 100,000. Default: the model's own.", check=most_latent
    )
    packing: int | None = option(
        None,
        "networks",
        "Number of samples that the discriminator judges together (PacGAN); it must divide the batch size. "
        "Default: 2 for points, otherwise 1.",
        check=integer,
    )
    spectral_norm: bool = option(
        False,
        "networks",
        "Divide each weight matrix of the discriminator by its largest singular value.",
        check=boolean,
    )
    minibatch_std: bool = option(
        False,
        "networks",
        "Tell the discriminator how much the samples in a group of 4 differ from each other.",
        check=boolean,
    )
    synchronised_batch_norm: bool = option(
        False,
        "networks",
        "In a distributed run, let batch norm use the samples of all processes instead of those of its own.",
        check=boolean,
    )
    as_published: bool = option(
        False,
        "networks",
        "Train one of the models writeup-1 to writeup-5 exactly as its recipe was written, with its mistakes.",
        check=boolean,
    )
    plain: bool = option(
        False,
        "networks",
        "Compute with the plain layers and the plain Adam instead of the fast ones: slower, with the same results "
        "up to rounding.",
        check=boolean,
    )
    graph: bool = option(
        False,
        "networks",
        "Replay each step as one CUDA graph, so that the GPU need not wait for the host; needs a GPU.",
        check=boolean,
    )
