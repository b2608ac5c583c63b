"""The same network in PyTorch, with the same weights: the reference of the tests and the opponent in `minigan bench`.

PyTorch is imported when it is first needed; the package does not depend on it.
"""

from typing import Any

import numpy as np

from ...backend import to_host
from ...errors import InputError
from ...layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Rescaling,
    Reshape,
    Sigmoid,
    Tanh,
)
from ...layers.convolution import Geometry
from ...network import Network


def to_torch(network: Network, *, native_padding: bool = False) -> Any:
    """Return a ``torch.nn.Sequential`` that computes what ``network`` computes, on images (N, C, H, W).

    Parameters
    ----------
    network : its weights and statistics are copied
    native_padding : PyTorch has no option for 'same' padding that is one pixel larger below and to the right. With
        False, the result pads or crops in a step of its own. With True, that pixel moves to the other side, as in
        PyTorch programs: the same work without the extra step, but another function

    Raises
    ------
    InputError : a layer has no counterpart in PyTorch
    """
    import torch

    modules: list[Any] = []
    for layer in network.layers:
        modules += _twin(torch.nn, layer, native_padding)
    twin = torch.nn.Sequential(*modules)
    return twin.double() if network.theta.dtype == np.float64 else twin


def to_nchw(x: np.ndarray) -> Any:
    """Host array (H, W, N, C) or (N, C) -> torch tensor (N, C, H, W) or (N, C), copied."""
    import torch

    return torch.tensor(np.ascontiguousarray(x.transpose(2, 3, 0, 1) if x.ndim == 4 else x))


def _twin(nn: Any, layer: Layer, native: bool) -> list[Any]:
    match layer:
        case Dense():
            module = nn.Linear(*layer.w.shape, bias=layer.use_bias)
            return [_with(module, weight=layer.w.T, bias=layer.b if layer.use_bias else None)]
        case Conv2D():
            return _conv(nn, layer, native)
        case Conv2DTranspose():
            return _conv_transpose(nn, layer, native)
        case BatchNorm():
            module = _batch_norm(nn)(layer.gamma.size, eps=layer.eps, momentum=1 - layer.decay)
            values = {"running_mean": layer.running_mean, "running_var": layer.running_var}
            return [_with(module, weight=layer.gamma, bias=layer.beta, **values)]
        case ReLU():
            return [nn.ReLU()]
        case LeakyReLU():
            return [nn.LeakyReLU(layer.negative_slope)]
        case Tanh():
            return [nn.Tanh()]
        case Sigmoid():
            return [nn.Sigmoid()]
        case Dropout():
            return [nn.Dropout(layer.rate)]
        case Rescaling():
            return [_rescale(nn, layer.scale, layer.offset)]
        case Flatten():  # our columns are ordered (h, w, c)
            return [_permute(nn, (0, 2, 3, 1)), nn.Flatten()]
        case Reshape():
            return [nn.Unflatten(1, layer.shape), _permute(nn, (0, 3, 1, 2))]
    raise InputError(f"network: expected layers that PyTorch has, got {layer!r}")


def _with(module: Any, **arrays: Any) -> Any:
    import torch

    with torch.no_grad():
        for name, value in arrays.items():
            if value is not None:
                getattr(module, name).data = torch.tensor(np.ascontiguousarray(to_host(value)))
    return module


def _conv(nn: Any, layer: Conv2D, native: bool) -> list[Any]:
    g = layer.geometry
    (top, bottom), (left, right) = _pads(g)
    padding = (max(top, bottom), max(left, right))
    sizes = tuple((n + 2 * p - k) // g.stride + 1 for n, p, k in zip(g.in_size, padding, g.kernel_size, strict=True))
    fits = (top == bottom and left == right) or (native and sizes == tuple(g.out_size))
    padding = padding if fits else (0, 0)
    module = nn.Conv2d(layer.w.shape[2], layer.filters, layer.kernel_size, layer.stride, padding, bias=layer.use_bias)
    _with(module, weight=to_host(layer.w).transpose(3, 2, 0, 1), bias=layer.b if layer.use_bias else None)
    return [module] if fits else [nn.ZeroPad2d((left, right, top, bottom)), module]


def _conv_transpose(nn: Any, layer: Conv2DTranspose, native: bool) -> list[Any]:
    (top, bottom), (left, right) = _pads(layer.geometry)
    # PyTorch crops `padding` rows above and `padding - output_padding` below
    fits = native or (top >= bottom and left >= right)
    padding = (max(top, bottom), max(left, right)) if fits else (0, 0)
    output_padding = (abs(top - bottom), abs(left - right)) if fits else (0, 0)
    module = nn.ConvTranspose2d(
        layer.w.shape[3], layer.filters, layer.kernel_size, layer.stride, padding, output_padding, bias=layer.use_bias
    )
    _with(module, weight=to_host(layer.w).transpose(3, 2, 0, 1), bias=layer.b if layer.use_bias else None)
    return [module] if fits else [module, nn.ZeroPad2d((-left, -right, -top, -bottom))]


def _pads(g: Geometry) -> list[tuple[int, int]]:
    """(before, after) of either axis, with as much padding after as the last output pixel reaches."""
    return [
        (before, (out - 1) * g.stride + k - n - before)
        for n, out, k, before in zip(g.in_size, g.out_size, g.kernel_size, g.padding, strict=True)
    ]


def _permute(nn: Any, order: tuple[int, ...]) -> Any:
    class Permute(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.permute(order)

    return Permute()


def _rescale(nn: Any, scale: float, offset: float) -> Any:
    class Rescale(nn.Module):
        def forward(self, x: Any) -> Any:
            return x * scale + offset

    return Rescale()


def _batch_norm(nn: Any) -> Any:
    class BatchNormAny(nn.modules.batchnorm._BatchNorm):
        def _check_input_dim(self, x: Any) -> None:
            """Take (N, C) and (N, C, H, W) alike."""

    return BatchNormAny
