"""The entrance to the fast floor: it takes plain layers and returns the layers to compute with."""

from collections.abc import Sequence

from ..layers.activations import LeakyReLU, ReLU, Tanh
from ..layers.base import Layer
from ..layers.batch_norm import BatchNorm
from ..layers.conv2d import Conv2D
from ..layers.conv2d_transpose import Conv2DTranspose
from ..layers.dense import Dense
from ..layers.discriminator.random_shift import RandomShift
from ..layers.dropout import Dropout
from ..layers.rescaling import Rescaling
from .activations import FastLeakyReLU, FastRescaling, FastTanh
from .batch_norm import BatchNormLeakyReLU, FastBatchNorm
from .convolution import FastConvolution
from .dense import DenseLeakyReLU, FastDense
from .dropout import LeakyReLUDropout
from .random_shift import FastRandomShift
from .twin import Twin

PAIRS: dict[tuple[type[Layer], ...], type[Twin]] = {
    (Dense, LeakyReLU): DenseLeakyReLU,
    (Dense, ReLU): DenseLeakyReLU,
    (BatchNorm, LeakyReLU): BatchNormLeakyReLU,
    (BatchNorm, ReLU): BatchNormLeakyReLU,
    (LeakyReLU, Dropout): LeakyReLUDropout,
    (ReLU, Dropout): LeakyReLUDropout,
}
SINGLES: dict[type[Layer], type[Twin]] = {
    Dense: FastDense,
    Conv2D: FastConvolution,
    Conv2DTranspose: FastConvolution,
    BatchNorm: FastBatchNorm,
    LeakyReLU: FastLeakyReLU,
    ReLU: FastLeakyReLU,
    Tanh: FastTanh,
    Rescaling: FastRescaling,
    RandomShift: FastRandomShift,
}


def accelerate(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers that compute the same as ``layers`` on the same arrays, with a twin wherever there is one.

    If two neighbours have a common twin, it replaces both; the search goes from the first layer to the last. A layer of
    a subclass of a known kind stays, because it may compute something else. A layer with children is copied, and the
    copy holds the twins of the children.
    """
    computed: list[Layer] = []
    i = 0
    while i < len(layers):
        pair = _pair(layers[i:])
        if pair:
            computed.append(pair(layers[i], layers[i + 1]))
            i += 2
        else:
            computed.append(_accelerate_one(layers[i]))
            i += 1
    return computed


def _pair(layers: Sequence[Layer]) -> type[Twin] | None:
    """Return the common twin of the first two layers; an activation goes rather with a dropout than with a `Dense`."""
    pair = PAIRS.get(tuple(map(type, layers[:2])))
    return None if pair is DenseLeakyReLU and _pair(layers[1:]) else pair


def _accelerate_one(layer: Layer) -> Layer:
    if layer.children:
        return layer.with_children(accelerate(layer.children))
    single = SINGLES.get(type(layer))
    return single(layer) if single else layer


def describe(layers: Sequence[Layer], computed: Sequence[Layer]) -> list[str]:
    """Return in a few words for every plain layer how it is computed."""
    words: list[str] = []
    for unit in computed:
        if isinstance(unit, Twin) and len(unit.originals) == 2:
            words += ["fused with the next", "fused with the one before"]
        else:
            words.append(_how(unit))
    assert len(words) == len(layers)
    return words


def _how(unit: Layer) -> str:
    if isinstance(unit, Twin):
        return unit.how
    inside = sorted({each.how for each in unit.walk() if isinstance(each, Twin)})
    return ", ".join(inside) if inside else "plain"
