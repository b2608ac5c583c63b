"""The layers: forward, input gradient, parameter gradients and tangent of each are written by hand."""

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
from .discriminator.spectral_norm import SpectralNorm, with_spectral_norm
from .dropout import Dropout
from .initializers import glorot_uniform, he_normal, normal, ones
from .rescaling import Rescaling
from .reshape import Flatten, Reshape
from .synchronised_batch_norm import SynchronisedBatchNorm, with_synchronised_batch_norm

__all__ = [
    "BatchNorm",
    "Constant",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "DiscriminatorEnsemble",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Layer",
    "LeakyReLU",
    "MinibatchStd",
    "PackSamples",
    "RandomShift",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Shape",
    "Sigmoid",
    "SpectralNorm",
    "SynchronisedBatchNorm",
    "Tanh",
    "glorot_uniform",
    "he_normal",
    "normal",
    "ones",
    "with_spectral_norm",
    "with_synchronised_batch_norm",
]
