"""A network in PyTorch's words: the modules that it consists of, and which array of ours each of their tensors holds.

From such a plan come the modules themselves (`to_torch`), their text (`torch_file`) and the way back (`from_torch`).
PyTorch itself is not needed here.

The tensors of PyTorch have other layouts than our arrays. The number of axes decides:

    1 axis   (C,)               -> (C,)                  biases, batch norm
    2 axes   (C, F)             -> (F, C)                dense layers
    4 axes   (KH, KW, C, F)     -> (F, C, KH, KW)        convolutions
             (KH, KW, F, C)     -> (C, F, KH, KW)        transposed convolutions
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..backend import to_host
from ..errors import InputError
from ..layers import (
    BatchNorm,
    Constant,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    GaussianNoise,
    Layer,
    LeakyReLU,
    MinibatchStd,
    PackSamples,
    RandomShift,
    ReLU,
    Rescaling,
    Reshape,
    Shape,
    Sigmoid,
    SpectralNorm,
    Tanh,
)
from ..network import Network
from .padding import pads

AXES = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}  # of ours, in the order of PyTorch


class Place(NamedTuple):
    """Where one of our arrays is: its layer and its name there."""

    layer: Layer
    name: str

    def read(self) -> np.ndarray:
        """Return the array on the host, in PyTorch's layout."""
        array = to_host(getattr(self.layer, self.name))
        return array.transpose(AXES[array.ndim])


class Part(NamedTuple):
    """One module.

    module : its name in ``torch.nn`` or in `torch_modules`
    arguments, options : what makes it; an argument may be a part too
    tensors : the array of ours that is in each of its tensors
    """

    module: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = {}  # noqa: RUF012 - never written to
    tensors: dict[str, Place] = {}  # noqa: RUF012

    def places(self) -> Iterator[tuple[str, Place]]:
        """Yield the name of every tensor in the state dict of the module, and the array of ours that it holds."""
        yield from self.tensors.items()
        inner = [each for each in self.arguments if isinstance(each, Part)]
        for i, part in enumerate(inner):
            for name, place in part.places():
                yield f"{i}.{name}", place


def make_plan(network: Network, *, native_padding: bool = False) -> Part:
    """Return a network as one ``Sequential`` part; the parameters and errors are those of `to_torch`."""
    return _sequential(network.layers, (network.input_shape, *network.shapes), native_padding)


def _sequential(layers: Sequence[Layer], shapes: Sequence[Shape], native: bool) -> Part:
    parts = (part for layer, shape in zip(layers, shapes[:-1], strict=True) for part in _parts(layer, shape, native))
    return Part("Sequential", tuple(parts))


def _parts(layer: Layer, shape: Shape, native: bool) -> list[Part]:
    """Return the parts that compute what a layer computes on samples of a shape, one after the other."""
    match layer:
        case Dense():
            return [_weighted("Linear", layer, *layer.w.shape)]
        case Conv2D():
            return _conv(layer, native)
        case Conv2DTranspose():
            return _conv_transpose(layer, native)
        case SpectralNorm():
            return _spectral_norm(layer, shape, native)
        case BatchNorm():
            names = {"weight": "gamma", "bias": "beta", "running_mean": "running_mean", "running_var": "running_var"}
            tensors = {name: Place(layer, own) for name, own in names.items()}
            options = {"eps": layer.eps, "momentum": round(1 - layer.decay, 12)}
            return [Part("BatchNorm2d" if len(shape) == 3 else "BatchNorm1d", shape[-1:], options, tensors)]
        case ReLU():
            return [Part("ReLU")]
        case LeakyReLU():
            return [Part("LeakyReLU", (layer.negative_slope,))]
        case Tanh():
            return [Part("Tanh")]
        case Sigmoid():
            return [Part("Sigmoid")]
        case Dropout():
            return [Part("Dropout", (layer.rate,))]
        case GaussianNoise():
            return [Part("Noise", (layer.std,))]
        case RandomShift():
            return [Part("RandomShift", (layer.reach, layer.fill))]
        case Rescaling():
            return [Part("Rescale", (layer.scale, layer.offset))]
        case Flatten():  # our columns are ordered (h, w, c)
            return [Part("Permute", (0, 2, 3, 1)), Part("Flatten")]
        case Reshape():
            return [Part("Unflatten", (1, layer.shape)), Part("Permute", (0, 3, 1, 2))]
        case PackSamples():
            return [Part("PackSamples", (layer.samples,))]
        case MinibatchStd():
            return [Part("MinibatchStd", (layer.group_size, layer.eps))]
        case Constant():
            return [Part("Constant", (layer.units,), {}, {"bias": Place(layer, "b")})]
        case DiscriminatorEnsemble():
            members: Any = layer.children
            stacks = (_sequential(each.children, (shape, *each.shapes), native) for each in members)
            return [Part("Ensemble", tuple(stacks))]
    raise InputError(f"network: expected layers that PyTorch has, got {layer!r}")


def _weighted(module: str, layer: Any, *arguments: Any) -> Part:
    """Return a part with a weight, and with a bias if the layer has one."""
    names = {"weight": "w", "bias": "b"} if layer.use_bias else {"weight": "w"}
    options = {} if layer.use_bias else {"bias": False}
    return Part(module, arguments, options, {name: Place(layer, own) for name, own in names.items()})


def _conv(layer: Conv2D, native: bool) -> list[Part]:
    g = layer.geometry
    (top, bottom), (left, right) = pads(g)
    padding = (max(top, bottom), max(left, right))
    sizes = tuple((n + 2 * p - k) // g.stride + 1 for n, p, k in zip(g.in_size, padding, g.kernel_size, strict=True))
    fits = (top == bottom and left == right) or (native and sizes == tuple(g.out_size))
    padding = padding if fits else (0, 0)
    conv = _weighted("Conv2d", layer, layer.w.shape[2], layer.filters, layer.kernel_size, layer.stride, padding)
    return [conv] if fits else [Part("ZeroPad2d", ((left, right, top, bottom),)), conv]


def _conv_transpose(layer: Conv2DTranspose, native: bool) -> list[Part]:
    (top, bottom), (left, right) = pads(layer.geometry)
    # PyTorch crops `padding` rows above and `padding - output_padding` below
    fits = native or (top >= bottom and left >= right)
    padding = (max(top, bottom), max(left, right)) if fits else (0, 0)
    output_padding = (abs(top - bottom), abs(left - right)) if fits else (0, 0)
    sizes = (layer.w.shape[3], layer.filters, layer.kernel_size, layer.stride, padding, output_padding)
    conv = _weighted("ConvTranspose2d", layer, *sizes)
    return [conv] if fits else [conv, Part("ZeroPad2d", ((-left, -right, -top, -bottom),))]


def _spectral_norm(layer: SpectralNorm, shape: Shape, native: bool) -> list[Part]:
    """Return the module inside PyTorch's own spectral norm, which has the same u, and keeps v = W u / |W u| besides.

    PyTorch divides the weight by <v, W u>, and in training it takes a step of u and v in every forward pass, as in the
    paper.
    """
    *pads, inner = _parts(layer.layer, shape, native)
    weight = "parametrizations.weight"
    tensors = {f"{weight}.original": Place(layer.layer, "w"), f"{weight}.0._u": Place(layer, "u")}
    options = dict(inner.options)
    if layer.params:
        tensors["bias"] = Place(layer, "b")
        del options["bias"]
    plain = Part(inner.module, inner.arguments, options)
    return [*pads, Part("utils.parametrizations.spectral_norm", (plain,), {"eps": layer.eps}, tensors)]
