"""A network as an ONNX graph, the format that most other runtimes read (onnx.ai): in eval mode, on images (N, C, H, W).

Each layer becomes one or a few nodes. Inside the graph the batch comes first, as in the runtimes: a dense activation is
(N, C), and an image activation is (N, C, H, W). N may be any number.

The package ``onnx`` is imported when it is first needed.
"""

import os
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import atomic_path
from ..layers import PackSamples, Shape
from ..network import Network
from .onnx_layers import Graph, add_layers
from .packages import need

OPSET = 18  # the version of the operators; runtimes have known it since 2023


def to_onnx(network: Network, *, names: tuple[str, str] = ("input", "output"), about: str = "") -> Any:
    """Return a network as an ``onnx.ModelProto``; its weights and statistics are copied.

    Parameters
    ----------
    network : Network
    names : of the input and of the output
    about : one or more sentences, which the file keeps as its ``doc_string``

    Raises
    ------
    InputError : onnx is missing, or a layer cannot be written in ONNX

    Notes
    -----
    Layers that are active only in training are left out. A spectral norm becomes a layer with the divided weight. A
    discriminator that judges several samples together refuses the batches that it refuses here.
    """
    helper = need("onnx", "onnx").helper
    graph, (start, end) = Graph(network.theta.dtype), names
    last = add_layers(graph, network.layers, (network.input_shape, *network.shapes), start)
    graph.node("Identity", [last], end)
    packed = any(isinstance(each, PackSamples) for layer in network.layers for each in layer.walk())
    kind = helper.np_dtype_to_tensor_dtype(network.theta.dtype)
    inputs = helper.make_tensor_value_info(start, kind, _batch_first(network.input_shape, "N"))
    outputs = helper.make_tensor_value_info(end, kind, _batch_first(network.output_shape, "packs" if packed else "N"))
    body = helper.make_graph(graph.nodes, "network", [inputs], [outputs], graph.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    version = helper.find_min_ir_version_for(opsets)
    return helper.make_model(body, opset_imports=opsets, ir_version=version, producer_name="minigan", doc_string=about)


def save_onnx(
    network: Network, out: str | os.PathLike[str], *, names: tuple[str, str] = ("input", "output"), about: str = ""
) -> Path:
    """Write what `to_onnx` returns to a file, whole or not at all; the same network always gives the same bytes.

    Parameters
    ----------
    network, names, about : as for `to_onnx`
    out : the file; its name ends in .onnx

    Returns
    -------
    The path.

    Raises
    ------
    InputError : the name has another ending, or as for `to_onnx`
    """
    path = Path(out)
    if path.suffix != ".onnx":
        raise InputError(f"out: expected a name that ends in .onnx, got {str(out)!r}")
    data = to_onnx(network, names=names, about=about).SerializeToString(deterministic=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path


def _batch_first(sample_shape: Shape, batch: str) -> list[str | int]:
    """Return a shape as others write it: (H, W, C) -> (N, C, H, W), and (C,) -> (N, C)."""
    return [batch, sample_shape[-1], *sample_shape[:-1]]
