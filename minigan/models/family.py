"""Family: a generator and a discriminator that belong together, and how they are trained by default."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import InputError
from ..layers import Layer, Shape


@dataclass(frozen=True)
class Family:
    """A named pair of networks for images of ``image_shape`` (H, W, C).

    generator : (image_shape, latent_dim) -> layers from (Z,) to (H, W, C), pixels in [-1, 1]
    discriminator : image_shape -> layers from (H, W, C) to one logit
    size_multiple : H and W must be multiples of it
    source : where the networks come from
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

    def check_image_shape(self, image_shape: Shape) -> None:
        """Raise ``InputError`` when the networks cannot make images of this shape."""
        h, w, _ = image_shape
        m = self.size_multiple
        if h % m or w % m:
            raise InputError(
                f"data: model {self.name!r} needs images whose height and width are multiples of {m}, got {h} x {w}"
            )
