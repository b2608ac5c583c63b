"""A generator as `network.js` reads it: a list of its layers, and the bytes of their arrays.

Matrices and kernels are float16. The vectors, of which there are few, are float32: biases, and the scale and the shift
into which batch norm in eval mode is folded,

    y = gamma (x - mean) / sqrt(var + eps) + beta = scale x + shift,   scale = gamma / sqrt(var + eps),
                                                                       shift = beta - scale mean
"""

from typing import Any

import numpy as np

from ..backend import Array, to_host
from ..layers import (
    BatchNorm,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Rescaling,
    Reshape,
    Sigmoid,
    Tanh,
)
from ..network import Network
from .left_out import LeftOut

MOST_BYTES = 1_300_000  # of the arrays; base64 makes a third more of them


def translate(network: Network) -> tuple[dict[str, Any], bytes]:
    """Return a network as `network.js` reads it.

    Returns
    -------
    layers and arrays : a description that JSON can hold; arrays are pairs [type, length]
    bytes : all arrays, one after the other

    Raises
    ------
    LeftOut : the page does not know a layer, a weight is too large for float16, or there are too many weights
    """
    layers: list[dict[str, Any]] = []
    arrays: list[np.ndarray] = []
    for layer in network.layers:
        found = _translate_layer(layer)
        if found:
            layers.append(found[0])
            arrays += found[1]
    if not all(np.isfinite(array).all() for array in arrays):
        raise LeftOut("The explorer is left out, because a weight of the generator is no finite number in float16.")
    data = b"".join(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in arrays)
    if len(data) > MOST_BYTES:
        raise LeftOut(
            f"The explorer is left out, because the generator's {network.theta.size:,} weights would make the page too "
            "large."
        )
    return {"layers": layers, "arrays": [[array.dtype.name, array.size] for array in arrays]}, data


def _translate_layer(layer: Layer) -> tuple[dict[str, Any], list[np.ndarray]] | None:
    """Return the description of a layer and its arrays, or None if it does nothing in eval mode to one sample."""
    match layer:
        case Dense():
            inputs, outputs = layer.w.shape
            return {"kind": "dense", "inputs": inputs, "outputs": outputs}, [_half(layer.w), _bias(layer, outputs)]
        case Conv2DTranspose():
            return _translate_convolution(layer)
        case BatchNorm():
            mean, var, gamma, beta = (
                to_host(each).astype(np.float64)
                for each in (layer.running_mean, layer.running_var, layer.gamma, layer.beta)
            )
            scale = gamma / np.sqrt(var + layer.eps)
            return {"kind": "affine"}, [scale.astype(np.float32), (beta - scale * mean).astype(np.float32)]
        case Rescaling():
            return {"kind": "affine"}, [np.array([each], np.float32) for each in (layer.scale, layer.offset)]
        case LeakyReLU():
            return {"kind": "leakyReLU", "slope": layer.negative_slope}, []
        case Tanh() | Sigmoid():
            return {"kind": type(layer).__name__.lower()}, []
        case Reshape() | Flatten() | Dropout():
            return None
    name = type(layer).__name__
    raise LeftOut(f"The explorer is left out, because the page does not know the layer {name} of the generator.")


def _translate_convolution(layer: Conv2DTranspose) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return a transposed convolution; its geometry is that of a convolution, from the output to the input."""
    g = layer.geometry
    (height, width), (out_height, out_width), channels = g.out_size, g.in_size, layer.w.shape[3]
    description = {
        "kind": "convTranspose",
        "height": height,
        "width": width,
        "channels": channels,
        "outHeight": out_height,
        "outWidth": out_width,
        "filters": layer.filters,
        "kernel": g.kernel_size,
        "stride": g.stride,
        "padding": g.padding,
    }
    return description, [_half(layer.w), _bias(layer, layer.filters)]


def _half(w: Array) -> np.ndarray:
    """Return weights as float16; those that are too large for it become infinite."""
    with np.errstate(over="ignore"):
        return to_host(w).astype(np.float16).ravel()


def _bias(layer: Dense | Conv2DTranspose, outputs: int) -> np.ndarray:
    return to_host(layer.b).astype(np.float32) if layer.use_bias else np.zeros(outputs, np.float32)
