"""The sizes of networks, which are known before any memory is taken, and the limits for them."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..errors import InputError
from ..layers import Layer, Shape
from ..layers.sequential import Sequential

MOST_PARAMETERS = 100_000_000  # of one network: 0.4 GB, and five times as much while it is trained
MOST_VALUES = 4_000_000_000  # that one step may take and compute in both networks: 16 GB


class Size(NamedTuple):
    """How large a network is.

    parameters : how many numbers it learns
    values : how many numbers it takes and its layers compute for one sample
    """

    parameters: int
    values: int


def size_of(layers: Sequence[Layer], input_shape: Shape) -> Size:
    """Return the size that a network of these layers would have."""
    plain = Sequential([layer.copy() for layer in layers])
    plain.build(input_shape)
    every = list(plain.walk())
    parameters = sum(prod(layer.array_shapes[name]) for layer in every for name in layer.params)
    computed = sum(prod(shape) for layer in every if isinstance(layer, Sequential) for shape in layer.shapes)
    return Size(parameters, prod(input_shape) + computed)


def check_size(model: str, generator: Size, discriminator: Size, *, batch_size: int = 1) -> None:
    """Check that the networks of a model, and one step of their training, are not too large.

    Raises
    ------
    InputError : they are; the message says how large they may be
    """
    for name, size in (("generator", generator), ("discriminator", discriminator)):
        if size.parameters > MOST_PARAMETERS:
            raise InputError(
                f"model: expected networks of at most {MOST_PARAMETERS:,} parameters, got a {name} of {model!r} with "
                f"{size.parameters:,}"
            )
    most = MOST_VALUES // (generator.values + 2 * discriminator.values)  # D sees real samples and fakes
    if batch_size > most:
        raise InputError(
            f"batch_size: expected at most {most:,} for the networks of {model!r}, because a step may hold "
            f"{MOST_VALUES:,} numbers, got {batch_size:,}"
        )
