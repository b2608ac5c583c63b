"""Family: a generator and a discriminator that belong together, and how they are trained by default."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import InputError
from ..layers import Layer, Shape
from ..objectives import NonSaturating, Objective, get_objective

NON_SATURATING = NonSaturating()


@dataclass(frozen=True)
class Literal:
    """What a source literally wrote, where it does not work.

    flaw : what is wrong with it, in one sentence
    objective : its losses
    generator : its generator, where that is the flaw
    """

    flaw: str
    objective: Objective
    generator: Callable[[Shape, int], list[Layer]] | None = None


def kind_of(sample_shape: Shape) -> str:
    """Tell what samples of a shape are: (H, W, C) images, (C,) points."""
    return "images" if len(sample_shape) == 3 else "points"


@dataclass(frozen=True)
class ModelSpec:
    """A named pair of networks for images of shape (H, W, C), or for points of shape (C,).

    generator : (sample_shape, latent_dim) -> layers from (Z,) to (H, W, C), pixels in [-1, 1], or to (C,)
    discriminator : sample_shape -> layers from (H, W, C) or (C,) to one logit
    samples : what it makes, "images" or "points"
    data : names of the data sets whose default model it is
    size_multiple : H and W must be multiples of it
    source : where the networks come from
    objective : the losses it is trained with by default
    literal : how the source wrote it, where that is something else
    steps : training steps by default; the other fields are defaults of `TrainConfig` of the same names
    """

    name: str
    source: str
    generator: Callable[[Shape, int], list[Layer]]
    discriminator: Callable[[Shape], list[Layer]]
    latent_dim: int
    steps: int
    learning_rate: float
    beta1: float
    beta2: float
    average_decay: float
    size_multiple: int = 1
    packing: int = 1
    samples: str = "images"
    data: tuple[str, ...] = ()
    objective: Objective = NON_SATURATING
    literal: Literal | None = None

    def example_shape(self, size: int = 28) -> Shape:
        """Return (size, size, 1) for images, (2,) for points."""
        return (size, size, 1) if self.samples == "images" else (2,)

    def check_sample_shape(self, sample_shape: Shape) -> None:
        """Raise ``InputError`` when the networks cannot make samples of this shape."""
        kind = kind_of(sample_shape)
        if kind != self.samples:
            raise InputError(f"data: model {self.name!r} makes {self.samples}, but the data set has {kind}")
        if kind == "points":
            return
        h, w, _ = sample_shape
        m = self.size_multiple
        if h % m or w % m:
            raise InputError(
                f"data: model {self.name!r} needs images whose height and width are multiples of {m}, got {h} x {w}"
            )

    def written(self, corrected: bool) -> Literal | None:
        """Return what was literally written when that is wanted; raise ``InputError`` when there is no such thing."""
        if not corrected and self.literal is None:
            raise InputError(f"corrected: model {self.name!r} has only one form; False is for the write-ups")
        return None if corrected else self.literal

    def get_objective(self, name: str | None, *, corrected: bool = True) -> Objective:
        """Return the objective of this name, or with None the family's own (the literal one unless ``corrected``)."""
        literal = self.written(corrected)
        own = literal.objective if literal else self.objective
        if name is None or name == own.name:
            return own
        if literal:
            raise InputError(f"objective: {self.name!r} as written has its own; leave it out, got {name!r}")
        return get_objective(name)
