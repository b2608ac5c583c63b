"""One list with examples of every layer, which `minigan gradcheck` and the tests use."""

from collections.abc import Callable
from typing import NamedTuple

from ..distributed import ALONE
from .activations import LeakyReLU, ReLU, Sigmoid, Tanh
from .base import Layer, Shape
from .batch_norm import BatchNorm
from .constant import Constant
from .conv2d import Conv2D
from .conv2d_transpose import Conv2DTranspose
from .dense import Dense
from .discriminator.ensemble import DiscriminatorEnsemble
from .discriminator.gaussian_noise import GaussianNoise
from .discriminator.minibatch_std import MinibatchStd
from .discriminator.packing import PackSamples
from .discriminator.random_shift import RandomShift
from .discriminator.spectral_norm import SpectralNorm
from .dropout import Dropout
from .rescaling import Rescaling
from .reshape import Flatten, Reshape
from .synchronised_batch_norm import SynchronisedBatchNorm


class LayerCase(NamedTuple):
    """One example: ``make()`` returns a list of new layers, usually of one, that takes inputs of ``input_shape``."""

    name: str
    make: Callable[[], list[Layer]]
    input_shape: Shape


def _lrelu() -> Layer:
    return LeakyReLU(negative_slope=0.2)


LAYER_CASES = [
    LayerCase("dense", lambda: [Dense(3)], (5,)),
    LayerCase("dense, no bias", lambda: [Dense(1, use_bias=False)], (4,)),
    LayerCase("dense, one input", lambda: [Dense(4)], (1,)),
    LayerCase("constant", lambda: [Constant(3)], (5,)),
    LayerCase("conv, thin", lambda: [Conv2D(3, 3)], (5, 4, 1)),
    LayerCase("conv, thick", lambda: [Conv2D(3, 4, stride=2)], (6, 5, 6)),
    LayerCase("conv, no padding", lambda: [Conv2D(2, (3, 2), padding=0, use_bias=False)], (5, 4, 2)),
    LayerCase("conv, skipping", lambda: [Conv2D(2, 2, stride=3, padding=1)], (5, 4, 5)),
    LayerCase("conv, 1x1", lambda: [Conv2D(2, 1)], (3, 2, 5)),
    LayerCase("conv, to one pixel", lambda: [Conv2D(1, 4, padding=0)], (4, 4, 3)),
    LayerCase("transposed, thin", lambda: [Conv2DTranspose(2, 4, stride=2)], (3, 2, 5)),
    LayerCase("transposed, thick", lambda: [Conv2DTranspose(6, 3, stride=2, padding=1, output_padding=1)], (3, 2, 2)),
    LayerCase("transposed, from one pixel", lambda: [Conv2DTranspose(3, 4, padding=0, use_bias=False)], (1, 1, 6)),
    LayerCase("transposed, stride 1", lambda: [Conv2DTranspose(1, 5)], (3, 4, 2)),
    LayerCase(
        "transposed, stride 3", lambda: [Conv2DTranspose(2, 5, stride=3, padding=1, output_padding=2)], (3, 4, 5)
    ),
    LayerCase("batch norm, dense", lambda: [BatchNorm()], (4,)),
    LayerCase("batch norm, image", lambda: [BatchNorm(decay=0, eps=1e-3)], (3, 2, 4)),
    LayerCase("batch norm, synchronised", lambda: [SynchronisedBatchNorm(ALONE)], (3, 2, 4)),
    LayerCase("leaky relu", lambda: [_lrelu()], (5,)),
    LayerCase("leaky relu, image", lambda: [LeakyReLU(negative_slope=0)], (3, 2, 4)),
    LayerCase("relu", lambda: [ReLU()], (3, 2, 4)),
    LayerCase("tanh", lambda: [Tanh()], (3, 2, 4)),
    LayerCase("sigmoid", lambda: [Sigmoid()], (5,)),
    LayerCase("rescaling", lambda: [Rescaling(scale=-2, offset=0.5)], (5,)),
    LayerCase("rescaling, image", lambda: [Rescaling(offset=1)], (3, 2, 4)),
    LayerCase("dropout", lambda: [Dropout(rate=0.3)], (7,)),
    LayerCase("dropout, image", lambda: [Dropout(rate=0.6)], (3, 2, 4)),
    LayerCase("dropout, rate 0", lambda: [Dropout(rate=0)], (7,)),
    LayerCase("flatten", lambda: [Flatten()], (3, 2, 4)),
    LayerCase("reshape", lambda: [Reshape((3, 2, 4))], (24,)),
    LayerCase("noise", lambda: [GaussianNoise(std=0.3)], (4, 3, 2)),
    LayerCase("shift", lambda: [RandomShift(1)], (4, 3, 2)),
    LayerCase("shift, far", lambda: [RandomShift(4, fill=0.5)], (3, 2, 1)),
    LayerCase("minibatch std", lambda: [MinibatchStd(group_size=8)], (5,)),
    LayerCase("minibatch std, image", lambda: [MinibatchStd(group_size=8, eps=1e-3)], (3, 2, 4)),
    LayerCase("packing", lambda: [PackSamples(2)], (4, 3, 2)),
    LayerCase("spectral norm, dense", lambda: [SpectralNorm(Dense(3))], (5,)),
    LayerCase("spectral norm, conv", lambda: [SpectralNorm(Conv2D(4, 3, stride=2, use_bias=False))], (5, 4, 3)),
    LayerCase("ensemble of one", lambda: [DiscriminatorEnsemble([[Dense(3), Tanh()]])], (5,)),
    LayerCase("ensemble of a kind", lambda: [DiscriminatorEnsemble(2 * [[Dense(4), _lrelu(), Dense(1)]])], (5,)),
    LayerCase(
        "ensemble of unlike members",
        lambda: [DiscriminatorEnsemble([[Conv2D(2, 3)], [Tanh()], [SpectralNorm(Conv2D(3, 1))]])],
        (4, 3, 2),
    ),
    LayerCase(
        "ensemble in an ensemble",
        lambda: [DiscriminatorEnsemble([[DiscriminatorEnsemble([[Dense(1)], [Sigmoid()]])], [Dense(2)]])],
        (3,),
    ),
]
