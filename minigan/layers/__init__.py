"""The layers, each with forward, input gradient, parameter gradients and tangent written by hand."""

from .activations import LeakyReLU, ReLU, Sigmoid, Tanh
from .base import Layer, Shape
from .batch_norm import BatchNorm
from .branches import Branches
from .constant import Constant
from .conv import Conv2D
from .conv_transpose import Conv2DTranspose
from .dense import Dense
from .dropout import Dropout
from .gaussian_noise import GaussianNoise
from .initializers import glorot_uniform, he_normal, normal, ones
from .minibatch_std import MinibatchStd
from .network import Caches, Network
from .pack import Pack
from .random_shift import RandomShift
from .rescaling import Rescaling
from .reshape import Flatten, Reshape
from .spectral_norm import SpectralNorm, with_spectral_norm

__all__ = [
    "BatchNorm",
    "Branches",
    "Caches",
    "Constant",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Layer",
    "LeakyReLU",
    "MinibatchStd",
    "Network",
    "Pack",
    "RandomShift",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Shape",
    "Sigmoid",
    "SpectralNorm",
    "Tanh",
    "glorot_uniform",
    "he_normal",
    "normal",
    "ones",
    "with_spectral_norm",
]
