"""ModelSpec: a generator and a discriminator that belong together, and how they are trained by default."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import InputError
from ..layers import Layer, Shape
from ..objectives import ELBO, OBJECTIVES, Objective, get_objective
from ..objectives.penalties import GeneratorPenalty

MakeGenerator = Callable[[Shape, int], list[Layer]]  # (sample_shape, latent_dim) -> layers
MakeDiscriminator = Callable[[Shape], list[Layer]]  # sample_shape -> layers


@dataclass(frozen=True)
class AsPublished:
    """A recipe as it was written, where that differs from the model that works.

    Parameters
    ----------
    flaw : str
        What is wrong with it, in one sentence.
    objective : Objective
        The losses of the recipe.
    generator : callable, optional
        The generator of the recipe, if the flaw lies there.
    generator_penalty : GeneratorPenalty, optional
        What G pays besides its loss.
    """

    flaw: str
    objective: Objective
    generator: MakeGenerator | None = None
    generator_penalty: GeneratorPenalty | None = None


def kind_of(sample_shape: Shape) -> str:
    """Return "images" for samples of shape (H, W, C), and "points" for samples of shape (C,)."""
    return "images" if len(sample_shape) == 3 else "points"


@dataclass(frozen=True)
class ModelSpec:
    """A named pair of networks for images of shape (H, W, C) or points of shape (C,), and its defaults for training.

    Parameters
    ----------
    name : str
    source : str
        Where the networks come from.
    generator : callable (sample_shape, latent_dim) -> list of Layer
        Layers from z (Z,) to pixels in [-1, 1], (H, W, C), or to points (C,).
    discriminator : callable sample_shape -> list of Layer
        Layers from a sample to one logit. The last one is a `Dense` layer. In an autoencoder this network is the
        encoder, and the last layer gets 2 Z outputs.
    samples : "images" or "points"
        What the model makes.
    data : tuple of str
        Names of the data sets whose default model this is.
    size_multiple : int
        The height and the width of images must be multiples of it.
    objective : Objective or ELBO
        The losses it is trained with by default. A model with the ELBO is an autoencoder, and knows nothing else.
    conditional : str
        The conditional game it is trained in by default, or "none".
    recluster : int
        How many times the clusters are found again by default, in the game of clusters.
    published : AsPublished, optional
        The published form of the model, if that is another one.
    steps : int
        Default number of training steps.
    penalty : str
        The default penalty on D's slope, or "none". The critic of "wasserstein" has none by default: its weights are
        bounded instead.
    latent_dim, learning_rate, learning_rate_decay, beta1, beta2, average_decay, packing
        Defaults of the fields of `TrainConfig` with the same names.
    """

    name: str
    source: str
    generator: MakeGenerator
    discriminator: MakeDiscriminator
    latent_dim: int
    steps: int
    learning_rate: float
    beta1: float
    beta2: float
    average_decay: float
    learning_rate_decay: str = "none"
    size_multiple: int = 1
    packing: int = 1
    samples: str = "images"
    data: tuple[str, ...] = ()
    objective: Objective | ELBO = OBJECTIVES["non-saturating"]
    conditional: str = "none"
    recluster: int = 0
    penalty: str = "none"
    published: AsPublished | None = None

    @property
    def autoencodes(self) -> bool:
        """Whether the second network is an encoder, not a discriminator: the model is no GAN."""
        return isinstance(self.objective, ELBO)

    @property
    def second(self) -> str:
        """What the second network is, in one word."""
        return "encoder" if self.autoencodes else "discriminator"

    def example_shape(self, size: int = 28) -> Shape:
        """Return a shape of samples that fits: (size, size, 1) for images, (2,) for points."""
        return (size, size, 1) if self.samples == "images" else (2,)

    def check_sample_shape(self, sample_shape: Shape) -> None:
        """Check that the networks can make samples of this shape.

        Raises
        ------
        InputError
            If the samples are of the other kind, or have a height or width that does not fit.
        """
        kind = kind_of(sample_shape)
        if kind != self.samples:
            raise InputError(f"data: expected {self.samples} for model {self.name!r}, got {kind}")
        if kind == "points":
            return
        h, w, _ = sample_shape
        m = self.size_multiple
        if h % m or w % m:
            raise InputError(
                f"data: expected images whose height and width are multiples of {m} for model {self.name!r}, "
                f"got {h} x {w}"
            )

    def as_published(self) -> AsPublished:
        """Return the published form of this model.

        Raises
        ------
        InputError
            If the model has no such form.
        """
        if self.published is None:
            raise InputError(f"as_published: expected False for model {self.name!r}, which has only one form, got True")
        return self.published

    def get_objective(self, name: str | None, *, as_published: bool = False) -> Objective | ELBO:
        """Return the objective of this name, or the model's own if the name is None.

        Raises
        ------
        InputError
            If the name is unknown, or another one than the model can be trained with.
        """
        own = self.as_published().objective if as_published else self.objective
        if name is None or name == own.name:
            return own
        if as_published:
            raise InputError(
                f"objective: expected None for {self.name!r} as published, which has its own, got {name!r}"
            )
        if self.autoencodes:
            raise InputError(f"objective: expected None for {self.name!r}, which only climbs the ELBO, got {name!r}")
        return get_objective(name)
