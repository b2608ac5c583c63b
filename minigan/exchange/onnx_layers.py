"""What each layer is in ONNX. A dense activation is (N, C) there, and an image activation (N, C, H, W).

Convolutions have kernels (F, C, KH, KW) in ONNX, transposed ones (C, F, KH, KW); ours are (KH, KW, C, F) and
(KH, KW, F, C). So both are transposed in the same way.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array, to_host
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
from ..layers.discriminator.spectral_norm import unit
from .packages import need
from .padding import pads


class Graph:
    """The nodes and the constants of a graph, while it is written.

    Parameters
    ----------
    dtype : of all numbers that are no sizes
    """

    def __init__(self, dtype: Any) -> None:
        self.onnx = need("onnx", "onnx")
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node, and return the name of its output, which is the name of the node."""
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def numbers(self, name: str, values: Any) -> str:
        """Add an array that never changes, and return its name."""
        array = np.ascontiguousarray(to_host(values), dtype=self.dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def sizes(self, name: str, values: Sequence[int]) -> str:
        """Add integers that never change, such as the sizes of a shape, and return their name."""
        self.constants.append(self.onnx.numpy_helper.from_array(np.array(values, dtype=np.int64), name))
        return name


def add_layers(graph: Graph, layers: Sequence[Layer], shapes: Sequence[Shape], x: str, prefix: str = "") -> str:
    """Add the nodes of layers in a row; return the name of their output.

    Parameters
    ----------
    graph : where they are added
    layers : the layers
    shapes : the shape of one sample in front of the first layer, and behind every layer
    x : the name of the input
    prefix : what the names of all nodes and constants begin with

    Raises
    ------
    InputError : a layer cannot be written in ONNX
    """
    for i, (layer, shape) in enumerate(zip(layers, shapes[:-1], strict=True)):
        x = _add(graph, layer, shape, x, f"{prefix}{type(layer).__name__}_{i}")
    return x


def _add(graph: Graph, layer: Layer, shape: Shape, x: str, name: str) -> str:
    """Add the nodes of one layer, whose names begin with ``name``; return the name of its output."""
    match layer:
        case Dropout() | GaussianNoise() | RandomShift():  # they do nothing in eval mode
            return x
        case Dense() | Conv2D() | Conv2DTranspose():
            return _weighted(graph, layer, layer.w, layer.b if layer.use_bias else None, x, name)
        case SpectralNorm():
            _, sigma = unit(layer.matrix @ layer.u, layer.eps)
            return _weighted(graph, layer.layer, layer.layer.w / sigma, layer.b if layer.params else None, x, name)
        case BatchNorm():
            names = ("gamma", "beta", "running_mean", "running_var")
            arrays = [graph.numbers(f"{name}_{each}", getattr(layer, each)) for each in names]
            return graph.node("BatchNormalization", [x, *arrays], name, epsilon=layer.eps)
        case ReLU():
            return graph.node("Relu", [x], name)
        case LeakyReLU():
            return graph.node("LeakyRelu", [x], name, alpha=layer.negative_slope)
        case Tanh() | Sigmoid():
            return graph.node(type(layer).__name__, [x], name)
        case Rescaling():
            scaled = graph.node("Mul", [x, graph.numbers(f"{name}_scale", layer.scale)], f"{name}_scaled")
            return graph.node("Add", [scaled, graph.numbers(f"{name}_offset", layer.offset)], name)
        case Flatten():  # our columns are ordered (h, w, c)
            return graph.node("Flatten", [graph.node("Transpose", [x], f"{name}_pixels", perm=(0, 2, 3, 1))], name)
        case Reshape():
            pixels = graph.node("Reshape", [x, graph.sizes(f"{name}_shape", (-1, *layer.shape))], f"{name}_pixels")
            return graph.node("Transpose", [pixels], name, perm=(0, 3, 1, 2))
        case PackSamples():
            packs = (-1, layer.samples * shape[-1], *shape[:-1])
            return graph.node("Reshape", [x, graph.sizes(f"{name}_shape", packs)], name)
        case MinibatchStd():
            return _minibatch_std(graph, layer, shape, x, name)
        case Constant():
            b, units = graph.numbers(f"{name}_b", layer.b), graph.sizes(f"{name}_units", (layer.units,))
            shape_of_y = graph.node("Concat", [_batch(graph, x, name), units], f"{name}_shape", axis=0)
            return graph.node("Expand", [b, shape_of_y], name)
        case DiscriminatorEnsemble():
            members: Any = layer.children
            ends = [
                add_layers(graph, each.children, (shape, *each.shapes), x, f"{name}_{k}_")
                for k, each in enumerate(members)
            ]
            return graph.node("Concat", ends, name, axis=1)
    raise InputError(f"network: expected layers that can be written in ONNX, got {layer!r}")


def _weighted(graph: Graph, layer: Layer, w: Array, b: Array | None, x: str, name: str) -> str:
    """Add a dense layer or a convolution, with the weight w, which may be another than its own."""
    inputs = [x, graph.numbers(f"{name}_w", w if w.ndim == 2 else w.transpose(3, 2, 0, 1))]
    if b is not None:
        inputs.append(graph.numbers(f"{name}_b", b))
    if isinstance(layer, Dense):
        return graph.node("Gemm", inputs, name)
    assert isinstance(layer, Conv2D | Conv2DTranspose)
    g = layer.geometry
    (top, below), (left, right) = pads(g)
    options: dict[str, Any] = {
        "kernel_shape": g.kernel_size,
        "strides": (g.stride, g.stride),
        "pads": (top, left, max(below, 0), max(right, 0)),
    }
    if isinstance(layer, Conv2D):
        return graph.node("Conv", inputs, name, **options)
    return graph.node("ConvTranspose", inputs, name, output_padding=(max(-below, 0), max(-right, 0)), **options)


def _minibatch_std(graph: Graph, layer: MinibatchStd, shape: Shape, x: str, name: str) -> str:
    """Add the formula of `MinibatchStd`, with the groups on an axis of their own: (N, C, ...) -> (N / G, G, C, ...)."""

    def node(operator: str, inputs: Sequence[str], part: str, **attributes: Any) -> str:
        return graph.node(operator, inputs, f"{name}_{part}", **attributes)

    def mean(of: str, axes: Sequence[int], part: str) -> str:
        return node("ReduceMean", [of, graph.sizes(f"{name}_{part}_axes", axes)], part)

    def grouped(first: int, rest: Sequence[int], part: str) -> str:
        """Return the shape (first, G, *rest)."""
        ends = [graph.sizes(f"{name}_{part}_{which}", each) for which, each in (("first", (first,)), ("rest", rest))]
        return node("Concat", [ends[0], group, ends[1]], part, axis=0)

    sample = (shape[-1], *shape[:-1])
    group = node("Min", [_batch(graph, x, name), graph.sizes(f"{name}_group_size", (layer.group_size,))], "group")
    groups = node("Reshape", [x, grouped(-1, sample, "group_shape")], "groups")
    centred = node("Sub", [groups, mean(groups, (1,), "mean")], "centred")
    variance = mean(node("Mul", [centred, centred], "squares"), (1,), "variance")
    std = node("Sqrt", [node("Add", [variance, graph.numbers(f"{name}_eps", layer.eps)], "sum")], "std")
    s = mean(std, range(2, 2 + len(sample)), "s")  # (N / G, 1, 1, ...)
    maps = node("Expand", [s, grouped(1, (1, *sample[1:]), "map_shape")], "maps")  # (N / G, G, 1, ...)
    channel = node("Reshape", [maps, graph.sizes(f"{name}_channel_shape", (-1, 1, *sample[1:]))], "channel")
    return graph.node("Concat", [x, channel], name, axis=1)


def _batch(graph: Graph, x: str, name: str) -> str:
    """Add a node that returns N, as an array of one integer."""
    return graph.node("Shape", [x], f"{name}_batch", start=0, end=1)
