"""The same network in PyTorch, with the same weights: for export, for the tests, and for `minigan bench`.

PyTorch is imported when it is first needed; the package does not depend on it.
"""

from operator import attrgetter
from typing import Any

import numpy as np

from ..network import Network
from .torch_plan import Part, make_plan


def to_torch(network: Network, *, native_padding: bool = False) -> Any:
    """Return a ``torch.nn.Sequential`` that computes what ``network`` computes, on images (N, C, H, W).

    It is in training mode, as every new module of PyTorch; ``.eval()`` changes that. In training, three things differ:
    PyTorch's batch norm keeps the unbiased variance, its spectral norm takes its step in every forward pass, and its
    dropout does not round the rate.

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

    plan = make_plan(network, native_padding=native_padding)
    twin = _make(plan)
    if network.theta.dtype == np.float64:
        twin = twin.double()
    tensors = twin.state_dict()
    for name, place in plan.places():
        tensors[name].copy_(torch.tensor(np.ascontiguousarray(place.read())))
    _renew_vectors(tensors)
    return twin


def to_nchw(x: np.ndarray) -> Any:
    """Host array (H, W, N, C) or (N, C) -> torch tensor (N, C, H, W) or (N, C), copied."""
    import torch

    return torch.tensor(np.ascontiguousarray(x.transpose(2, 3, 0, 1) if x.ndim == 4 else x))


def _make(part: Part) -> Any:
    """Make a module, and the modules inside it."""
    from torch import nn

    from . import torch_modules

    arguments = [_make(each) if isinstance(each, Part) else each for each in part.arguments]
    place = torch_modules if hasattr(torch_modules, part.module) else nn
    return attrgetter(part.module)(place)(*arguments, **part.options)


def _renew_vectors(tensors: dict[str, Any]) -> None:
    """Compute v = W u / |W u| of every spectral norm, which our layers do not keep."""
    for name, v in tensors.items():
        if name.endswith(".0._v"):
            weight = tensors[name.removesuffix("0._v") + "original"].flatten(1)  # (F, K)
            product = weight.T @ tensors[name.removesuffix("_v") + "_u"]
            v.copy_(product / product.norm().clamp_min(1e-12))
